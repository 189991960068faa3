"""What a comment command says of itself: options, whom it obeys, its words in `/help` and in the documents.

A file of `jobs/` that people may ask for declares one as `COMMAND`; `jobs.vocabulary` collects them by file name. Pure.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.pull import Role


@dataclass(frozen=True, slots=True)
class Option:
    """What may follow a command. `field` is what it fills: a field of `Selection`, or `sha`.

    `spellings` begin with hyphens; without any it is a word of its own. Without `placeholder` no value follows.
    """

    field: str
    spellings: tuple[str, ...] = ()
    placeholder: str = ""
    meaning: str = ""


NAMES = Option("names", ("-p", "--project"), "NAME", "name")
DIRS = Option("dirs", ("-d", "--dir"), "DIR", "directory")
WORKSPACES = Option("workspaces", ("-w", "--workspace"), "NAME", "workspace")
SELECTION = (NAMES, DIRS, WORKSPACES)
CONFIRM = Option("confirmed", ("--confirm",), "KIND/NAME")
DESTROY = Option("destroy", ("--destroy",))
COMMIT = Option("sha")


@dataclass(frozen=True, slots=True)
class Example:
    """A comment and what it does, a sentence of Markdown without its period: a row wherever commands are listed."""

    comment: str
    effect: str


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command; its name is its file's, and what it promises is the job that the file's `run` does.

    `examples` begin with the command alone; `page` is what docs/commands.md tells beyond them. `rank` orders lists.
    `free_text`: whatever follows is ignored.
    """

    examples: tuple[Example, ...]
    options: tuple[Option, ...] = ()
    role: Role = Role.WRITE
    page: str = ""
    rank: int = 60
    free_text: bool = False

    @property
    def selects(self) -> bool:
        """Projects may be chosen."""
        return NAMES in self.options


Vocabulary = Mapping[str, CommandSpec]
"""Commands by name, in the order in which lists show them."""


def access_rule(vocabulary: Vocabulary) -> str:
    """Say in Markdown whom commands obey."""
    free = " and ".join(f"`/{name}`" for name, spec in vocabulary.items() if spec.role is Role.NONE)
    special = [(name, spec.role) for name, spec in vocabulary.items() if spec.role not in (Role.NONE, Role.WRITE)]
    exceptions = (f" `/{name}` needs {role.name.lower()} access." for name, role in special)
    return f"All{' but ' if free else ''}{free} need write access.{''.join(exceptions)}"


def choose(option: Option, value: str) -> str:
    """The words that choose this in a comment, so that it is read as one value, whatever it begins with."""
    short, long = option.spellings
    return f"{long}={shlex.quote(value)}" if value.startswith("-") else f"{short} {shlex.quote(value)}"
