"""Read a repository's gitops.yaml at one commit, strictly: anything doubtful is refused with its key, line and fix.

Called by the steps that look into a pull request. Decides nothing about branches: that is `core.rules`.
"""

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import islice

from pydantic import ValidationError

from bot.config import strict_yaml
from bot.config.diagnostics import MOST_DIAGNOSTICS, from_pydantic, render
from bot.config.schema import FileTable, ProjectTable, RulesTable, Schema
from bot.config.strict_yaml import Diagnostic, Document, Path
from bot.config.values import LONGEST_NAME, DirectoryPath, Table
from bot.config.words import did_you_mean, sanitize
from bot.core.errors import Refused
from bot.core.project import Configuration, Project, Rules

FILE = "gitops.yaml"
ALMOST = frozenset({FILE, "gitops.yml"})


def refuse_misnamed(names: Iterable[str]) -> None:
    """Raise Refused where the file's name is not quite right, so that nobody would read it."""
    names = tuple(names)
    misnamed = sorted(name for name in names if name.lower() in ALMOST and name != FILE)
    if misnamed and FILE not in names:
        raise Refused(f"{misnamed[0]} is not read: name it {FILE}")


def read(text: bytes, schema: Schema) -> Configuration:
    """The file's configuration. Raises Refused with everything that is wrong, one a line."""
    document = strict_yaml.read(text)
    diagnostics = list(document.diagnostics)
    table = _validate(document, schema, diagnostics)
    if table is not None:
        diagnostics += islice(_contradictions(table, document), MOST_DIAGNOSTICS + 1)
    if table is None or diagnostics:
        raise Refused(render(FILE, diagnostics))
    return _configuration(table, schema)


def _validate(document: Document, schema: Schema, diagnostics: list[Diagnostic]) -> FileTable | None:
    if document.value is None and document.diagnostics:
        return None
    try:
        return schema.file.model_validate({} if document.value is None else document.value)
    except ValidationError as error:
        paths = {diagnostic.path for diagnostic in diagnostics}
        additions = from_pydantic(error, schema, document)
        diagnostics += [diagnostic for diagnostic in additions if diagnostic.path not in paths]
        return None


def _contradictions(table: FileTable, document: Document) -> Iterator[Diagnostic]:
    """What is wrong between projects, where each by itself is well."""
    names: dict[str, int] = {}
    places: dict[tuple[str, str], int] = {}
    for number, project in enumerate(table.projects):
        path, name, place = ("projects", number), _name(project), (project.dir, project.workspace)
        if name in names:
            text = f"the name `{sanitize(name)}` is taken by projects[{names[name]}]: give this one a `name` of its own"
            yield Diagnostic(document.line((*path, "name")), path, text)
        if place in places:
            text = f"projects[{places[place]}] has this directory and workspace already"
            yield Diagnostic(document.line((*path, "dir")), path, text)
        if len(name) > LONGEST_NAME:
            yield Diagnostic(
                document.line(path), path, f"a name has at most {LONGEST_NAME} characters: give it a `name`"
            )
        yield from _path_escapes(project, number, document)
        names.setdefault(name, number)
        places.setdefault(place, number)
    yield from _dependency_errors(table.projects, names, document)


def _path_escapes(project: ProjectTable, number: int, document: Document) -> Iterator[Diagnostic]:
    """Paths relative to the project's directory that leave the repository."""
    for path, relative in _directory_paths(project, ("projects", number)):
        target = posixpath.normpath(posixpath.join(project.dir, relative))
        if target.startswith(("/", "../")) or target == "..":
            yield Diagnostic(document.line(path), path, "must not leave the repository")


def _directory_paths(value: object, path: Path) -> Iterator[tuple[Path, DirectoryPath]]:
    """All that stand in a value, each with its own path of keys."""
    if isinstance(value, DirectoryPath):
        yield path, value
    elif isinstance(value, Table):
        for key in type(value).model_fields:
            yield from _directory_paths(getattr(value, key), (*path, key))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _directory_paths(element, (*path, index))


def _dependency_errors(
    projects: Sequence[ProjectTable], names: Mapping[str, int], document: Document
) -> Iterator[Diagnostic]:
    for number, project in enumerate(projects):
        for index, dependency in enumerate(project.depends_on):
            if dependency not in names:
                path: Path = ("projects", number, "depends_on", index)
                text = f"there is no project `{sanitize(dependency)}`: {did_you_mean(dependency, names)}"
                yield Diagnostic(document.line(path), path, text)
    try:
        TopologicalSorter({_name(project): project.depends_on for project in projects}).prepare()
    except CycleError as error:
        cycle = " → ".join(sanitize(name) for name in reversed(error.args[1]))
        path = ("projects", names[error.args[1][0]], "depends_on")
        yield Diagnostic(document.line(path), path, f"these wait for each other: {cycle}")


def _name(project: ProjectTable) -> str:
    if project.name is not None:
        return project.name
    return project.dir if project.workspace == "default" else f"{project.dir}:{project.workspace}"


def _configuration(table: FileTable, schema: Schema) -> Configuration:
    defaults = _rules(table.defaults, Rules(), schema)
    projects = tuple(_project(project, schema) for project in table.projects)
    project_rules = tuple(_rules(project, defaults, schema) for project in table.projects)
    return Configuration(
        projects=projects,
        defaults=defaults,
        rules=tuple((project.place, rules) for project, rules in zip(projects, project_rules, strict=True)),
        branches=tuple(table.branches),
        merge=table.merge == "auto",
    )


def _project(table: ProjectTable, schema: Schema) -> Project:
    options: dict[str, object] = {}
    for keys in schema.option_keys:
        options |= keys.dump(keys.convert(table))
    return Project(
        name=_name(table),
        dir=table.dir,
        workspace=table.workspace,
        tool=table.tool or "",
        depends_on=tuple(dict.fromkeys(table.depends_on)),
        inputs=tuple(table.inputs),
        options=options,
    )


def _rules(table: RulesTable, defaults: Rules, schema: Schema) -> Rules:
    options: dict[str, object] = {}
    for keys in schema.rule_keys:
        options |= keys.dump(keys.convert(table, keys.of(defaults)))
    return Rules(
        apply=defaults.apply if table.apply is None else table.apply,
        require=defaults.require if table.require is None else frozenset(table.require),
        approvals=defaults.approvals if table.approvals is None else table.approvals.count,
        backend_change=defaults.backend_change if table.backend_change is None else table.backend_change,
        options=options,
    )
