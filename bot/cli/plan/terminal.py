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

    def print_line(text: str, style: str = "default") -> None:
        console.print(Text(printable(text), style=style))

    if name:
        print_line(f"── {name}", "bold")
    for change in (*content.changes, *content.outputs):
        print_line(f"\n{change.action.value} {change.address}", "bold")
        for line in change.lines:
            print_line(f"{line.marker} {line.text}", COLOURS.get(line.marker, "default"))
    for notice in content.notices:
        print_line(f"\n{notice.severity.value}: {notice.summary} {notice.where}\n{notice.detail}", "yellow")
    for note in content.notes:
        print_line(f"\n{note}" if note == content.notes[0] else note)
    print_line(f"\n{render_counts(content.counts)}" + "\n" * bool(name))


def render_counts(counts: "Counts") -> str:
    """`1 to create, 2 to destroy`, or that there is nothing: the words of a comment, and what is to be read."""
    from bot.templates.wording import describe_counts

    parts = [describe_counts(counts), f"{counts.read:,} to read" if counts.read else ""]
    return ", ".join(word for word in parts if word) or "no changes"
