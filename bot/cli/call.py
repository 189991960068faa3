"""What a command is called with, and how it prints: tables on a terminal, plain lines when piped, JSON when asked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from bot.config.settings import Settings
    from bot.store import Store


@dataclass(frozen=True)
class Call:
    """`options` are argparse's; `user` is the name of who called, for the record."""

    options: Mapping[str, Any]
    environment: Mapping[str, str]
    cwd: Path
    user: str
    out: TextIO

    @cached_property
    def settings(self) -> "Settings":
        """Raises Refused with everything that is wrong."""
        from bot.config.settings import Settings

        return Settings.load(self.environment, self.cwd, self.options.get("config"))

    def store(self) -> "Store":
        from bot.wiring import opened_store

        return opened_store(self.settings)

    def say(self, text: str) -> None:
        self.out.write(f"{text}\n")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Rows under their columns, in the form that fits where they go."""
        if self.options.get("json"):
            self.say(json.dumps([dict(zip(columns, row, strict=True)) for row in rows], indent=2))
        elif self.out.isatty():
            self._drawn(columns, rows)
        else:
            for row in rows:
                self.say("\t".join(row))

    def _drawn(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        from rich.console import Console
        from rich.table import Table

        table = Table(*columns, box=None, header_style="bold")
        for row in rows:
            table.add_row(*row)
        Console(file=self.out).print(table)
