"""What a forge said happened: hosts parse webhooks into these, `core.decide` turns them into jobs."""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.pull import Comment, Pull, Repository


class PullChange(StrEnum):
    """What happened to a pull request, in our words."""

    OPENED = "opened"
    PUSHED = "pushed"
    REOPENED = "reopened"
    READY = "ready"
    DRAFTED = "drafted"
    RETARGETED = "retargeted"
    CLOSED = "closed"
    DEQUEUED = "dequeued"


@dataclass(frozen=True, slots=True)
class PullChanged:
    """Something happened to a pull request, by `sender`."""

    pull: Pull
    change: PullChange
    sender: str


@dataclass(frozen=True, slots=True)
class Commented:
    """Somebody wrote a comment on a pull request."""

    repository: Repository
    comment: Comment


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Somebody reviewed it, or changed another's comment there: what we show of it is looked at again."""

    repository: Repository
    number: int


@dataclass(frozen=True, slots=True)
class Pushed:
    """A branch moved to `sha`, by whoever pushed."""

    repository: Repository
    branch: str
    sha: str
    sender: str = ""


@dataclass(frozen=True, slots=True)
class MergeGroup:
    """A merge queue asks for checks on `sha`: a pull request merged into `parent`, and with it into `branch`.

    What is before it in the queue is in the parent. None and empty where nobody can tell.
    """

    repository: Repository
    sha: str
    parent: str = ""
    branch: str = ""
    number: int | None = None


@dataclass(frozen=True, slots=True)
class JobRequested:
    """Somebody at the shell, or by *Re-run* on the forge, asks for a job (`plan`, `unlock`…) of a pull request."""

    repository: Repository
    number: int
    kind: str
    by: str


Event = PullChanged | Commented | Reviewed | Pushed | MergeGroup | JobRequested
