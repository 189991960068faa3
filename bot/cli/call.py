"""What a command is called with, and how it prints: tables on a terminal, plain lines when piped, JSON when asked."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from bot.cli.usage import PROGRAM

if TYPE_CHECKING:
    from bot.config.settings import Settings
    from bot.store import Store

NO_TEXT = re.compile("[\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Call:
    """`options` are argparse's; `user` is the name of who called, for the record."""

    options: Mapping[str, Any]
    environment: Mapping[str, str]
    cwd: Path
    user: str
    out: TextIO
    err: TextIO

    @cached_property
    def settings(self) -> "Settings":
        """Raises Refused with everything that is wrong."""
        from bot.config.settings import Settings

        return Settings.load(self.environment, self.cwd, self.options.get("config"))

    def store(self) -> "Store":
        """The store that a server has worked in. Raises Refused where there is none, and makes none."""
        from bot.cli.existing_store import open_store

        return open_store(self.settings)

    def say(self, text: str) -> None:
        """Print a line."""
        self.out.write(f"{text}\n")
        self.out.flush()

    def progress(self, text: str) -> None:
        """What takes a while, for who sits at a terminal."""
        if self.err.isatty():
            self.err.write(f"{text}\n")

    def complain(self, text: str, output: str = "") -> None:
        """What went wrong, and the last words of whatever it went wrong in."""
        self.out.flush()
        self.err.write(f"{PROGRAM}: {printable(text)}\n")
        if output.strip():
            self.err.write(f"{printable(output.rstrip())}\n")

    def json(self, value: object) -> None:
        """Print JSON."""
        self.say(json.dumps(value, indent=2))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], empty: str = "") -> None:
        """Rows under their headings, in the form that fits where they go; `empty` is said where there are none."""
        if self.options.get("json"):
            self.json(json_rows(columns, rows))
        elif not rows:
            self.say(empty)
        elif self.out.isatty():
            self._draw_table(columns, rows)
        else:
            for row in ([column.upper() for column in columns], *rows):
                self.say("\t".join(one_line(cell) for cell in row))

    def _draw_table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(*(column.upper() for column in columns), box=None, header_style="bold")
        for row in rows:
            table.add_row(*(Text(one_line(cell), overflow="fold") for cell in row))
        Console(file=self.out).print(table)


def json_rows(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """Rows as JSON has them: `asked by` is the key `asked_by`."""
    keys = [column.replace(" ", "_") for column in columns]
    return [dict(zip(keys, row, strict=True)) for row in rows]


def one_line(cell: str) -> str:
    """One line without what a terminal would obey: names and notes come from pull requests."""
    return printable(" ".join(cell.split()))


def printable(text: str) -> str:
    """Text as it may be shown anywhere: what a terminal would obey, and bytes that are no text, made visible."""
    from bot.server.formatting import make_visible

    return NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", str(make_visible(text)))
