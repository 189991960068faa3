"""What single values of gitops.yaml may be: text, names, paths; and the table that refuses other keys."""

import posixpath
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StrictStr

from bot.config.words import is_plain

LONGEST_NAME, LONGEST_PATH = 200, 400
_WORKSPACE = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_TOOL = re.compile(r"[a-z][a-z0-9_-]{0,40}")


class DirectoryPath(str):
    """A path relative to the project's directory; `config.repository` refuses one that leaves the repository."""

    __slots__ = ()


def _text(value: object) -> object:
    """`name: 7` is meant as text."""
    return str(value) if type(value) is int else value


def _line(value: str) -> str:
    if not value.strip() or value != value.strip():
        raise ValueError("must not be empty, nor begin or end with a space")
    if not is_plain(value):
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


def directory_path(value: str) -> DirectoryPath:
    """Take a path inside the repository. Raises ValueError."""
    return DirectoryPath(_path(value))


def _within_repository(value: str) -> str:
    if {"..", ".git"} & set(value.split("/")):
        raise ValueError("must be a path from the top of the repository, without `..` or `.git`")
    return value


def require_one(value: object) -> object:
    """Take the number 1 alone. Raises ValueError."""
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


Text = Annotated[StrictStr, BeforeValidator(_text), AfterValidator(_line)]
Word = Annotated[Text, AfterValidator(_no_option)]
Name = Annotated[Word, AfterValidator(_name)]
RelativePath = Annotated[Word, AfterValidator(directory_path)]
RepositoryPath = Annotated[Word, AfterValidator(_within_repository), AfterValidator(_path)]
Workspace = Annotated[Word, AfterValidator(_workspace)]
ToolName = Annotated[Word, AfterValidator(_tool)]


class Table(BaseModel):
    """A mapping with these keys and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
