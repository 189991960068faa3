"""What single values of gitops.yaml may be: text, names, paths; and the table that refuses other keys."""

import posixpath
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StrictStr

from bot.config.words import plain

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


def one(value: object) -> object:
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
ToolName = Annotated[Word, AfterValidator(_tool)]
Version = Annotated[Text, AfterValidator(_version)]
BackendConfig = Annotated[Word, AfterValidator(_backend_config)]


class Table(BaseModel):
    """A mapping with these keys and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
