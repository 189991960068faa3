"""What a page says of each change: what is planned, or what became of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.plan import Action, Change
from bot.core.run import RunKind, State
from bot.core.view import ProjectView

_DONE_WORDS = {
    Action.CREATE: "created",
    Action.UPDATE: "changed",
    Action.REPLACE: "replaced",
    Action.DELETE: "destroyed",
    Action.IMPORT: "imported",
    Action.MOVE: "moved",
    Action.FORGET: "forgotten",
    Action.READ: "read",
    Action.INVOKE: "invoked",
    Action.DEFER: "put off",
    Action.AWAIT: "healthy",
    Action.UNKNOWN: "done",
}
_UNDONE_WORDS = {
    State.UNKNOWN: "nobody knows what became of it",
    State.FAILED: "not told what became of it",
    State.REFUSED: "not begun",
    State.SKIPPED: "not begun",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan: how its apply ended, and of single changes, by address, what the tool told."""

    state: State
    effects: Mapping[str, str]

    def of(self, change: Change) -> str:
        """Say what became of a change."""
        if self.state is State.DONE:
            return _DONE_WORDS.get(change.action, "")
        planned = f"to {change.action.value}: " if change.action in _DONE_WORDS else ""
        return self.effects.get(change.address) or planned + _UNDONE_WORDS[self.state]


def outcome(view: ProjectView, kind: RunKind) -> Outcome | None:
    """What became of a project's plan; None where it was not applied yet, or where its apply goes on."""
    if kind is RunKind.APPLY and view.row.state.ended:
        return Outcome(view.row.state, dict(view.row.effects))
    return Outcome(State.DONE, {}) if view.applied_at else None


def planned_words(change: Change) -> str:
    """What is planned, with the tool's own words where ours do not say it."""
    if change.action is Action.UNKNOWN:
        return f"unknown ({', '.join(change.words)})" if change.words else "unknown"
    if change.action is Action.REPLACE and change.words[:1] == ("create",):
        return "replace, the new one first"
    return "" if change.action is Action.NONE else change.action.value
