"""JSON pointers, and how fields are left out of an object by them. Called for `ignore:` and for what others own. Pure.

A step is a key, a place, `*` for every item or key, or an item by what it holds: `[name=web]`,
`[port=80,protocol=TCP]`, and `[=text]` for a text in a list of texts.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_BY_KEYS = re.compile(r"\[([^=\]]*=[^\]]*)\]")


def pointer_steps(pointer: str) -> list[str]:
    """Split a pointer into its steps. Source: RFC 6901."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def escape_step(step: str) -> str:
    """Write a step as it stands in a pointer."""
    return step.replace("~", "~0").replace("/", "~1")


def drop_fields(body: Mapping[str, Any], pointers: Iterable[str]) -> dict[str, Any]:
    """Drop what the pointers lead to from a body; what holds it stays, if empty. Those that lead nowhere do nothing."""
    remaining: Any = body
    for pointer in pointers:
        if steps := pointer_steps(pointer):
            remaining = _drop(remaining, steps)
    return dict(remaining) if isinstance(remaining, Mapping) else {}


def _drop(value: Any, steps: list[str]) -> Any:
    step, rest = steps[0], steps[1:]
    if isinstance(value, Mapping):
        matching = set(value) if step == "*" else {step}
        retained = {key: item for key, item in value.items() if rest or key not in matching}
        return {key: _drop(item, rest) if key in matching else item for key, item in retained.items()}
    if isinstance(value, list):
        matches = [(item, _matches_step(item, index, step)) for index, item in enumerate(value)]
        return [_drop(item, rest) if matched else item for item, matched in matches if rest or not matched]
    return value


def _matches_step(item: Any, index: int, step: str) -> bool:
    if step in ("*", str(index)):
        return True
    match = _BY_KEYS.fullmatch(step)
    if match is None:
        return False
    if match[1].startswith("="):
        return bool(item == match[1][1:])
    selector = [pair.partition("=") for pair in match[1].split(",")]
    return isinstance(item, Mapping) and all(_field_text(item, key) == value for key, _, value in selector)


def _field_text(item: Mapping[str, Any], key: str) -> str:
    return str(item.get(key, "TCP" if key == "protocol" else ""))
