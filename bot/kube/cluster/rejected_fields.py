"""Which fields a server means that says what it cannot decode but not where. Called by `refusals`. Pure.

Server-side apply answers so to quantities, base64, moments and numbers that it cannot read.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.kube.objects.quantities import is_core_quantity, is_quantity_text

MAX_FIELDS = 5

_REJECTED_TEXT = re.compile(r'"((?:[^"\\]|\\.)+)"|\bnumber (\S+)')
_WORD = re.compile(r"[A-Za-z0-9_-]+")
_BLANKS = re.compile(r"\s+")

Steps = tuple[str, ...]


def rejected_fields(message: str, body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the paths of the fields that the message speaks of; none where that cannot be told, or of too many."""
    is_rejected = _criterion(message, str(body.get("kind")))
    leaves = _leaves(body, "", ())
    paths = tuple(path for path, steps, scalar in leaves if is_rejected(steps, scalar))
    return paths if len(paths) <= MAX_FIELDS else ()


def _criterion(message: str, kind: str) -> Callable[[Steps, Any], bool]:
    """Whether the message speaks of a field, given in steps, with what it holds."""
    if "quantities must match" in message or "unable to parse quantity" in message:
        return lambda steps, scalar: is_core_quantity(steps) and not is_quantity_text(scalar)
    if "base64" in message:
        return lambda steps, scalar: _holds_base64(steps, kind) and not _is_base64(scalar)
    if "convert float64 to int" in message:
        return lambda steps, scalar: isinstance(scalar, float)
    texts = {match[1] or match[2] for match in _REJECTED_TEXT.finditer(message)}
    return lambda steps, scalar: str(scalar) in texts and steps[0] not in ("apiVersion", "kind")


def _holds_base64(steps: Steps, kind: str) -> bool:
    return steps[0] == "binaryData" or steps[-1] == "caBundle" or (steps[0] == "data" and kind == "Secret")


def _is_base64(scalar: Any) -> bool:
    try:
        base64.b64decode(_BLANKS.sub("", str(scalar)), validate=True)
    except ValueError:
        return False
    return True


def _leaves(node: Any, path: str, steps: Steps) -> Iterator[tuple[str, Steps, Any]]:
    """Every scalar with its path for people, and in steps without the items of lists."""
    if isinstance(node, Mapping):
        for key, child in node.items():
            step = f".{key}" if _WORD.fullmatch(key) else f"[{key}]"
            yield from _leaves(child, (path + step).removeprefix("."), (*steps, key))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            name = child.get("name") if isinstance(child, Mapping) else None
            yield from _leaves(child, f"{path}[{name if isinstance(name, str) else index}]", steps)
    elif node is not None:
        yield path, steps, node
