"""What is folded below the table: a group's diff, or how it failed, as large as it may be. Called by `fit` only.

Cut by whole objects, never within a fence; what was left out is counted beside it, with a link to the full text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from bot.core.plan import Action, Change, Content
from bot.templates import words
from bot.templates.diff import Block, block, drifted, joined, output
from bot.templates.escape import TERMINAL_CODES, fenced, raw
from bot.templates.groups import Group
from bot.templates.render import render

FENCES = 64
LEFT_OUT = 400
OUTPUTS = "  Outputs:"
MOST_DRIFT = 50
MOST_LINES = 60
FEWEST_LINES = 15
LONGEST_LINE = 400


@dataclass(frozen=True, slots=True)
class Section:
    """Rendered. `whole` tells that nothing was left out for want of room; `size` is in bytes."""

    text: Markup
    size: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a section shows, and what it does not: objects by action, outputs, and attributes that are left out.

    `squeezed` are objects whose attributes were left out for want of room alone.
    """

    objects: tuple[Block, ...] = ()
    outputs: tuple[Block, ...] = ()
    missing: tuple[Action, ...] = ()
    missing_outputs: int = 0
    missing_drift: int = 0
    squeezed: int = 0

    @property
    def lines(self) -> list[str]:
        outputs = [Block((OUTPUTS, *joined(self.outputs)), 0)] if self.outputs else []
        return joined([*self.objects, *outputs])

    @property
    def whole(self) -> bool:
        return not (self.missing or self.missing_outputs or self.missing_drift or self.squeezed)

    @property
    def left_out(self) -> list[str]:
        bare = sum(one.left_out > 0 for one in (*self.objects, *self.outputs))
        cut = sum(one.cut for one in (*self.objects, *self.outputs))
        parts = [
            f"{words.some(len(self.missing), 'object')} ({words.how_many(self.missing)})" if self.missing else "",
            words.some(self.missing_outputs, "output") if self.missing_outputs else "",
            f"the attributes of {words.some(bare, 'object')}" if bare else "",
            f"the rest of {words.some(cut, 'long line')}" if cut else "",
            f"{words.some(self.missing_drift, 'object')} changed outside of the tool" if self.missing_drift else "",
        ]
        return [part for part in parts if part]


def section(group: Group, room: int, *, full: bool = True) -> Section | None:
    """The group's section within the room; None when not even its frame fits. Not full: what is plain is bare."""
    if group.content is None:
        return _failed(group, room, MOST_LINES if full else FEWEST_LINES)
    drift = _drift(group.content, room)
    left = room - size(_planned(group, Chosen(), drift)) - FENCES - LEFT_OUT
    if left < 0:
        return None
    chosen = _chosen(group.content, left, full)
    chosen = chosen if drift else replace(chosen, missing_drift=len(group.content.drift))
    text = _planned(group, chosen, drift)
    return Section(text, size(text), chosen.whole)


def size(text: str) -> int:
    return len(text.encode())


def _planned(group: Group, chosen: Chosen, drift: Markup) -> Markup:
    row, lines = group.first.row, chosen.lines
    return render(
        "section.md.j2",
        group=group,
        content=group.content,
        took=words.lasted(row.started_at, row.ended_at),
        diff=fenced(lines, "diff") if lines else Markup(""),
        left_out=chosen.left_out,
        drift=drift,
        most_drift=MOST_DRIFT,
    )


def _drift(content: Content, room: int) -> Markup:
    """What changed outside; nothing where it would take more than a quarter of the room."""
    if not content.drift:
        return Markup("")
    text = fenced(joined(drifted(change) for change in content.drift[:MOST_DRIFT]), "diff")
    return text if size(text) <= room // 4 else Markup("")


def _chosen(content: Content, room: int, full: bool) -> Chosen:
    """Objects by risk, then outputs, as many as fit; those whose attributes do not fit are shown without."""
    changes = sorted(content.changes, key=lambda change: words.RANK[change.action])
    objects, squeezed, room = _fitting(changes, room, lambda change: block(change, bare=not full))
    outputs, squeezed_too, _ = _fitting(content.outputs, room - len(OUTPUTS) - 2, output)
    return Chosen(
        objects=tuple(objects),
        outputs=tuple(outputs),
        missing=tuple(change.action for change in changes[len(objects) :]),
        missing_outputs=len(content.outputs) - len(outputs),
        squeezed=squeezed + squeezed_too,
    )


def _fitting(changes: Sequence[Change], room: int, rendered: Callable[[Change], Block]) -> tuple[list[Block], int, int]:
    """The first ones that fit into the room, how many of them without their attributes, and the room that is left."""
    found: list[Block] = []
    squeezed = 0
    for change in changes:
        one = rendered(change)
        if one.size > room:
            one = Block(one.lines[:1], size(one.lines[0]) + 2, one.left_out + len(one.lines) - 1)
            squeezed += 1
        if one.size > room:
            break
        found.append(one)
        room -= one.size
    return found, squeezed, room


def _failed(group: Group, room: int, most: int) -> Section | None:
    """How it failed: the reason, and as many of the tool's last words as fit."""
    lines = _last_words(group.first.row.output)
    shown = lines[-most:]
    while True:
        text = _told(group, shown, len(lines) - len(shown))
        if size(text) <= room:
            return Section(text, size(text), whole=len(shown) >= min(len(lines), most))
        if not shown:
            return None
        shown = shown[len(shown) // 2 + 1 :]


def _told(group: Group, shown: Sequence[str], left_out: int) -> Markup:
    row = group.first.row
    return render(
        "failure.md.j2",
        group=group,
        took=words.lasted(row.started_at, row.ended_at),
        output=fenced(shown) if shown else Markup(""),
        left_out=left_out,
    )


def _last_words(text: str) -> list[str]:
    plain = TERMINAL_CODES.sub("", text).replace("\r\n", "\n").strip("\n")
    return [raw(line, LONGEST_LINE).rstrip() for line in plain.split("\n")] if plain.strip() else []
