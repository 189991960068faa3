"""The keys of gitops.yaml and what each may say. Read by `config.repository`; knows nothing of lines or of branches."""

import posixpath
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from bot.config.words import plain
from bot.core.project import ApplyMode, Requirement

# Keys of parts that do not exist yet: refused by name, so that nobody believes they hold.
LATER = frozenset(
    {"cluster", "clusters", "health", "policy", "policies", "prune", "on_failure", "credentials", "from", "drift"}
)
LONGEST_NAME, LONGEST_PATH = 200, 400
_WORKSPACE = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_TOOL = re.compile(r"[a-z][a-z0-9_-]{0,40}")
_BINARY = re.compile(r"(terraform|tofu|opentofu)[A-Za-z0-9]*([._-][A-Za-z0-9]+)*")
_VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){0,2}([-+][0-9A-Za-z.+-]{1,40})?")
_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,100}=")


def _text(value: object) -> object:
    """`name: 7` is meant as text."""
    return str(value) if type(value) is int else value


def _line(value: str) -> str:
    if not value.strip() or value != value.strip():
        raise ValueError("must not be empty, nor begin or end with a space")
    if not plain(value):
        raise ValueError("holds control characters, line breaks or invisible marks")
    if len(value) > LONGEST_PATH:
        raise ValueError(f"is longer than {LONGEST_PATH} characters")
    return value


def _no_option(value: str) -> str:
    if value.startswith("-"):
        raise ValueError("must not begin with `-`")
    return value


def _name(value: str) -> str:
    if len(value) > LONGEST_NAME:
        raise ValueError(f"is longer than {LONGEST_NAME} characters")
    return value


def _path(value: str) -> str:
    if value.startswith(("/", "~")) or "\\" in value:
        raise ValueError("must be a path inside the repository, with `/` between its parts")
    return posixpath.normpath(value)


def _inside(value: str) -> str:
    if {"..", ".git"} & set(value.split("/")):
        raise ValueError("must be a path from the top of the repository, without `..` or `.git`")
    return value


def _one(value: object) -> object:
    if type(value) is not int or value != 1:
        raise ValueError("must be the number 1")
    return value


def _workspace(value: str) -> str:
    if not _WORKSPACE.fullmatch(value) or not value.strip("."):
        raise ValueError("may hold letters, digits, `_`, `.` and `-` only, 100 at most, and not only dots")
    return value


def _tool(value: str) -> str:
    if not _TOOL.fullmatch(value):
        raise ValueError("must be the name of a tool, like `terraform`")
    return value


def _binary(value: str) -> str:
    if not _BINARY.fullmatch(value):
        raise ValueError("must be the name of a program (`terraform`, `tofu`, `terraform-1.11`), never a path")
    return value


def _version(value: str) -> str:
    if not _VERSION.fullmatch(value):
        raise ValueError("must be one version, like `1.11.4`")
    return value


def _backend_config(value: str) -> str:
    return value if _SETTING.match(value) else _path(value)


Text = Annotated[StrictStr, BeforeValidator(_text), AfterValidator(_line)]
Word = Annotated[Text, AfterValidator(_no_option)]
Name = Annotated[Word, AfterValidator(_name)]
RelativePath = Annotated[Word, AfterValidator(_path)]
FromTheTop = Annotated[Word, AfterValidator(_inside), AfterValidator(_path)]
Workspace = Annotated[Word, AfterValidator(_workspace)]
Binary = Annotated[Word, AfterValidator(_binary)]
Version = Annotated[Text, AfterValidator(_version)]
BackendConfig = Annotated[Word, AfterValidator(_backend_config)]


class Table(BaseModel):
    """A mapping with these keys and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ApprovalsTable(Table):
    count: Annotated[StrictInt, Field(ge=1, le=20)]


class RulesTable(Table):
    """Who may and what must hold; what is not said is taken from the defaults."""

    apply: ApplyMode | None = None
    require: list[Requirement] | None = None
    approvals: ApprovalsTable | None = None
    backend_change: StrictBool | None = None


class TerraformTable(Table):
    var_files: list[RelativePath] = []
    backend_config: list[BackendConfig] = []
    binary: Binary | None = None
    version: Version | None = None


class ProjectTable(RulesTable):
    dir: FromTheTop
    name: Name | None = None
    workspace: Workspace = "default"
    tool: Annotated[Word, AfterValidator(_tool)] = "terraform"
    depends_on: list[Name] = []
    inputs: list[FromTheTop] = []
    terraform: TerraformTable = TerraformTable()


class FileTable(Table):
    """The whole file."""

    version: Annotated[Literal[1], BeforeValidator(_one)]
    branches: list[Word] = []
    merge: Literal["auto", "manual"] = "auto"
    parallel: Annotated[StrictInt, Field(ge=1, le=100)] | None = None
    defaults: RulesTable = RulesTable()
    projects: list[ProjectTable] = []


TABLES: dict[str, type[Table]] = {
    "": FileTable,
    "defaults": RulesTable,
    "projects": ProjectTable,
    "approvals": ApprovalsTable,
    "terraform": TerraformTable,
}
