"""Runs and their rows: what was asked, and what came of it. The store keeps them; everything said is a view of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from bot.core.keys import CommentRef, PullKey
from bot.core.plan import Content, Counts
from bot.core.project import Project, Rules
from bot.core.trigger import Trigger


class RunKind(StrEnum):
    """What a run does to its projects."""

    PLAN = "plan"
    APPLY = "apply"


class State(StrEnum):
    """Of a run and of each row. Refused: the asker can mend it; failed: a tool or we broke; unknown: none can tell."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"

    @property
    def ended(self) -> bool:
        """Nothing more happens to it."""
        return self not in (State.QUEUED, State.RUNNING)


class WaitReason(StrEnum):
    """What a queued row waits for; whoever frees that starts it. A row that waits for nothing is to be started."""

    TURN = "turn"
    DEPENDENCIES = "dependencies"
    SLOT = "slot"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which projects a command is about; all empty means every affected one.

    Names and directories may be globs. `destroy` asks for the plan of everything gone. `confirmed` names objects that
    may go: `Kind/name` or `Kind/namespace/name`.
    """

    names: tuple[str, ...] = ()
    dirs: tuple[str, ...] = ()
    workspaces: tuple[str, ...] = ()
    destroy: bool = False
    confirmed: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """No project is named, so all affected ones are meant."""
        return not (self.names or self.dirs or self.workspaces)


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found of a pull request beside its projects.

    `uncovered` are changed files of infrastructure that no project covers; `same_state` are groups of places that have
    one state; `cautions` are sentences on such.
    """

    uncovered: tuple[str, ...] = ()
    same_state: tuple[tuple[str, ...], ...] = ()
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """One plan or apply of one pull request at one head and base commit. `result` is the merge result's commit.

    `note` is a sentence for people: why it was refused, superseded, cancelled. `branch` is the base's name.
    """

    id: str
    kind: RunKind
    pull: PullKey
    state: State
    asked_by: str
    trigger: Trigger
    head: str
    base: str
    result: str = ""
    selection: Selection = Selection()
    note: str = ""
    branch: str = ""
    created_at: datetime | None = None
    ended_at: datetime | None = None
    findings: Findings = Findings()

    @property
    def comment(self) -> CommentRef | None:
        """The comment that asked, where one did."""
        return CommentRef(self.pull, self.trigger.comment_id) if self.trigger.comment_id else None


Effects = tuple[tuple[str, str], ...]
"""Addresses of changes, each with what became of it, in words."""


@dataclass(frozen=True, slots=True)
class RunProject:
    """One project in a run.

    `waits_for` says what a queued row waits for; `output` is the tool's last words when it failed, and `where` the file
    and line of its first error, with which the note ends. `removed`: the pull request removes the project; unless a
    destroy was asked for, its row only tells what the state still holds. `effects` say of an apply that did not go
    well what became of which change, by its address. `cage` is the kind of cage that the tool ran in, and `network`
    where it may talk to from there, by the setting's name; empty before it starts, and in rows of earlier versions.
    """

    run: str
    project: Project
    rules: Rules
    state: State
    plan: str | None = None
    counts: Counts = Counts()
    note: str = ""
    output: str = ""
    waits_for: WaitReason | None = None
    removed: bool = False
    input_digest: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    where: str = ""
    effects: Effects = ()
    cage: str = ""
    network: str = ""

    @property
    def summary(self) -> str:
        """The note without the place."""
        return self.note.removesuffix(f" ({self.where})") if self.where else self.note


class RowTurn(NamedTuple):
    """Of a row that is not ended, what tells whose turn comes next."""

    place: str
    state: State
    waits_for: WaitReason | None


class PlanState(StrEnum):
    """What became of a plan; current and stale ones are live."""

    CURRENT = "current"
    STALE = "stale"
    SUPERSEDED = "superseded"
    APPLIED = "applied"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Plan:
    """The frozen result for one project and what it is bound to. Never edited, only superseded.

    Digests are hexadecimal. `stale_because` says what moved. A plan without an artifact has nothing to apply.
    `destroy` is the plan of everything gone; of a project that the pull request removes, `result` is the base commit.
    `runs` names what its apply runs beyond what is shown; of a plan without changes, what the pull request changes of
    what later applies run. `tree` is the whole tree that it is bound to, as such an apply may read any file of it.
    `signature` tells that all of this is as it was made; a plan without one is planned again before it is applied.
    """

    id: str
    run: str
    pull: PullKey
    project: Project
    rules: Rules
    state: PlanState
    base: str
    head: str
    result: str
    input_digest: str
    plan_digest: str
    artifact_digest: str | None
    rules_digest: str
    tool_version: str
    content: Content
    created_at: datetime
    expires_at: datetime
    stale_because: str = ""
    destroy: bool = False
    tree: str = ""
    runs: tuple[str, ...] = ()
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """A pull request's claim on a place."""

    repository: str
    place: str
    pull: PullKey
    taken_by: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Freeze:
    """A stop of all applies."""

    reason: str
    by: str
    since: datetime

    @property
    def refusal(self) -> str:
        """Why nothing is merged meanwhile, and what helps."""
        return f"applies are frozen by {self.by} until an operator runs `gitops-bot thaw`: {self.reason}"


class ApplyOutcome(StrEnum):
    """How an attempt to apply ended, as far as anyone can tell."""

    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Intent:
    """The durable note that an apply is about to begin; one per attempt."""

    id: str
    run: str
    place: str
    plan: str
    at: datetime
    outcome: ApplyOutcome | None = None
