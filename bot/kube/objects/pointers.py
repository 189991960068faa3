"""Leave fields out of an object by JSON pointers. Called for `ignore:` and for what others own. Pure.

A step is a key, a place, `*` for every item or key, or an item by what it holds: `[name=web]`,
`[port=80,protocol=TCP]`, and `[=text]` for a text in a list of texts.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_BY_KEYS = re.compile(r"\[([^=\]]*=[^\]]*)\]")


def without(body: Mapping[str, Any], pointers: Iterable[str]) -> dict[str, Any]:
    """The body without what the pointers lead to; what holds it stays, if empty. Those that lead nowhere do nothing."""
    left: Any = body
    for pointer in pointers:
        steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
        if steps:
            left = _without(left, steps)
    return dict(left) if isinstance(left, Mapping) else {}


def _without(value: Any, steps: list[str]) -> Any:
    step, rest = steps[0], steps[1:]
    if isinstance(value, Mapping):
        chosen = set(value) if step == "*" else {step}
        kept = {key: item for key, item in value.items() if rest or key not in chosen}
        return {key: _without(item, rest) if key in chosen else item for key, item in kept.items()}
    if isinstance(value, list):
        found = [(item, _is_meant(item, place, step)) for place, item in enumerate(value)]
        return [_without(item, rest) if meant else item for item, meant in found if rest or not meant]
    return value


def _is_meant(item: Any, place: int, step: str) -> bool:
    if step in ("*", str(place)):
        return True
    match = _BY_KEYS.fullmatch(step)
    if match is None:
        return False
    if match[1].startswith("="):
        return bool(item == match[1][1:])
    wanted = [pair.partition("=") for pair in match[1].split(",")]
    return isinstance(item, Mapping) and all(_held(item, key) == value for key, _, value in wanted)


def _held(item: Mapping[str, Any], key: str) -> str:
    return str(item.get(key, "TCP" if key == "protocol" else ""))
