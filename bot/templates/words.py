"""Counts, moments and lengths of time in words and signs. Pure; whatever is rendered here calls it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.plan import Action, Counts

# What a reviewer must see first comes first.
BY_RISK = (
    Action.DELETE,
    Action.REPLACE,
    Action.UNKNOWN,
    Action.FORGET,
    Action.UPDATE,
    Action.INVOKE,
    Action.CREATE,
    Action.MOVE,
    Action.IMPORT,
    Action.READ,
    Action.DEFER,
    Action.NONE,
)
RANK = {action: rank for rank, action in enumerate(BY_RISK)}
TO = {
    Action.DELETE: "to destroy",
    Action.REPLACE: "to replace",
    Action.UNKNOWN: "with an unknown action",
    Action.UPDATE: "to change",
    Action.CREATE: "to create",
    Action.MOVE: "to move",
    Action.IMPORT: "to import",
    Action.FORGET: "to forget",
    Action.READ: "to read",
    Action.INVOKE: "to invoke",
    Action.DEFER: "put off",
    Action.NONE: "as it is",
}


def told(counts: Counts, most: int | None = None) -> str:
    """`1 to replace, 2 to create`, no more than `most` kinds; empty when there is nothing to tell."""
    parts = [
        (counts.destroy, "to destroy"),
        (counts.replace, "to replace"),
        (counts.unknown, "with an unknown action"),
        (counts.forget, "to forget"),
        (counts.change, "to change"),
        (counts.invoke, f"{plural('action', counts.invoke)} to invoke"),
        (counts.create, "to create"),
        (counts.moves, "to move"),
        (counts.imports, "to import"),
        (counts.outputs, f"{plural('output', counts.outputs)} to change"),
        (counts.checks, f"failed {plural('check', counts.checks)}"),
        (counts.rendered, f"rendered {plural('difference', counts.rendered)}"),
        (counts.deferred, "put off"),
    ]
    said = [f"{count:,} {word}" for count, word in parts if count]
    return ", ".join(said[:most]) + (" and more" if most and len(said) > most else "")


def also(counts: Counts) -> str:
    """`1 move, 2 outputs`: what has no column of its own."""
    parts = [
        (counts.forget, "forget"),
        (counts.invoke, plural("action", counts.invoke)),
        (counts.moves, "move"),
        (counts.imports, "import"),
        (counts.read, "read"),
        (counts.outputs, plural("output", counts.outputs)),
        (counts.checks, f"failed {plural('check', counts.checks)}"),
        (counts.rendered, "rendered"),
        (counts.deferred, "put off"),
    ]
    return ", ".join(f"{count:,} {word}" for count, word in parts if count)


def signs(counts: Counts) -> str:
    """`+3 ~1 ±1 −2`, and in words what has no sign."""
    parts = [(counts.create, "+"), (counts.change, "~"), (counts.replace, "±"), (counts.destroy, "−")]
    rest = told(replace(counts, create=0, change=0, replace=0, destroy=0, outputs=0, checks=0, rendered=0, deferred=0))
    return " ".join([*(f"{sign}{count:,}" for count, sign in parts if count), *([rest] if rest else [])])


def how_many(actions: Iterable[Action]) -> str:
    """`2 to change, 4,000 to create` of the actions of some objects."""
    given = list(actions)
    return ", ".join(f"{given.count(action):,} {TO[action]}" for action in BY_RISK if action in given)


def plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def some(count: int, word: str) -> str:
    """`1 project`, `1,200 projects`."""
    return f"{count:,} {plural(word, count)}"


def moment(at: datetime | str) -> str:
    return at if isinstance(at, str) else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def lasted(start: datetime | None, end: datetime | None) -> str:
    """`41 s`, `3 min 5 s`, `2 h 10 min`; empty while it is not known."""
    if start is None or end is None:
        return ""
    seconds = int(max(end - start, timedelta(0)).total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s" if seconds % 60 else f"{seconds // 60} min"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min" if seconds % 3600 // 60 else f"{seconds // 3600} h"
