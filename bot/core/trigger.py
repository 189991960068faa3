"""Why a run was made: something that a forge told, a person, or one of our own jobs."""

from dataclasses import dataclass
from enum import StrEnum


class TriggerKind(StrEnum):
    """What made somebody or something ask. The values stand in the store and in jobs that were promised."""

    OPENED = "opened"
    PUSHED = "pushed"
    REOPENED = "reopened"
    READY = "ready"
    RETARGETED = "retargeted"
    COMMENT = "comment"
    APPROVAL = "approval"
    MERGE = "merge"
    BASE_MOVED = "moved"
    APPLY = "apply"
    SWEEP = "sweep"
    SHELL = "shell"


@dataclass(frozen=True, slots=True)
class Trigger:
    """`comment_id` is the forge's id of the comment that asked, where one did."""

    kind: TriggerKind
    comment_id: str | None = None

    @classmethod
    def comment(cls, id: str) -> "Trigger":
        """A comment that asked for it."""
        return cls(TriggerKind.COMMENT, id)

    @classmethod
    def parse(cls, text: str) -> "Trigger":
        """The trigger that `str` wrote. Raises ValueError when it is none."""
        kind, _, comment = text.partition(":")
        return cls(TriggerKind(kind), comment or None)

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.comment_id}" if self.comment_id else self.kind.value

    @property
    def by_person(self) -> bool:
        """Somebody asked for exactly this, and waits for an answer."""
        return self.kind in (TriggerKind.COMMENT, TriggerKind.SHELL)

    @property
    def about_head(self) -> bool:
        """It is about the pull request's head as such, however often and by whom that is told."""
        return self.kind in (TriggerKind.OPENED, TriggerKind.PUSHED, TriggerKind.READY, TriggerKind.SWEEP)
