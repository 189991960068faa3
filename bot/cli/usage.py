"""How a command is declared: what the help says, its exit codes, one example. Every command's file calls it.

Imports nothing that is heavy, since `--help` asks every command.
"""

import argparse
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from argparse import _SubParsersAction

GOOD, FAILED, CHANGES, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130
PROGRAM = "gitops-bot"
WIDTH = 100


class Parser(argparse.ArgumentParser):
    """Misuse is refused like everything else that the asker can mend: 2 is kept for `plan`, which found changes."""

    def error(self, message: str) -> NoReturn:
        """Print the message and exit with REFUSED."""
        self.print_usage(sys.stderr)
        self.exit(REFUSED, f"{PROGRAM}: {message}\n")


@dataclass(frozen=True)
class Usage:
    """`summary` stands in the list of commands; `text` says what it does, in paragraphs; `exits` are its codes."""

    summary: str
    text: str
    exits: Mapping[int, str]
    example: str


class Subcommands:
    """The commands of a parser, to which files add theirs. `dest` is the option that tells which was chosen."""

    def __init__(self, top: Parser, dest: str = "command", metavar: str = "COMMAND", title: str = "commands") -> None:
        self._choices: _SubParsersAction[Parser] = top.add_subparsers(
            dest=dest, required=True, metavar=metavar, title=title, help=f"one of these {title}"
        )

    def add(self, name: str, usage: Usage) -> Parser:
        """The command's own parser, for its options."""
        codes = "\n".join(f"  {code:<3} {meaning}" for code, meaning in usage.exits.items())
        return self._choices.add_parser(
            name,
            help=usage.summary,
            description=_fill(usage.text),
            epilog=f"exit codes:\n{codes}\n\nexample:\n  {usage.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )


def _fill(text: str) -> str:
    """Paragraphs, broken anew at one width."""
    return "\n\n".join(textwrap.fill(" ".join(paragraph.split()), WIDTH) for paragraph in text.split("\n\n"))
