"""Picks fields of the tool's JSON by their kind. Called by what reads a plan; never guesses at what is not there.

What is absent or null is empty; what is of another kind than the format says is a failure of the tool, by name.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from bot.core.errors import ToolFailed

T = TypeVar("T")
Node = Mapping[str, Any]


def node(parent: Node, key: str) -> Node:
    """An object. Raises ToolFailed for another kind, as do all below."""
    return require_kind({} if parent.get(key) is None else parent[key], dict, key)


def nodes(parent: Node, key: str) -> list[Node]:
    """A list of objects."""
    return [require_kind(child, dict, key) for child in sequence(parent, key)]


def sequence(parent: Node, key: str) -> Sequence[Any]:
    """A list of anything."""
    return require_kind([] if parent.get(key) is None else parent[key], list, key)


def node_map(parent: Node, key: str) -> dict[str, Node]:
    """An object of objects."""
    return {name: require_kind(child, dict, f"{key}.{name}") for name, child in node(parent, key).items()}


def text(parent: Node, key: str) -> str:
    """A string."""
    return require_kind("" if parent.get(key) is None else parent[key], str, key)


def texts(parent: Node, key: str) -> tuple[str, ...]:
    """A list of strings."""
    return tuple(require_kind(element, str, key) for element in sequence(parent, key))


def paths(parent: Node, key: str) -> list[list[Any]]:
    """A list of paths, each a list of keys and indices."""
    return [require_kind(path, list, key) for path in sequence(parent, key)]


def flag(parent: Node, key: str, absent: bool) -> bool:
    """A boolean; `absent` where there is none."""
    return bool(require_kind(absent if parent.get(key) is None else parent[key], bool, key))


def require_kind(value: Any, kind: type[T], label: str) -> T:
    """The value, if it is of that kind. Raises ToolFailed otherwise, which names it and never quotes it."""
    if isinstance(value, kind):
        return value
    raise ToolFailed(f"the plan's JSON cannot be read: {label[:80]} is no {kind.__name__}")
