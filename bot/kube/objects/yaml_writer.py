"""A value as YAML for people: what a plan shows of an object. Called by `field_diff`. Never read by a machine. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

LEADING_KEYS = ("apiVersion", "kind", "metadata", "type", "spec")
_NAMES = ("name", "namespace")

_PLAIN = re.compile(r"[A-Za-z0-9_./\u2022-][A-Za-z0-9_./:@%+=,() \u2022*-]*")
_NEEDS_QUOTES = re.compile(
    r"y|yes|n|no|true|false|on|off|null|[-+.]?[0-9][0-9_.,:a-fA-FxXoO+-]*|-{1,3}(?: .*)?|\.(?:inf|nan)", re.IGNORECASE
)


def value_text(value: Any) -> str:
    """Write a text as it is; a number, a list or a table as YAML of as many lines as it needs."""
    return value if isinstance(value, str) else "\n".join(_value_lines(value))


def object_text(body: Mapping[str, Any]) -> str:
    """Write a whole object: what says which one it is comes first, the rest by its name."""
    rest = sorted(key for key in body if key not in LEADING_KEYS)
    ordered = {key: body[key] for key in (*LEADING_KEYS, *rest) if key in body}
    if isinstance(metadata := ordered.get("metadata"), Mapping):
        names = [key for key in _NAMES if key in metadata]
        ordered["metadata"] = {key: metadata[key] for key in (*names, *(k for k in metadata if k not in names))}
    return "\n".join(_value_lines(ordered))


def scalar_text(value: Any) -> str:
    """Write a scalar in one line, quoted where it would be taken for something else."""
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and not _NEEDS_QUOTES.fullmatch(value) and not value.endswith((":", " "))
        return value if plain and ": " not in value else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False, default=str)


def _value_lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _mapping_lines(f"{scalar_text(key)}:", item)
    elif isinstance(value, list) and value:
        for item in value:
            yield from _list_lines(item)
    else:
        yield "" if value is None else scalar_text(value)


def _mapping_lines(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, str) and "\n" in value.rstrip("\n"):
        yield f"{key} {_block_header(value)}"
        for line in value.rstrip("\n").split("\n"):
            yield f"  {line}" if line else ""
    elif isinstance(value, Mapping | list) and value:
        yield key
        indent = "  " if isinstance(value, Mapping) else ""
        for line in _value_lines(value):
            yield indent + line
    else:
        yield f"{key} {scalar_text(value)}"


def _list_lines(value: Any) -> Iterator[str]:
    if isinstance(value, str) and "\n" in value.rstrip("\n"):
        yield from _mapping_lines("-", value)
        return
    prefix = "- "
    for line in _value_lines(value):
        yield prefix + line
        prefix = "  "


def _block_header(text: str) -> str:
    """The head of a block of lines, which says how many line breaks end it."""
    ends = len(text) - len(text.rstrip("\n"))
    return ("|-", "|", "|+")[min(ends, 2)]
