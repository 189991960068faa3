"""What a comment or a page shows: assembled by jobs and server from rows, turned into words by `templates`."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.gate_case import Demand
from bot.core.plan import Content
from bot.core.run import Run, RunProject


@dataclass(frozen=True, slots=True)
class ProjectView:
    """A row with its plan's content. `url` leads to the full text; `valid_until` and `stale_because` are the plan's.

    `applied_by` and `applied_at` tell that this plan was applied since.
    """

    row: RunProject
    content: Content | None = None
    url: str | None = None
    valid_until: datetime | None = None
    stale_because: str = ""
    applied_by: str = ""
    applied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RemovedProject:
    """A project that the pull request removes: what its state still holds, and the command that destroys it."""

    name: str
    addresses: tuple[str, ...]
    command: str


@dataclass(frozen=True, slots=True)
class RunView:
    """One run, whole.

    `next` are exact commands with a word on each. `notices` are sentences above everything (rules that change with
    this pull, a lock, a freeze); `limit` is what the host takes, in bytes of UTF-8.
    """

    run: Run
    number: int
    base_branch: str
    projects: tuple[ProjectView, ...]
    demands: tuple[Demand, ...] = ()
    next: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()
    removed: tuple[RemovedProject, ...] = ()
    url: str | None = None
    limit: int = 65536
    merged: bool = False
