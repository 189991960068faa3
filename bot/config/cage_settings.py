"""The operator's cage: its kind, where programs may talk to, and how much of the machine each project may take."""

import json
import pkgutil
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from bot.config.settings_group import SettingsGroup, WordList

AUTO = "auto"
NetworkModeName = Literal["internet", "listed", "open"]


def _kind(value: str) -> str:
    folder = Path(__file__).parents[1] / "cage" / "kinds"
    names = (AUTO, *sorted(module.name for module in pkgutil.iter_modules([str(folder)])))
    if value not in names:
        raise ValueError(f"is none of {', '.join(names)}")
    return value


def _absolute(paths: tuple[str, ...]) -> tuple[str, ...]:
    if relative := [path for path in paths if not Path(path).is_absolute() or Path(path) == Path("/")]:
        raise ValueError(f"holds {relative[0]}: write whole paths, like /srv/states, and not /")
    return paths


def _parse_table(value: object) -> object:
    """A list of tables, as TOML has it or as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError('is no JSON: write [{"match": "acme/infra:net", "memory": 8192}]') from error


PathList = Annotated[WordList, AfterValidator(_absolute)]


class CageProjectSettings(SettingsGroup):
    """What single projects have otherwise: only what is given counts."""

    match: str
    network: NetworkModeName | None = None
    hosts: WordList | None = None
    memory: Annotated[int, Field(ge=64)] | None = None
    processes: Annotated[int, Field(ge=16)] | None = None
    files: Annotated[int, Field(ge=64)] | None = None
    disk: Annotated[int, Field(ge=64)] | None = None
    read: PathList | None = None
    write: PathList | None = None

    @property
    def changes(self) -> dict[str, Any]:
        """What is given, by the policy's names."""
        return self.model_dump(exclude={"match"}, exclude_none=True)


class CageSettings(SettingsGroup):
    """Sizes are in MB, and hold for each project's run."""

    kind: Annotated[str, AfterValidator(_kind)] = Field(
        default=AUTO,
        description="`auto` takes the strongest that works here: `bubblewrap`, else `landlock`; `none` runs foreign "
        "code as the bot's user; see [security.md](security.md)",
    )
    network: NetworkModeName = Field(
        default="internet",
        description="where foreign programs may talk to: `internet` (no loopback, private or metadata address), "
        "`listed` (`hosts` alone) or `open`",
    )
    hosts: WordList = Field(
        default=(),
        description="hosts that they may talk to besides: `vault.internal:8200`, `*.example.com`, `10.1.0.0/16`",
    )
    memory: int = Field(default=4096, ge=64, description="MB of memory that one run of a project may take")
    processes: int = Field(default=1024, ge=16, description="processes and threads of one run")
    files: int = Field(default=4096, ge=64, description="files that one process may have open")
    disk: int = Field(default=8192, ge=64, description="MB that one run may write")
    read: PathList = Field(default=(), description="paths of the machine that foreign programs may read besides")
    write: PathList = Field(
        default=(), description="paths of the machine that they may write to, such as a directory of local states"
    )
    projects: Annotated[tuple[CageProjectSettings, ...], BeforeValidator(_parse_table)] = Field(
        default=(),
        description="what is otherwise for projects that match: tables with `match` (globs of "
        "`owner/repository:directory`; the last match decides) and any of the keys above but `kind`",
    )
