"""Keeps sensitive values out of everything that is shown: by the plan's own masks, and wherever else they occur."""

from collections.abc import Iterator
from typing import Any

SENSITIVE = "(sensitive value)"
SHORTEST = 6


class Hidden:
    """Stands in a value where the plan's mask hides something; equal to another when what they hide is equal."""

    __slots__ = ("_value",)

    def __init__(self, value: object) -> None:
        self._value = repr(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hidden) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return SENSITIVE


class Unknown:
    """Stands where a value is known only after the apply."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "(known after apply)"


def masked(value: Any, mask: Any, unknown: Any = None) -> Any:
    """The value with `Hidden` where the mask says true and `Unknown` where `unknown` does. Masks may be ragged."""
    if mask is True:
        return Hidden(value)
    if unknown is True:
        return Unknown()
    if isinstance(value, dict) or isinstance(unknown, dict):
        whole = value if isinstance(value, dict) else {}
        extra = unknown if isinstance(unknown, dict) else {}
        keys = [*whole, *(key for key in extra if key not in whole and _any(extra[key]))]
        return {key: masked(whole.get(key), _in(mask, key), _in(unknown, key)) for key in keys}
    if isinstance(value, list) or isinstance(unknown, list):
        items = value if isinstance(value, list) else []
        length = max(len(items), len(unknown) if isinstance(unknown, list) else 0)
        return [masked(items[i] if i < len(items) else None, _at(mask, i), _at(unknown, i)) for i in range(length)]
    return value


def secrets(value: Any, mask: Any) -> Iterator[str]:
    """Every text, long enough to be told from others, that the mask hides."""
    if mask is True:
        yield from _texts(value)
    elif isinstance(value, dict) and isinstance(mask, dict):
        for key in value:
            yield from secrets(value[key], mask.get(key))
    elif isinstance(value, list) and isinstance(mask, list):
        for item, its in zip(value, mask, strict=False):
            yield from secrets(item, its)


def without(text: str, hidden: frozenset[str]) -> str:
    """The text with every secret replaced, the longest first."""
    for secret in sorted(hidden, key=len, reverse=True):
        text = text.replace(secret, SENSITIVE)
    return text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        for line in (value, *value.splitlines()):
            if len(line.strip()) >= SHORTEST:
                yield line
    elif isinstance(value, int | float) and not isinstance(value, bool) and len(str(value)) >= SHORTEST:
        yield str(value)


def _any(unknown: Any) -> bool:
    if isinstance(unknown, dict):
        return any(map(_any, unknown.values()))
    return any(map(_any, unknown)) if isinstance(unknown, list) else bool(unknown)


def _in(mask: Any, key: str) -> Any:
    return mask.get(key) if isinstance(mask, dict) else None


def _at(mask: Any, index: int) -> Any:
    return mask[index] if isinstance(mask, list) and index < len(mask) else None
