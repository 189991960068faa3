"""The argument parser as completion sees it: at each level the options and what may stand there. Read by `completion`.

A level is the command line's words so far: none, `plan`, `cluster check`.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class ValueKind(Enum):
    """What a value is, as far as a shell can offer it."""

    NONE = "none"
    WORDS = "words"
    FILE = "file"
    DIRECTORY = "directory"
    ANY = "any"


@dataclass(frozen=True)
class ValueSpec:
    """The value of an option or an argument."""

    kind: ValueKind
    choices: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class ShellOption:
    """A flag in all its spellings, with a line of help."""

    flags: tuple[str, ...]
    help: str
    value: ValueSpec


@dataclass(frozen=True)
class CommandLevel:
    """`path` is the words that lead here; `subcommands` lead on, by word, with a line on each.

    `argument` is what else may stand there, once or (`repeatable`) several times.
    """

    path: tuple[str, ...]
    options: tuple[ShellOption, ...]
    subcommands: Mapping[str, str]
    argument: ValueSpec
    repeatable: bool


def levels(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[CommandLevel]:
    """The level of this parser, and all below it."""
    options, argument, repeatable = [], ValueSpec(ValueKind.NONE), False
    parsers: dict[str, argparse.ArgumentParser] = {}
    summaries: dict[str, str] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            parsers = dict(action.choices)
            summaries = {choice.dest: choice.help or "" for choice in action._choices_actions}
        elif action.option_strings:
            options.append(ShellOption(tuple(action.option_strings), _help_line(action), _value_spec(action)))
        else:
            argument, repeatable = _value_spec(action), action.nargs in ("*", "+")
    yield CommandLevel(path, tuple(options), summaries, argument, repeatable)
    for name, subparser in parsers.items():
        yield from levels(subparser, (*path, name))


def _value_spec(action: argparse.Action) -> ValueSpec:
    """What the action takes: nothing where it is a switch."""
    name = str(action.metavar or action.dest)
    if action.nargs == 0:
        return ValueSpec(ValueKind.NONE)
    if action.choices:
        return ValueSpec(ValueKind.WORDS, tuple(map(str, action.choices)), name)
    if action.type is not Path:
        return ValueSpec(ValueKind.ANY, (), name)
    return ValueSpec(ValueKind.DIRECTORY if action.dest == "dir" else ValueKind.FILE, (), name)


def _help_line(action: argparse.Action) -> str:
    """Its help as argparse would print it, in one line."""
    return " ".join(((action.help or "") % vars(action)).split())
