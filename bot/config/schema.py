"""The keys of gitops.yaml and what each may say: the bot's own, and those that its tools declare.

Read by `config.repository`; knows nothing of lines or of branches. Descriptions are rows of docs/configuration.md, as
in `config.settings`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, StrictBool, StrictInt, create_model

from bot.config.tool_keys import OptionKeys, RuleKeys, ToolKeys
from bot.config.values import Name, RepositoryPath, Table, ToolName, Word, Workspace, require_one
from bot.core.project import ApplyMode, Project, Requirement, Rules

# Keys of parts that do not exist yet: refused by name, so that nobody believes they hold.
UNSUPPORTED = frozenset({"parallel", "clusters", "policy", "policies", "revert-pull", "credentials", "from", "drift"})


class ApprovalsTable(Table):
    """How many approvals the gate asks for."""

    count: Annotated[StrictInt, Field(ge=1, le=20, description="how many people must approve, 1 to 20")]


class RulesTable(Table):
    """Who may and what must hold; what is not said is taken from the defaults."""

    apply: ApplyMode | None = Field(
        default=None,
        description="when an apply begins by itself. `comment`: never, only by `/apply`. `approval`: once the gate is "
        "open. `merge`: when the pull request is merged",
    )
    require: list[Requirement] | None = Field(
        default=None,
        description="`approval`: people approved what was shown. `checks`: the required checks are green. `[]` asks "
        "for neither",
    )
    approvals: ApprovalsTable | None = None
    backend_change: StrictBool | None = Field(
        default=None, description="whether a pull request may move a project's state"
    )


class ProjectTable(RulesTable):
    """A listed project, with rules of its own."""

    dir: RepositoryPath = Field(description="the directory, from the top; `.` is the top")
    name: Name | None = Field(
        default=None,
        description="(the directory, and `:workspace` where that is not `default`) unique; what `-p` and `depends_on` "
        "name",
    )
    workspace: Workspace = Field(
        default="default", description="the workspace of Terraform; one directory may be listed once for each"
    )
    tool: ToolName | None = Field(default=None, description="(by the files) {tools}")
    depends_on: list[Name] = Field(
        default=[],
        description="**names** of projects (not directories, where they differ) that are applied before; what depends "
        "on something applied in the same run is planned again just before its own apply",
    )
    inputs: list[RepositoryPath] = Field(
        default=[], description="globs, from the top: files elsewhere that can change the result"
    )


class FileTable(Table):
    """The whole file."""

    version: Annotated[Literal[1], BeforeValidator(require_one)] = Field(description="`1`")
    branches: list[Word] = Field(
        default=[],
        description="globs of base branches whose pull requests are planned, besides the default branch; read from that"
        " branch alone",
    )
    merge: Literal["auto", "manual"] = Field(
        default="auto",
        description="`auto`: `/apply` applies, **then merges** as soon as nothing is left to apply. `manual`: people "
        "merge; the lock is kept until then",
    )
    defaults: RulesTable = Field(default=RulesTable(), description="(from the next table) rules for all projects")
    projects: list[ProjectTable] = Field(
        default=[], description="(found by their files) the list; where there is none, see [below](#without-gitopsyaml)"
    )


KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """The whole schema. `tables` are by the keys that lead there: `("projects", "health")`; `()` is the file."""

    file: type[FileTable]
    tables: Mapping[KeyPath, type[Table]]
    option_keys: tuple[OptionKeys[Any, Any], ...]
    rule_keys: tuple[RuleKeys[Any, Any], ...]

    @classmethod
    def of(cls, declared: Iterable[ToolKeys]) -> "Schema":
        """Compose it from what tools declare; what several of them share counts once."""
        unique = tuple(dict.fromkeys(declared))
        options = [keys for keys in unique if isinstance(keys, OptionKeys)]
        option_keys = tuple(
            sorted(options, key=lambda keys: keys.name, reverse=True)
        )  # as stored and digested ever since
        rule_keys = tuple(keys for keys in unique if isinstance(keys, RuleKeys))
        _refuse_clashes(option_keys, rule_keys)
        file = _compose([keys.table for keys in option_keys], [keys.table for keys in rule_keys])
        return cls(file, dict(_tables(file, ())), option_keys, rule_keys)

    def complete(self, project: Project) -> Project:
        """The project with the defaults of all options written out, so that what is stored is whole."""
        return replace(project, options=_join(keys.complete(project) for keys in self.option_keys))

    def complete_rules(self, rules: Rules) -> Rules:
        """The rules with all defaults written out."""
        return replace(rules, options=_join(keys.complete(rules) for keys in self.rule_keys))

    def named_files(self, project: Project) -> Iterator[tuple[str, str]]:
        """Files that must be there, relative to the project's directory, each after the key that names it."""
        for keys in self.option_keys:
            for name in keys.files:
                for file in getattr(keys.of(project), name):
                    yield f"{keys.name}.{name}", file

    def digest_parts(self, project: Project, rules: Rules) -> tuple[tuple[object, ...], tuple[object, ...]]:
        """What a digest takes in of what the tools' keys say: of the project's options, and of its rules."""
        return (
            tuple(part for keys in self.option_keys for part in keys.digest_parts(project)),
            tuple(part for keys in self.rule_keys for part in keys.digest_parts(rules)),
        )


