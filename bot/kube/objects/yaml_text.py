"""A value as YAML for people: what a plan shows of an object. Called by `fields`. Never read by a machine. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

FIRST = ("apiVersion", "kind", "metadata", "type", "spec")
_NAMES = ("name", "namespace")

_PLAIN = re.compile(r"[A-Za-z0-9_./\u2022-][A-Za-z0-9_./:@%+=,() \u2022*-]*")
_NO_TEXT = re.compile(
    r"y|yes|n|no|true|false|on|off|null|[-+.]?[0-9][0-9_.,:a-fA-FxXoO+-]*|-{1,3}(?: .*)?|\.(?:inf|nan)", re.IGNORECASE
)


def text_of(value: Any) -> str:
    """A text as it is; a number, a list or a table as YAML of as many lines as it needs."""
    return value if isinstance(value, str) else "\n".join(_lines(value))


def object_text(body: Mapping[str, Any]) -> str:
    """A whole object: what says which one it is comes first, the rest by its name."""
    rest = sorted(key for key in body if key not in FIRST)
    ordered = {key: body[key] for key in (*FIRST, *rest) if key in body}
    if isinstance(metadata := ordered.get("metadata"), Mapping):
        names = [key for key in _NAMES if key in metadata]
        ordered["metadata"] = {key: metadata[key] for key in (*names, *(k for k in metadata if k not in names))}
    return "\n".join(_lines(ordered))


def scalar(value: Any) -> str:
    """In one line, quoted where it would be taken for something else."""
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and not _NO_TEXT.fullmatch(value) and not value.endswith((":", " "))
        return value if plain and ": " not in value else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False, default=str)


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _entry(f"{scalar(key)}:", item)
    elif isinstance(value, list) and value:
        for item in value:
            yield from _item(item)
    else:
        yield "" if value is None else scalar(value)


def _entry(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, str) and "\n" in value.rstrip("\n"):
        yield f"{key} {_block(value)}"
        for line in value.rstrip("\n").split("\n"):
            yield f"  {line}" if line else ""
    elif isinstance(value, Mapping | list) and value:
        yield key
        indent = "  " if isinstance(value, Mapping) else ""
        for line in _lines(value):
            yield indent + line
    else:
        yield f"{key} {scalar(value)}"


def _item(value: Any) -> Iterator[str]:
    if isinstance(value, str) and "\n" in value.rstrip("\n"):
        yield from _entry("-", value)
        return
    sign = "- "
    for line in _lines(value):
        yield sign + line
        sign = "  "


def _block(text: str) -> str:
    """The head of a block of lines, which says how many line breaks end it."""
    ends = len(text) - len(text.rstrip("\n"))
    return ("|-", "|", "|+")[min(ends, 2)]
