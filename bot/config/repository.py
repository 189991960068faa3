"""Read a repository's gitops.yaml at one commit, strictly: anything doubtful is refused with its key, line and fix.

Called by the steps that look into a pull request. Decides nothing about branches: that is `core.rules`.
"""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import islice

from pydantic import ValidationError

from bot.config import document
from bot.config.complaints import MOST_TOLD, from_pydantic, told
from bot.config.document import Complaint, Document, Path
from bot.config.schema import FileTable, ProjectTable, RulesTable, TerraformTable
from bot.config.values import LONGEST_NAME
from bot.config.words import did_you_mean, repeated
from bot.core.errors import Refused
from bot.core.project import (
    Configuration,
    HealthCheck,
    HealthOptions,
    Ignored,
    KubernetesOptions,
    Project,
    Rules,
    TerraformOptions,
)

FILE = "gitops.yaml"


def read(text: bytes) -> Configuration:
    """The file's configuration. Raises Refused with everything that is wrong, one a line."""
    read_document = document.read(text)
    complaints = list(read_document.complaints)
    table = _checked(read_document, complaints)
    if table is not None:
        complaints += islice(_contradictions(table, read_document), MOST_TOLD + 1)
    if table is None or complaints:
        raise Refused(told(FILE, complaints))
    return _configuration(table)


def _checked(read: Document, complaints: list[Complaint]) -> FileTable | None:
    if read.value is None and read.complaints:
        return None
    try:
        return FileTable.model_validate({} if read.value is None else read.value)
    except ValidationError as wrong:
        already = {complaint.path for complaint in complaints}
        complaints += [one for one in from_pydantic(wrong, read) if one.path not in already]
        return None


def _contradictions(table: FileTable, read: Document) -> Iterator[Complaint]:
    """What is wrong between projects, where each by itself is well."""
    names: dict[str, int] = {}
    places: dict[tuple[str, str], int] = {}
    for number, project in enumerate(table.projects):
        path, name, place = ("projects", number), _name(project), (project.dir, project.workspace)
        if name in names:
            text = f"the name `{repeated(name)}` is taken by projects[{names[name]}]: give this one a `name` of its own"
            yield Complaint(read.line((*path, "name")), path, text)
        if place in places:
            text = f"projects[{places[place]}] has this directory and workspace already"
            yield Complaint(read.line((*path, "dir")), path, text)
        if len(name) > LONGEST_NAME:
            yield Complaint(read.line(path), path, f"a name has at most {LONGEST_NAME} characters: give it a `name`")
        yield from _escapes(project, number, read)
        names.setdefault(name, number)
        places.setdefault(place, number)
    yield from _dependencies(table.projects, names, read)


def _escapes(project: ProjectTable, number: int, read: Document) -> Iterator[Complaint]:
    """Paths relative to the project's directory that leave the repository."""
    options = project.terraform
    files = ["." if "=" in one else one for one in options.backend_config]
    paths: tuple[tuple[Path, Sequence[str]], ...] = (
        (("terraform", "var_files"), options.var_files),
        (("terraform", "backend_config"), files),
        (("helm", "values"), project.helm.values),
    )
    for keys, values in paths:
        for index, value in enumerate(values):
            target = posixpath.normpath(posixpath.join(project.dir, value))
            if target.startswith(("/", "../")) or target == "..":
                path: Path = ("projects", number, *keys, index)
                yield Complaint(read.line(path), path, "must not leave the repository")


def _dependencies(projects: Sequence[ProjectTable], names: Mapping[str, int], read: Document) -> Iterator[Complaint]:
    for number, project in enumerate(projects):
        for index, wanted in enumerate(project.depends_on):
            if wanted not in names:
                path: Path = ("projects", number, "depends_on", index)
                text = f"there is no project `{repeated(wanted)}`: {did_you_mean(wanted, names)}"
                yield Complaint(read.line(path), path, text)
    try:
        TopologicalSorter({_name(project): project.depends_on for project in projects}).prepare()
    except CycleError as why:
        around = " → ".join(repeated(name) for name in reversed(why.args[1]))
        path = ("projects", names[why.args[1][0]], "depends_on")
        yield Complaint(read.line(path), path, f"these wait for each other: {around}")


def _name(project: ProjectTable) -> str:
    if project.name is not None:
        return project.name
    return project.dir if project.workspace == "default" else f"{project.dir}:{project.workspace}"


def _configuration(table: FileTable) -> Configuration:
    defaults = _rules(table.defaults, Rules())
    projects = tuple(_project(project) for project in table.projects)
    own = tuple(_rules(project, defaults) for project in table.projects)
    return Configuration(
        projects=projects,
        defaults=defaults,
        rules=tuple((project.place, rules) for project, rules in zip(projects, own, strict=True)),
        branches=tuple(table.branches),
        merge=table.merge == "auto",
    )


def _project(table: ProjectTable) -> Project:
    return Project(
        name=_name(table),
        dir=table.dir,
        workspace=table.workspace,
        tool=table.tool or "",
        depends_on=tuple(dict.fromkeys(table.depends_on)),
        inputs=tuple(table.inputs),
        terraform=_terraform(table.terraform),
        kubernetes=_kubernetes(table),
    )


def _terraform(table: TerraformTable) -> TerraformOptions:
    return TerraformOptions(
        var_files=tuple(table.var_files),
        backend_config=tuple(table.backend_config),
        binary=table.binary,
        version=table.version,
    )


def _kubernetes(table: ProjectTable) -> KubernetesOptions:
    ignored = tuple(
        Ignored(one.kind or "", one.name or "", tuple(one.pointers), tuple(one.managers))
        for one in table.kubernetes.ignore
    )
    health = HealthOptions(
        timeout=table.health.timeout.total_seconds(),
        stable=table.health.stable.total_seconds(),
        checks=tuple(HealthCheck(one.kind, one.ready, one.failed or "") for one in table.health.checks),
    )
    return KubernetesOptions(
        namespace=table.kubernetes.namespace,
        ignore=ignored,
        differ=table.kubernetes.differ,
        release=table.helm.release or "",
        values=tuple(table.helm.values),
        health=health,
    )


def _rules(table: RulesTable, defaults: Rules) -> Rules:
    return Rules(
        apply=defaults.apply if table.apply is None else table.apply,
        require=defaults.require if table.require is None else frozenset(table.require),
        approvals=defaults.approvals if table.approvals is None else table.approvals.count,
        backend_change=defaults.backend_change if table.backend_change is None else table.backend_change,
        cluster=defaults.cluster if table.cluster is None else table.cluster,
        allow=defaults.allow if table.allow is None else frozenset(table.allow),
        prune=defaults.prune if table.prune is None else table.prune.enabled,
        prune_most=defaults.prune_most if table.prune is None else table.prune.most,
    )
