"""The operator's settings: one TOML file and GITOPS_BOT_… variables, which win. Read once at the start, by `cli`.

Descriptions are rows of docs/configuration.md (`make docs`); in parentheses at their head stands what to say of the
default where its value does not tell.

Providers own their settings: `section` hands a forge or a tool what was written for it, for its own model to check.
"""

import os
import pkgutil
import re
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.config.cage_settings import CageSettings
from bot.config.durations import Duration
from bot.config.sections import SettingsSection
from bot.config.settings_errors import refuse_unknown, validate
from bot.config.settings_group import SettingsGroup, WordList, parse_list
from bot.config.sources import (
    CONFIG_VARIABLE,
    PREFIX,
    Keys,
    SettingsSource,
    merge,
    nest,
    read_toml,
    read_variables,
    resolve_files,
)

DATA_DIR = "gitops-bot-data"
SHARED_SECTION = "kubernetes"
SECRETS_BY_FILE = frozenset({("store", "url")})


def _address(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not colon or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535 or "/" in host:
        raise ValueError("is no address to listen on: write host:port, like 127.0.0.1:8080")
    return value


def _ip(value: str) -> str:
    try:
        return str(ip_address(value)) if value else value
    except ValueError as error:
        raise ValueError("is no IP address: write it like 10.0.0.5") from error


def _url(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment):
        raise ValueError("is no web address: write it like https://gitops.example.com")
    return value.rstrip("/")


def _tool_variable(value: str) -> str:
    if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError("holds what is no variable's name")
    if value.startswith(PREFIX):
        raise ValueError(f"names {value}: our own settings are never given to tools")
    return value


class ServerSettings(SettingsGroup):
    """`url` is the address that people reach us by, empty when there is none; `token` opens the pages.

    `trusted_proxy` is the address of the one proxy whose `X-Forwarded-For` is believed, empty when there is none.
    """

    listen: Annotated[str, AfterValidator(_address)] = Field(default="127.0.0.1:8080", description="address and port")
    url: Annotated[str, AfterValidator(_url)] = Field(
        default="", description="the address people and the forge reach it by; without it comments have no links"
    )
    token: SecretStr | None = Field(
        default=None, description="a long secret that opens the pages; without it only signed links do"
    )
    trusted_proxy: Annotated[str, AfterValidator(_ip)] = Field(
        default="", description="the IP address of the proxy in front, whose `X-Forwarded-For` tells who asks"
    )


class StoreSettings(SettingsGroup):
    """Empty: SQLite in the data directory."""

    url: Annotated[str, Field(repr=False)] = Field(
        default="", description="(SQLite in `DATA_DIR`) `postgresql+psycopg://…`, see [install.md](install.md#postgres)"
    )


class VaultSettings(SettingsGroup):
    """Keys are base64 of 32 bytes; old ones still open what they sealed."""

    key: SecretStr | None = Field(
        default=None,
        description="(made on first start) 32 bytes in base64: seals plans, signs links; "
        "see [install.md](install.md#the-vaults-key)",
    )
    old_keys: Annotated[tuple[SecretStr, ...], BeforeValidator(parse_list)] = Field(
        default=(), description="keys that still open what they sealed"
    )


class StateSettings(SettingsGroup):
    """`local = "shared-disk"`: every worker sees the same data directory, so local state is safe with Postgres."""

    local: Literal["shared-disk"] | None = Field(
        default=None, description="`shared-disk`: local state is fine with Postgres, who works on it shares the disk"
    )


class Settings(BaseSettings):
    """What the operator decided. `load` makes it; durations are timedeltas, `data_dir` is absolute."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    data_dir: Path = Field(default=Path(DATA_DIR), description="where everything is kept (0700)")
    server: ServerSettings = ServerSettings()
    repos: WordList = Field(
        default=(), description="repositories that the bot works on: globs, `!` leaves out, the last match decides"
    )
    store: StoreSettings = StoreSettings()
    cage: CageSettings = CageSettings()
    vault: VaultSettings = VaultSettings()
    state: StateSettings = StateSettings()
    stop_grace: Duration = Field(default=timedelta(minutes=10), description="how long a stopping bot waits for applies")
    plan_ttl: Duration = Field(
        default=timedelta(hours=72), description="after which a plan can no longer be applied; `/plan` makes a new one"
    )
    timeout: Duration = Field(default=timedelta(minutes=30), description="for one plan of one project")
    sweep_every: Duration = Field(default=timedelta(minutes=1), description="how often the sweep repairs")
    workers: int = Field(
        default_factory=lambda: 1 + (os.cpu_count() or 1),
        ge=1,
        le=256,
        description="(CPUs and one) tools at once in this process; half as many more for pulls that have none at work, "
        "and again for authors and for repositories that have none",
    )
    tool_env: Annotated[tuple[Annotated[str, AfterValidator(_tool_variable)], ...], BeforeValidator(parse_list)] = (
        Field(
            default=(),
            description="names of variables that tools get of the bot's own environment, such as `AWS_REGION`; "
            "see [credentials.md](credentials.md)",
        )
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="of the server's log: `text` for people, `json` with an object a line"
    )
    project_status: bool = Field(default=False, description="one commit status per project as well")

    _sections: dict[str, dict[str, object]] = PrivateAttr(default_factory=dict)
    _names: dict[Keys, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def load(
        cls, environment: Mapping[str, str], cwd: Path, file: Path | None = None, sections: frozenset[str] | None = None
    ) -> "Settings":
        """Read the file (given, or named by GITOPS_BOT_CONFIG) and the variables.

        `sections` are the providers' names, by default those in their folders. Raises Refused with all that is wrong.
        """
        section_names = _providers() if sections is None else sections
        source = _read(environment, cwd, file)
        refuse_unknown(cls, source, section_names)
        own_values = {keys: value for keys, value in source.values.items() if keys[0] not in section_names}
        own_values["data_dir",] = os.path.normpath(cwd / str(own_values.get(("data_dir",), DATA_DIR)))
        settings = validate(cls, nest(own_values), source.names)
        section_values = {keys: value for keys, value in source.values.items() if keys[0] in section_names}
        settings._sections.update(
            {name: table for name, table in nest(section_values).items() if isinstance(table, dict)}
        )
        settings._names.update(source.names)
        return settings

    def section(self, name: str) -> SettingsSection:
        """What was written for a provider; empty when nothing was."""
        names = {keys[1:]: written_name for keys, written_name in self._names.items() if keys[0] == name}
        return SettingsSection(self._sections.get(name, {}), names)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` gathered: never the process's environment."""
        return (init_settings,)


def _read(environment: Mapping[str, str], cwd: Path, file: Path | None) -> SettingsSource:
    config_file = file or (Path(environment[CONFIG_VARIABLE]) if environment.get(CONFIG_VARIABLE) else None)
    file_source = (
        resolve_files(read_toml(cwd / config_file), cwd, SECRETS_BY_FILE) if config_file else SettingsSource({}, {})
    )
    return merge(file_source, resolve_files(read_variables(environment), cwd, SECRETS_BY_FILE))


def _providers() -> frozenset[str]:
    """Names of the forges and tools there are, without importing any, and what several tools share."""
    folders = [str(Path(__file__).parents[1] / folder) for folder in ("hosts", "tools")]
    return frozenset({SHARED_SECTION, *(module.name for module in pkgutil.iter_modules(folders))})
