"""Counts, moments and lengths of time in words and signs. Pure; whatever is rendered here calls it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.plan import Action, Counts
from bot.core.run import WaitReason

# What a reviewer must see first comes first.
ACTIONS_BY_RISK = (
    Action.DELETE,
    Action.REPLACE,
    Action.UNKNOWN,
    Action.CONFLICT,
    Action.FORGET,
    Action.UPDATE,
    Action.INVOKE,
    Action.AWAIT,
    Action.CREATE,
    Action.MOVE,
    Action.IMPORT,
    Action.READ,
    Action.DEFER,
    Action.NONE,
)
RISK_RANK = {action: rank for rank, action in enumerate(ACTIONS_BY_RISK)}
WAIT_PHRASES = {
    WaitReason.TURN: "its turn",
    WaitReason.DEPENDENCIES: "what it depends on",
    WaitReason.SLOT: "another run of this project",
}
ACTION_PHRASES = {
    Action.DELETE: "to destroy",
    Action.REPLACE: "to replace",
    Action.UNKNOWN: "with an unknown action",
    Action.CONFLICT: "in conflict",
    Action.UPDATE: "to change",
    Action.CREATE: "to create",
    Action.MOVE: "to move",
    Action.IMPORT: "to import",
    Action.FORGET: "to forget",
    Action.READ: "to read",
    Action.INVOKE: "to invoke",
    Action.DEFER: "put off",
    Action.AWAIT: "to become healthy",
    Action.NONE: "as it is",
}


def describe_counts(counts: Counts, max_kinds: int | None = None) -> str:
    """Say `1 to replace, 2 to create`, no more than `max_kinds` of them; empty when there is nothing to tell."""
    kinds = [
        (counts.destroy, "to destroy"),
        (counts.replace, "to replace"),
        (counts.unknown, "with an unknown action"),
        (counts.conflicts, "in conflict"),
        (counts.forget, "to forget"),
        (counts.change, "to change"),
        (counts.invoke, f"{pluralize('action', counts.invoke)} to invoke"),
        (counts.awaits, "to become healthy"),
        (counts.create, "to create"),
        (counts.moves, "to move"),
        (counts.imports, "to import"),
        (counts.outputs, f"{pluralize('output', counts.outputs)} to change"),
        (counts.checks, f"failed {pluralize('check', counts.checks)}"),
        (counts.rendered, f"rendered {pluralize('difference', counts.rendered)}"),
        (counts.deferred, "put off"),
    ]
    phrases = [f"{count:,} {word}" for count, word in kinds if count]
    return ", ".join(phrases[:max_kinds]) + (" and more" if max_kinds and len(phrases) > max_kinds else "")


def describe_extras(counts: Counts) -> str:
    """Say `1 move, 2 outputs`: what has no column of its own."""
    kinds = [
        (counts.conflicts, "in conflict"),
        (counts.forget, "forget"),
        (counts.invoke, pluralize("action", counts.invoke)),
        (counts.moves, "move"),
        (counts.imports, "import"),
        (counts.awaits, "to become healthy"),
        (counts.read, "read"),
        (counts.outputs, pluralize("output", counts.outputs)),
        (counts.checks, f"failed {pluralize('check', counts.checks)}"),
        (counts.rendered, "rendered"),
        (counts.deferred, "put off"),
    ]
    return ", ".join(f"{count:,} {word}" for count, word in kinds if count)


def count_signs(counts: Counts) -> str:
    """Write `+3 ~1 ±1 −2`, and in words what has no sign."""
    kinds = [(counts.create, "+"), (counts.change, "~"), (counts.replace, "±"), (counts.destroy, "−")]
    unsigned = describe_counts(
        replace(counts, create=0, change=0, replace=0, destroy=0, outputs=0, checks=0, rendered=0, deferred=0)
    )
    return " ".join([*(f"{sign}{count:,}" for count, sign in kinds if count), *([unsigned] if unsigned else [])])


def describe_actions(actions: Iterable[Action]) -> str:
    """Say `2 to change, 4,000 to create` of the actions of some objects."""
    counts = Counter(actions)
    return ", ".join(f"{counts[action]:,} {ACTION_PHRASES[action]}" for action in ACTIONS_BY_RISK if counts[action])


def pluralize(word: str, count: int) -> str:
    """Put the word into the plural, unless there is one."""
    return word if count == 1 else f"{word}s"


def quantity(count: int, word: str) -> str:
    """Say `1 project`, `1,200 projects`."""
    return f"{count:,} {pluralize(word, count)}"


def format_time(at: datetime | str) -> str:
    """Write a moment to the minute, in UTC; one that is text already stays."""
    return at if isinstance(at, str) else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def format_duration(start: datetime | None, end: datetime | None) -> str:
    """Write `41 s`, `3 min 5 s`, `2 h 10 min`; empty while it is not known."""
    if start is None or end is None:
        return ""
    seconds = int(max(end - start, timedelta(0)).total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s" if seconds % 60 else f"{seconds // 60} min"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min" if seconds % 3600 // 60 else f"{seconds // 3600} h"
