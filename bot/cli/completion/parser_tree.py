"""The argument parser as completion sees it: at each level the options and what may stand there. Read by `completion`.

A level is the command line's words so far: none, `plan`, `cluster check`.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Value(Enum):
    """What a value is, as far as a shell can offer it."""

    NONE = "none"
    WORDS = "words"
    FILE = "file"
    DIRECTORY = "directory"
    ANY = "any"


@dataclass(frozen=True)
class Given:
    """The value of an option or an argument; `words` are the choices."""

    kind: Value
    words: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Option:
    flags: tuple[str, ...]
    help: str
    value: Given


@dataclass(frozen=True)
class Level:
    """`words` lead here; `deeper` lead on, with a line on each; `argument` is what else may stand, once or `many`."""

    words: tuple[str, ...]
    options: tuple[Option, ...]
    deeper: Mapping[str, str]
    argument: Given
    many: bool


def levels(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[Level]:
    """The level of this parser, and all below it."""
    options, argument, many = [], Given(Value.NONE), False
    below: dict[str, argparse.ArgumentParser] = {}
    told: dict[str, str] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            below = dict(action.choices)
            told = {choice.dest: choice.help or "" for choice in action._choices_actions}
        elif action.option_strings:
            options.append(Option(tuple(action.option_strings), _help(action), _given(action)))
        else:
            argument, many = _given(action), action.nargs in ("*", "+")
    yield Level(words, tuple(options), told, argument, many)
    for name, inner in below.items():
        yield from levels(inner, (*words, name))


def _given(action: argparse.Action) -> Given:
    """What the action takes: nothing where it is a switch."""
    name = str(action.metavar or action.dest)
    if action.nargs == 0:
        return Given(Value.NONE)
    if action.choices:
        return Given(Value.WORDS, tuple(map(str, action.choices)), name)
    if action.type is not Path:
        return Given(Value.ANY, (), name)
    return Given(Value.DIRECTORY if action.dest == "dir" else Value.FILE, (), name)


def _help(action: argparse.Action) -> str:
    """Its help as argparse would print it, in one line."""
    return " ".join(((action.help or "") % vars(action)).split())
