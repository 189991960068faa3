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
SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
Node = Mapping[str, Any]


def parse(text: str, label: str) -> Node:
    """One JSON object. Raises ToolFailed for anything else."""
    try:
        document = json.loads(text)
        if SURROGATE_ESCAPE.search(text):
            document = json.loads(json.dumps(document, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError) as error:
        raise ToolFailed(f"{label} is no JSON that can be read", text[:200]) from error
    return _require_kind(document, dict, label)


def node(parent: Node, key: str) -> Node:
    """An object. Raises ToolFailed for another kind, as do all below."""
    return _require_kind({} if parent.get(key) is None else parent[key], dict, key)


def nodes(parent: Node, key: str) -> list[Node]:
    """A list of objects."""
    return [_require_kind(child, dict, key) for child in sequence(parent, key)]


def sequence(parent: Node, key: str) -> Sequence[Any]:
    """A list of anything."""
    return _require_kind([] if parent.get(key) is None else parent[key], list, key)


def node_map(parent: Node, key: str) -> dict[str, Node]:
    """An object of objects."""
    return {name: _require_kind(child, dict, f"{key}.{name}") for name, child in node(parent, key).items()}


def text(parent: Node, key: str) -> str:
    """A string."""
    return _require_kind("" if parent.get(key) is None else parent[key], str, key)


def texts(parent: Node, key: str) -> tuple[str, ...]:
    """A list of strings."""
    return tuple(_require_kind(element, str, key) for element in sequence(parent, key))


def paths(parent: Node, key: str) -> list[list[Any]]:
    """A list of paths, each a list of keys and indices."""
    return [_require_kind(path, list, key) for path in sequence(parent, key)]


def flag(parent: Node, key: str, absent: bool) -> bool:
    """A boolean; `absent` where there is none."""
    return bool(_require_kind(absent if parent.get(key) is None else parent[key], bool, key))


def _require_kind(value: Any, kind: type[T], label: str) -> T:
    if isinstance(value, kind):
        return value
    raise ToolFailed(f"the plan's JSON cannot be read: {label[:80]} is no {kind.__name__}")
