"""The result of planning one project, already masked: what comments, pages and counts are made from. Tools make it."""

from dataclasses import dataclass, fields
from enum import StrEnum

CHANGE_NOTHING = frozenset({"read", "checks", "rendered", "deferred"})


class Action(StrEnum):
    """What happens to one object. UNKNOWN is an action this version has no word for: it is shown, never dropped.

    INVOKE runs an action of a provider beside the changes; DEFER is what the tool puts off to a later plan.
    AWAIT changes nothing: the object was applied before, and is to become well. CONFLICT is what others have.
    """

    CREATE = "create"
    UPDATE = "change"
    REPLACE = "replace"
    DELETE = "destroy"
    IMPORT = "import"
    MOVE = "move"
    FORGET = "forget"
    READ = "read"
    INVOKE = "invoke"
    DEFER = "defer"
    AWAIT = "await"
    CONFLICT = "conflict"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a diff: `marker` is `+`, `-`, `!` (changes) or a space; `text` is raw, masked, without line break."""

    marker: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One object. `address` is attacker-controlled text. An import or a move may come with another action as well.

    `forces`: the attributes that make a replacement necessary. `words`: the tool's own action words, in its order:
    they tell what UNKNOWN stands for, and whether a replacement makes the new object first.
    """

    address: str
    action: Action
    lines: tuple[Line, ...] = ()
    reason: str = ""
    forces: tuple[str, ...] = ()
    moved_from: str | None = None
    import_id: str | None = None
    deposed: str | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many objects each word is true of. `outputs` are changed outputs; `checks` are failed ones.

    `rendered` are differences of what is rendered, where nothing could be asked what would come of them. `invoke` are
    actions of providers to run; `deferred` is what the tool put off to a later plan. `awaits` were applied before
    and are not healthy yet. `conflicts` are others', and not to be applied before that is settled.
    """

    create: int = 0
    change: int = 0
    replace: int = 0
    destroy: int = 0
    imports: int = 0
    moves: int = 0
    forget: int = 0
    read: int = 0
    outputs: int = 0
    checks: int = 0
    unknown: int = 0
    rendered: int = 0
    invoke: int = 0
    deferred: int = 0
    awaits: int = 0
    conflicts: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def empty(self) -> bool:
        """Nothing to apply: reads, failed checks, what is only rendered and what is put off change nothing now."""
        return not any(getattr(self, f.name) for f in fields(self) if f.name not in CHANGE_NOTHING)

    @property
    def silent(self) -> bool:
        """Nothing to apply, nor to be told."""
        return self.empty and not self.checks and not self.rendered and not self.deferred


class Severity(StrEnum):
    """How bad a notice is; a check is one of the project's own that failed."""

    ERROR = "error"
    WARNING = "warning"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Notice:
    """A diagnostic or a failed check: `where` is `main.tf:12` when the tool knows."""

    severity: Severity
    summary: str
    detail: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a plan shows. `notes` are sentences of ours (where the state is kept, what was left out).

    `obstacles` are sentences on what must be mended before any apply; `precious` names objects that go only when a
    person lets them go by name, `overwritten` those of which others' changes are lost only then.
    """

    tool: str
    changes: tuple[Change, ...] = ()
    outputs: tuple[Change, ...] = ()
    drift: tuple[Change, ...] = ()
    notices: tuple[Notice, ...] = ()
    notes: tuple[str, ...] = ()
    complete: bool = True
    counts: Counts = Counts()
    obstacles: tuple[str, ...] = ()
    precious: tuple[str, ...] = ()
    overwritten: tuple[str, ...] = ()
