"""A plan as a terminal shows it: each change with its lines, what was noticed, and the counts last."""

from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from bot.core.plan import Content, Counts

COLOURS = {"+": "green", "-": "red", "!": "yellow", " ": "default"}


def show(out: TextIO, content: "Content", name: str = "") -> None:
    """`name` stands above it where there are several."""
    from rich.console import Console
    from rich.text import Text

    from bot.cli.call import printable

    console = Console(file=out, highlight=False, soft_wrap=True)

    def line(text: str, style: str = "default") -> None:
        console.print(Text(printable(text), style=style))

    if name:
        line(f"── {name}", "bold")
    for change in (*content.changes, *content.outputs):
        line(f"\n{change.action.value} {change.address}", "bold")
        for its in change.lines:
            line(f"{its.marker} {its.text}", COLOURS.get(its.marker, "default"))
    for notice in content.notices:
        line(f"\n{notice.severity.value}: {notice.summary} {notice.where}\n{notice.detail}", "yellow")
    for note in content.notes:
        line(f"\n{note}" if note == content.notes[0] else note)
    line(f"\n{counted(content.counts)}" + "\n" * bool(name))


def counted(counts: "Counts") -> str:
    """`1 to create, 2 to destroy`, or that there is nothing: the words of a comment, and what is to be read."""
    from bot.templates.words import told

    words = [told(counts), f"{counts.read:,} to read" if counts.read else ""]
    return ", ".join(word for word in words if word) or "no changes"
