"""A plan as a terminal shows it: each change with its lines, what was noticed, and the counts last."""

import dataclasses
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from bot.core.plan import Content, Counts

COLOURS = {"+": "green", "-": "red", "!": "yellow", " ": "default"}
SAID = {
    "create": "to create",
    "change": "to change",
    "replace": "to replace",
    "destroy": "to destroy",
    "imports": "to import",
    "moves": "to move",
    "forget": "to forget",
    "read": "to read",
    "outputs": "output(s) changed",
    "checks": "check(s) failed",
    "unknown": "unknown",
    "rendered": "difference(s) rendered",
}


def show(out: TextIO, content: "Content") -> None:
    from rich.console import Console
    from rich.text import Text

    from bot.server.words import seen

    console = Console(file=out, highlight=False, soft_wrap=True)

    def line(text: str, style: str = "default") -> None:
        console.print(Text(str(seen(text)), style=style))

    for change in (*content.changes, *content.outputs):
        line(f"\n{change.action.value} {change.address}", "bold")
        for its in change.lines:
            line(f"{its.marker} {its.text}", COLOURS.get(its.marker, "default"))
    for notice in content.notices:
        line(f"\n{notice.severity.value}: {notice.summary} {notice.where}\n{notice.detail}", "yellow")
    for note in content.notes:
        line(f"\n{note}" if note == content.notes[0] else note)
    line(f"\n{counted(content.counts)}")


def counted(counts: "Counts") -> str:
    """`1 to create, 2 to destroy`, or that there is nothing."""
    named = {field.name: getattr(counts, field.name) for field in dataclasses.fields(counts)}
    words = (f"{n} {SAID.get(name, name).replace('(s)', 's' * (n > 1))}" for name, n in named.items() if n)
    return ", ".join(words) or "no changes"
