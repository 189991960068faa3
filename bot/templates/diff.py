"""One object's change as lines of a `diff` fence: markers at column 0, so that forges colour them. Pure.

Called by `sections`. Escapes nothing for Markdown (it is for a fence), but leaves no character unseen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.plan import Action, Change, Line
from bot.templates.escape import raw

LONGEST_LINE = 1000
# Left out first where space is short: their attributes say what the configuration says, or what is there now.
PLAIN = frozenset({Action.CREATE, Action.DELETE})

_MARKERS = {
    Action.CREATE: "+",
    Action.DELETE: "-",
    Action.REPLACE: "-/+",
    Action.UPDATE: "!",
    Action.MOVE: "!",
    Action.IMPORT: "!",
    Action.FORGET: "!",
    Action.INVOKE: "!",
    Action.UNKNOWN: "!",
}
_PLANNED = {
    Action.DELETE: "destroyed",
    Action.FORGET: "forgotten: it stays, managed no longer",
    Action.READ: "read during the apply",
    Action.INVOKE: "invoked",
    Action.DEFER: "put off to a later plan",
}
# By the tool's words, for their order tells which of the two objects goes first.
_REPLACED: Mapping[tuple[str, ...], str] = {
    ("create", "delete"): "replaced, the new one before the old one goes",
    ("create", "forget"): "replaced; the old one stays, managed no longer",
}
_DRIFTED = {Action.CREATE: "appeared", Action.DELETE: "is gone", Action.UPDATE: "was changed"}


@dataclass(frozen=True, slots=True)
class Block:
    """One object, ready for a fence. `size` is in bytes, with the space around; `left_out` and `cut` count lines."""

    lines: tuple[str, ...]
    size: int
    left_out: int = 0
    cut: int = 0


def block(change: Change, bare: bool = False) -> Block:
    """The change with its attributes; where it is to be bare and plain, its first line alone."""
    first = f"{_marker(change)} {raw(change.address)}{_remark(_planned(change))}"
    shown = () if bare and change.action in PLAIN else change.lines
    return _block([first, *(_line(line) for line in shown)], shown, len(change.lines) - len(shown))


def output(change: Change) -> Block:
    """An output, whose lines begin with its name."""
    lines = [_line(line) for line in change.lines] or [f"{_marker(change)}   {raw(change.address)}"]
    return _block(lines, change.lines)


def drifted(change: Change) -> Block:
    """What happened to an object outside of the tool."""
    said = [_DRIFTED.get(change.action, ", ".join(change.words) or change.action.value)]
    first = f"{_marker(change)} {raw(change.address)}{_remark(said)}"
    return _block([first, *(_line(line) for line in change.lines)], change.lines)


def joined(blocks: Iterable[Block]) -> list[str]:
    """The blocks' lines, with air around those that have more than one."""
    lines: list[str] = []
    tall = False
    for one in blocks:
        if lines and (tall or len(one.lines) > 1):
            lines.append("")
        lines.extend(one.lines)
        tall = len(one.lines) > 1
    return lines


def _block(lines: Sequence[str], shown: Sequence[Line], left_out: int = 0) -> Block:
    size = sum(len(line.encode()) + 1 for line in lines) + 1
    return Block(tuple(lines), size, left_out, sum(len(line.text) > LONGEST_LINE for line in shown))


def _marker(change: Change) -> str:
    return _MARKERS.get(change.action, " ")


def _line(line: Line) -> str:
    marker = line.marker if line.marker in ("+", "-", "!") else " "
    return f"{marker}   {raw(line.text, LONGEST_LINE)}".rstrip(" ")


def _remark(said: Iterable[str]) -> str:
    text = "; ".join(said)
    return f"  # {raw(text)}" if text else ""


def _planned(change: Change) -> Iterator[str]:
    """What is to be said of an object beside its address."""
    if change.action is Action.UNKNOWN:
        yield f"unknown action: {', '.join(change.words) or 'none named'}"
    if change.action is Action.REPLACE:
        yield _REPLACED.get(change.words, "replaced")
    if change.action in _PLANNED:
        yield _PLANNED[change.action]
    if change.deposed:
        yield f"deposed object {change.deposed}"
    if change.moved_from:
        yield f"moved from {change.moved_from}"
    if change.import_id:
        yield f"imported, id {change.import_id}"
    if change.reason:
        yield change.reason
    if change.forces and change.action is Action.REPLACE:
        yield f"forces replacement: {', '.join(change.forces)}"
