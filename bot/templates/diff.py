"""One object's change as lines of a `diff` fence: markers at column 0, so that forges colour them. Pure.

Called by `sections`. Escapes nothing for Markdown (it is for a fence), but leaves no character unseen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.plan import Action, Change, Line
from bot.templates.escape import fence_line

MAX_LINE_LENGTH = 1000
# Collapsed first where space is short: their attributes say what the configuration says, or what is there now.
COLLAPSIBLE = frozenset({Action.CREATE, Action.DELETE})

_MARKERS = {
    Action.CREATE: "+",
    Action.DELETE: "-",
    Action.REPLACE: "-/+",
    Action.UPDATE: "!",
    Action.MOVE: "!",
    Action.IMPORT: "!",
    Action.FORGET: "!",
    Action.INVOKE: "!",
    Action.AWAIT: "!",
    Action.CONFLICT: "!",
    Action.UNKNOWN: "!",
}
_ACTION_REMARKS = {
    Action.DELETE: "destroyed",
    Action.FORGET: "forgotten: it stays, managed no longer",
    Action.READ: "read during the apply",
    Action.INVOKE: "invoked",
    Action.DEFER: "put off to a later plan",
    Action.AWAIT: "not healthy yet",
    Action.CONFLICT: "conflict",
}
# By the tool's words, for their order tells which of the two objects goes first.
_REPLACE_REMARKS: Mapping[tuple[str, ...], str] = {
    ("create", "delete"): "replaced, the new one before the old one goes",
    ("create", "forget"): "replaced; the old one stays, managed no longer",
    ("forget", "create"): "replaced; the old one stays, managed no longer",
}
_DRIFT_REMARKS = {Action.CREATE: "appeared", Action.DELETE: "is gone", Action.UPDATE: "was changed"}


@dataclass(frozen=True, slots=True)
class Block:
    """One object, ready for a fence. `size` is in bytes, with the space around; `hidden_lines` are left out whole."""

    lines: tuple[str, ...]
    size: int
    hidden_lines: int = 0
    cut_lines: int = 0


def change_block(change: Change, bare: bool = False) -> Block:
    """Write the change with its attributes; where it is to be bare and is collapsible, its first line alone."""
    header = f"{_marker(change)} {fence_line(change.address)}{_remark_suffix(_action_remarks(change))}"
    attributes = () if bare and change.action in COLLAPSIBLE else change.lines
    return _measured_block(
        [header, *(_attribute_line(line) for line in attributes)], attributes, len(change.lines) - len(attributes)
    )


def output_block(change: Change) -> Block:
    """Write an output, whose lines begin with its name."""
    lines = [_attribute_line(line) for line in change.lines] or [f"{_marker(change)}   {fence_line(change.address)}"]
    return _measured_block(lines, change.lines)


def drift_block(change: Change) -> Block:
    """Write what happened to an object outside of the tool."""
    remark = [_DRIFT_REMARKS.get(change.action, ", ".join(change.words) or change.action.value)]
    header = f"{_marker(change)} {fence_line(change.address)}{_remark_suffix(remark)}"
    return _measured_block([header, *(_attribute_line(line) for line in change.lines)], change.lines)


def join_blocks(blocks: Iterable[Block]) -> list[str]:
    """Return the blocks' lines, with an empty line around those that have more than one."""
    lines: list[str] = []
    follows_tall = False
    for block in blocks:
        if lines and (follows_tall or len(block.lines) > 1):
            lines.append("")
        lines.extend(block.lines)
        follows_tall = len(block.lines) > 1
    return lines


def _measured_block(lines: Sequence[str], attributes: Sequence[Line], hidden_lines: int = 0) -> Block:
    size = sum(len(line.encode()) + 1 for line in lines) + 1
    return Block(tuple(lines), size, hidden_lines, sum(len(line.text) > MAX_LINE_LENGTH for line in attributes))


def _marker(change: Change) -> str:
    return _MARKERS.get(change.action, " ")


def _attribute_line(line: Line) -> str:
    marker = line.marker if line.marker in ("+", "-", "!") else " "
    return f"{marker}   {fence_line(line.text, MAX_LINE_LENGTH)}".rstrip(" ")


def _remark_suffix(remarks: Iterable[str]) -> str:
    text = "; ".join(remarks)
    return f"  # {fence_line(text)}" if text else ""


def _action_remarks(change: Change) -> Iterator[str]:
    """What is to be said of an object beside its address."""
    if change.action is Action.UNKNOWN:
        yield f"unknown action: {', '.join(change.words) or 'none named'}"
    if change.action is Action.REPLACE:
        yield _REPLACE_REMARKS.get(change.words, "replaced")
    if change.action in _ACTION_REMARKS:
        yield _ACTION_REMARKS[change.action]
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
