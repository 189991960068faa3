"""`terraform:` of a project in gitops.yaml: how Terraform is run. Descriptions are rows of docs/configuration.md."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

from bot.config.tool_keys import OptionKeys
from bot.config.values import RelativePath, Table, Text, Word, directory_path

_BINARY = re.compile(r"(terraform|tofu|opentofu)[A-Za-z0-9]*([._-][A-Za-z0-9]+)*")
_VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){0,2}([-+][0-9A-Za-z.+-]{1,40})?")
_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,100}=")


def _binary(value: str) -> str:
    if not _BINARY.fullmatch(value):
        raise ValueError("must be the name of a program (`terraform`, `tofu`, `terraform-1.11`), never a path")
    return value


def _version(value: str) -> str:
    if not _VERSION.fullmatch(value):
        raise ValueError("must be one version, like `1.11.4`")
    return value


def _backend_config(value: str) -> str:
    """`key=value`, or a file: what holds `=` is none to Terraform either."""
    if _SETTING.match(value):
        return value
    path = directory_path(value)
    return str(path) if "=" in path else path


Binary = Annotated[Word, AfterValidator(_binary)]
Version = Annotated[Text, AfterValidator(_version)]
BackendConfig = Annotated[Word, AfterValidator(_backend_config)]


class TerraformTable(Table):
    """How Terraform is run for a project."""

    var_files: list[RelativePath] = Field(default=[], description="relative to the directory, inside the repository")
    backend_config: list[BackendConfig] = Field(default=[], description="for `init`: `key=value`, or a file as above")
    binary: Binary | None = Field(
        default=None, description="(the first one found) one of the operator's `TERRAFORM__BINARIES`"
    )
    version: Version | None = Field(
        default=None, description="(any) one version, like `1.11.4`: refused by name where the binary is another"
    )


class TerraformKeys(Table):
    """The key of a project."""

    terraform: TerraformTable = TerraformTable()


@dataclass(frozen=True, slots=True)
class TerraformOptions:
    """`terraform:` of a project. Var files are relative to its directory; backend config is `key=value` or a file."""

    var_files: tuple[str, ...] = ()
    backend_config: tuple[str, ...] = ()
    binary: str | None = None
    version: str | None = None


def _options(keys: TerraformKeys) -> TerraformOptions:
    table = keys.terraform
    return TerraformOptions(tuple(table.var_files), tuple(table.backend_config), table.binary, table.version)


OPTIONS = OptionKeys(
    "terraform", TerraformKeys, TerraformOptions, _options, files=("var_files",), digests_defaults=True
)
