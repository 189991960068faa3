"""What is folded below the table: a group's diff, or how it failed, as large as it may be. Called by `fit` only.

Cut by whole objects, never within a fence; what was left out is counted beside it, with a link to the full text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from bot.core.plan import Action, Change, Content
from bot.templates import wording
from bot.templates.diff import Block, change_block, drift_block, join_blocks, output_block
from bot.templates.escape import TERMINAL_CODES, code_block, fence_line
from bot.templates.groups import ProjectGroup
from bot.templates.render import render

FENCE_BYTES = 64
OMISSION_BYTES = 400
OUTPUTS_TITLE = "  Outputs:"
MAX_DRIFT = 50
MAX_OUTPUT_LINES = 60
MIN_OUTPUT_LINES = 15
MAX_LINE_LENGTH = 400


@dataclass(frozen=True, slots=True)
class RenderedSection:
    """Rendered. `complete` tells that nothing was left out for want of room; `size` is in bytes."""

    text: Markup
    size: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What a section shows, and what it does not: objects by action, outputs, and attributes that are left out.

    `shortened` are objects whose attributes were left out for want of room alone.
    """

    objects: tuple[Block, ...] = ()
    outputs: tuple[Block, ...] = ()
    omitted: tuple[Action, ...] = ()
    omitted_outputs: int = 0
    omitted_drift: int = 0
    shortened: int = 0

    @property
    def lines(self) -> list[str]:
        """The diff, outputs at its end under a title of their own."""
        outputs = [Block((OUTPUTS_TITLE, *join_blocks(self.outputs)), 0)] if self.outputs else []
        return join_blocks([*self.objects, *outputs])

    @property
    def complete(self) -> bool:
        """Nothing was left out for want of room."""
        return not (self.omitted or self.omitted_outputs or self.omitted_drift or self.shortened)

    @property
    def omissions(self) -> list[str]:
        """What is not shown, in words: `2 objects (1 to change, 1 to create)`."""
        bare = sum(block.hidden_lines > 0 for block in (*self.objects, *self.outputs))
        cut = sum(block.cut_lines for block in (*self.objects, *self.outputs))
        omissions = [
            f"{wording.quantity(len(self.omitted), 'object')} ({wording.describe_actions(self.omitted)})"
            if self.omitted
            else "",
            wording.quantity(self.omitted_outputs, "output") if self.omitted_outputs else "",
            f"the attributes of {wording.quantity(bare, 'object')}" if bare else "",
            f"the rest of {wording.quantity(cut, 'long line')}" if cut else "",
            f"{wording.quantity(self.omitted_drift, 'object')} changed outside of the tool"
            if self.omitted_drift
            else "",
        ]
        return [omission for omission in omissions if omission]


def render_section(group: ProjectGroup, room: int, *, full: bool = True) -> RenderedSection | None:
    """Render the group within the room (bytes); None when not even its frame fits. Not full: what is plain is bare."""
    if group.content is None:
        return _failure_section(group, room, MAX_OUTPUT_LINES if full else MIN_OUTPUT_LINES)
    drift = _render_drift(group.content, room)
    remaining = room - byte_size(_render_plan(group, Excerpt(), drift)) - FENCE_BYTES - OMISSION_BYTES
    if remaining < 0:
        return None
    excerpt = _excerpt(group.content, remaining, full)
    excerpt = excerpt if drift else replace(excerpt, omitted_drift=len(group.content.drift))
    text = _render_plan(group, excerpt, drift)
    return RenderedSection(text, byte_size(text), excerpt.complete)


def byte_size(text: str) -> int:
    """Return the length in bytes of UTF-8, as hosts count it."""
    return len(text.encode())


def _render_plan(group: ProjectGroup, excerpt: Excerpt, drift: Markup) -> Markup:
    row, lines = group.first.row, excerpt.lines
    return render(
        "section.md.j2",
        group=group,
        content=group.content,
        duration=wording.format_duration(row.started_at, row.ended_at),
        diff=code_block(lines, "diff") if lines else Markup(""),
        left_out=excerpt.omissions,
        drift=drift,
        max_drift=MAX_DRIFT,
    )


def _render_drift(content: Content, room: int) -> Markup:
    """What changed outside; nothing where it would take more than a quarter of the room."""
    if not content.drift:
        return Markup("")
    text = code_block(join_blocks(drift_block(change) for change in content.drift[:MAX_DRIFT]), "diff")
    return text if byte_size(text) <= room // 4 else Markup("")


def _excerpt(content: Content, room: int, full: bool) -> Excerpt:
    """Objects by risk, then outputs, as many as fit; those whose attributes do not fit are shown without."""
    changes = sorted(content.changes, key=lambda change: wording.RISK_RANK[change.action])
    objects, shortened, room = _fit_blocks(changes, room, lambda change: change_block(change, bare=not full))
    outputs, shortened_outputs, _ = _fit_blocks(content.outputs, room - len(OUTPUTS_TITLE) - 2, output_block)
    return Excerpt(
        objects=tuple(objects),
        outputs=tuple(outputs),
        omitted=tuple(change.action for change in changes[len(objects) :]),
        omitted_outputs=len(content.outputs) - len(outputs),
        shortened=shortened + shortened_outputs,
    )


def _fit_blocks(
    changes: Sequence[Change], room: int, make_block: Callable[[Change], Block]
) -> tuple[list[Block], int, int]:
    """The first ones that fit into the room, how many of them without their attributes, and the room that is left."""
    blocks: list[Block] = []
    shortened = 0
    for change in changes:
        block = make_block(change)
        if block.size > room:
            block = Block(block.lines[:1], byte_size(block.lines[0]) + 2, block.hidden_lines + len(block.lines) - 1)
            shortened += 1
        if block.size > room:
            break
        blocks.append(block)
        room -= block.size
    return blocks, shortened, room


def _failure_section(group: ProjectGroup, room: int, max_lines: int) -> RenderedSection | None:
    """How it failed: the reason, and as many of the tool's last words as fit."""
    lines = _output_lines(group.first.row.output)
    tail = lines[-max_lines:]
    while True:
        text = _render_failure(group, tail, len(lines) - len(tail))
        if byte_size(text) <= room:
            return RenderedSection(text, byte_size(text), complete=len(tail) >= min(len(lines), max_lines))
        if not tail:
            return None
        tail = tail[len(tail) // 2 + 1 :]


def _render_failure(group: ProjectGroup, tail: Sequence[str], left_out: int) -> Markup:
    row = group.first.row
    return render(
        "failure.md.j2",
        group=group,
        duration=wording.format_duration(row.started_at, row.ended_at),
        output=code_block(tail) if tail else Markup(""),
        left_out=left_out,
    )


def _output_lines(text: str) -> list[str]:
    plain = TERMINAL_CODES.sub("", text).replace("\r\n", "\n").strip("\n")
    return [fence_line(line, MAX_LINE_LENGTH).rstrip() for line in plain.split("\n")] if plain.strip() else []
