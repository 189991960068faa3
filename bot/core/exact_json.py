"""JSON whose numbers keep every digit: a float would round what is compared, shown or digested. Pure.

A number is an `int` where it is a short whole one, else a `Number`; a `float` never comes out of here.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any

PARTS = re.compile(r"(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?")
SHORT = 18  # digits that an int may have: more would be slow, and Python refuses some thousands
WIDEST = 60  # noughts that are written out
# An escape that may stand for half of a pair: nothing could write that down.
SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


class Number:
    """A number as its text, equal to another of the same text."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return self.text


def loads(text: str) -> Any:
    """Read JSON in which equal numbers are equal, however they are written. Raises ValueError, RecursionError.

    Half a character (a lone surrogate) becomes a question mark.
    """
    document = _load(text, canonical_number)
    if SURROGATE_ESCAPE.search(text):
        return _load(dumps(document, readable=True).encode(errors="replace").decode(), canonical_number)
    return document


def load_literally(text: str) -> Any:
    """Read JSON in which numbers are equal when they are written alike. Raises ValueError for a key that is there twice
    as well: what is read here would be the same text again, but for blanks and the order of keys."""
    return _load(text, Number, object_pairs_hook=_unique_keys)


def dumps(value: Any, *, readable: bool = False) -> str:
    """Write JSON, its keys in order: of ASCII and without blanks, or as people like to read it."""
    return _Encoder(encode_basestring, ", ", ": ")(value) if readable else _Encoder(encode_basestring_ascii)(value)


def canonical_number(text: str) -> "int | Number":
    """The number that a JSON text is, the same for `1`, `1.0` and `10e-1`."""
    match = PARTS.fullmatch(text)
    if match is None or len(match[4] or "") > SHORT:
        return Number(text)
    sign, whole, fraction, exponent = match[1], match[2], match[3] or "", int(match[4] or 0)
    digits = (whole + fraction).lstrip("0")
    significant = digits.rstrip("0")
    if not significant:
        return 0
    exponent += len(digits) - len(significant) - len(fraction)
    plain = sign + _decimal(significant, exponent)
    return int(plain) if exponent >= 0 and len(significant) + exponent <= SHORT else Number(plain)


def _decimal(digits: str, exponent: int) -> str:
    """The digits times a power of ten, written out as far as that helps to read it."""
    point = len(digits) + exponent
    if exponent >= 0:
        return digits + "0" * exponent if exponent <= WIDEST else f"{digits}e{exponent}"
    if point > 0:
        return f"{digits[:point]}.{digits[point:]}"
    return f"0.{'0' * -point}{digits}" if -point <= WIDEST else f"{digits}e{exponent}"


def _load(text: str, number: Callable[[str], Any], **hooks: Any) -> Any:
    return json.loads(text, parse_float=number, parse_int=number, parse_constant=_refuse, **hooks)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("a key is there twice")
    return mapping


@dataclass(frozen=True, slots=True)
class _Encoder:
    quote: Callable[[str], str]
    comma: str = ","
    colon: str = ":"

    def __call__(self, value: Any) -> str:
        if isinstance(value, str):
            return self.quote(value)
        if isinstance(value, Mapping):
            members = (f"{self.quote(key)}{self.colon}{self(value[key])}" for key in sorted(value))
            return f"{{{self.comma.join(members)}}}"
        if isinstance(value, list | tuple):
            return f"[{self.comma.join(map(self, value))}]"
        return value.text if isinstance(value, Number) else json.dumps(value)
