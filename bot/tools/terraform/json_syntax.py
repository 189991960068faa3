"""Terraform's JSON syntax as far as blocks go: a key may stand there twice, and a list of objects for an object.

Source: hashicorp/hcl, json/spec.md.
"""

import json
from collections.abc import Iterator
from typing import Any


def parse(text: bytes) -> Any:
    """The document; objects are tuples of pairs, numbers are text. Raises ValueError or RecursionError."""
    return json.loads(text, object_pairs_hook=tuple, parse_int=str, parse_float=str)


def parse_blocks(text: bytes) -> Any:
    """The document, empty where the text cannot be read: the tool says why."""
    try:
        return parse(text)
    except (ValueError, RecursionError):
        return ()


def pairs(body: Any) -> Iterator[tuple[str, Any]]:
    """Keys and what they hold, of an object or of a list of them."""
    for node in body if isinstance(body, list) else (body,):
        yield from node if isinstance(node, tuple) else ()


def children(body: Any, name: str) -> Iterator[Any]:
    """What stands under the name, in an object or in a list of them."""
    return (child for key, child in pairs(body) if key == name)


def to_builtin(body: Any) -> Any:
    """The same in lists and dictionaries."""
    if isinstance(body, tuple):
        return {key: to_builtin(child) for key, child in body}
    return [to_builtin(element) for element in body] if isinstance(body, list) else body