def _compose(option_tables: Sequence[type[Table]], rule_tables: Sequence[type[Table]]) -> type[FileTable]:
    """The file's model. Of several bases the last one's keys come first."""
    rule_bases: tuple[type[Table], ...] = (*reversed(rule_tables), RulesTable)
    project_bases: tuple[type[Table], ...] = (*reversed(option_tables), ProjectTable, *rule_bases)
    rules: type[Table] = create_model("RulesTable", __base__=rule_bases)
    project: type[Table] = create_model("ProjectTable", __base__=project_bases)
    descriptions = {key: field.description for key, field in FileTable.model_fields.items()}
    return create_model(
        "FileTable",
        __base__=FileTable,
        defaults=(rules, Field(default=rules(), description=descriptions["defaults"])),
        projects=(list[project], Field(default=[], description=descriptions["projects"])),  # type: ignore[valid-type]
    )


def _refuse_clashes(option_keys: Sequence[OptionKeys[Any, Any]], rule_keys: Sequence[RuleKeys[Any, Any]]) -> None:
    """Two packages that declare one key, or keep two things under one name, are a bug."""
    tables: list[type[Table]] = [
        ProjectTable,
        *(keys.table for keys in option_keys),
        *(keys.table for keys in rule_keys),
    ]
    written = Counter(key for table in tables for key in table.model_fields)
    of_projects = Counter([*_fields(Project), *(keys.name for keys in option_keys)])
    of_rules = Counter([*_fields(Rules), *(name for keys in rule_keys for name in _fields(keys.options))])
    for names in (written, of_projects, of_rules):
        if clashing := [name for name, count in names.items() if count > 1]:
            raise ValueError(f"declared twice for gitops.yaml: {', '.join(clashing)}")


def _tables(table: type[Table], path: KeyPath) -> Iterator[tuple[KeyPath, type[Table]]]:
    yield path, table
    for key, field in table.model_fields.items():
        for inner in _inner_tables(field.annotation):
            yield from _tables(inner, (*path, key))


def _inner_tables(annotation: object) -> Iterator[type[Table]]:
    """The tables that a key holds, by itself, perhaps, or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield annotation
    for argument in get_args(annotation):
        yield from _inner_tables(argument)


def _fields(kind: Any) -> list[str]:
    return [field.name for field in fields(kind)]


def _join(mappings: Iterable[Mapping[str, object]]) -> dict[str, object]:
    return {name: plain for mapping in mappings for name, plain in mapping.items()}
