"""Picks fields of the tool's JSON by their kind. Called by what reads a plan; never guesses at what is not there.

What is absent or null is empty; what is of another kind than the format says is a failure of the tool, by name.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from bot.core.errors import ToolFailed

T = TypeVar("T")
# An escape that may stand for half of a pair: nothing could write that down.
HALF_A_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")
Row = Mapping[str, Any]


def parsed(text: str, what: str) -> Row:
    """One JSON object. Raises ToolFailed for anything else."""
    try:
        found = json.loads(text)
        if HALF_A_CHARACTER.search(text):
            found = json.loads(json.dumps(found, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError) as error:
        raise ToolFailed(f"{what} is no JSON that can be read", text[:200]) from error
    return _of_kind(found, dict, what)


def row(of: Row, key: str) -> Row:
    return _of_kind({} if of.get(key) is None else of[key], dict, key)


def rows(of: Row, key: str) -> list[Row]:
    return [_of_kind(one, dict, key) for one in sequence(of, key)]


def sequence(of: Row, key: str) -> Sequence[Any]:
    return _of_kind([] if of.get(key) is None else of[key], list, key)


def table(of: Row, key: str) -> dict[str, Row]:
    """An object of objects."""
    return {name: _of_kind(one, dict, f"{key}.{name}") for name, one in row(of, key).items()}


def text(of: Row, key: str) -> str:
    return _of_kind("" if of.get(key) is None else of[key], str, key)


def texts(of: Row, key: str) -> tuple[str, ...]:
    return tuple(_of_kind(one, str, key) for one in sequence(of, key))


def paths(of: Row, key: str) -> list[list[Any]]:
    return [_of_kind(one, list, key) for one in sequence(of, key)]


def flag(of: Row, key: str, absent: bool) -> bool:
    return bool(_of_kind(absent if of.get(key) is None else of[key], bool, key))


def _of_kind(value: Any, kind: type[T], what: str) -> T:
    if isinstance(value, kind):
        return value
    raise ToolFailed(f"the plan's JSON cannot be read: {what[:80]} is no {kind.__name__}")
