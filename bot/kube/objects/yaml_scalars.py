"""What a plain YAML scalar means to Kubernetes, which is not what it means to PyYAML. Called by `yaml_reader`.

The rules are those of sigs.k8s.io/yaml, which kubectl, Helm and the API server share: `22:22` and dates are text,
`yes`, `on` and `y` are booleans, `1e5` and `0o17` are numbers. Never guesses: whatever is nothing else is text.
"""

import base64
import binascii
import re

Scalar = str | int | float | bool | None

_KEYWORDS: dict[str, bool | None] = {
    **{form: True for word in ("y", "yes", "true", "on") for form in (word, word.capitalize(), word.upper())},
    **{form: False for word in ("n", "no", "false", "off") for form in (word, word.capitalize(), word.upper())},
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_INT = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASES = {"x": 16, "b": 2, "o": 8}
_TAG = "tag:yaml.org,2002:"


def resolve_plain(text: str) -> Scalar:
    """Return the value of an unquoted scalar. Raises ValueError for what JSON cannot hold."""
    if text in _KEYWORDS:
        return _KEYWORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is no number that an object can hold")
    return _parse_number(text)


def resolve_tagged(tag: str, text: str) -> Scalar:
    """Return the value of a scalar with an explicit tag. Raises ValueError for one that Kubernetes does not know."""
    kind = tag.removeprefix(_TAG)
    if kind in ("str", "!") or not tag.startswith(_TAG):
        return text
    if kind == "binary":
        return _decode_binary(text)
    value = resolve_plain(text)
    if kind == "float" and isinstance(value, int):
        return value
    if kind not in ("int", "float", "bool", "null") or type(value).__name__.replace("NoneType", "null") != kind:
        raise ValueError(f"the value is not what its tag !!{kind} says")
    return value


def key_text(value: Scalar) -> str:
    """Write a key as JSON has it: always text. Raises ValueError for null."""
    if value is None:
        raise ValueError("a key is null")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _parse_number(text: str) -> Scalar:
    digits = text if text[0] == "." else text.replace("_", "")
    if _INT.fullmatch(digits) and -(2**63) <= (number := _parse_int(digits)) < 2**64:
        return number
    if not _FLOAT.fullmatch(digits):
        return text
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        return text
    return int(value) if value.is_integer() and abs(value) < 2**63 else value


def _parse_int(digits: str) -> int:
    sign, bare = (-1 if digits[0] == "-" else 1), digits.lstrip("+-").lower()
    if bare[0] != "0" or len(bare) == 1:
        return sign * int(bare) if len(bare) < 25 else 2**64
    return sign * int(bare.lstrip("0xbo") or "0", _BASES.get(bare[1], 8)) if len(bare) < 80 else 2**64


def _decode_binary(text: str) -> str:
    try:
        return base64.b64decode(text).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("!!binary does not hold text") from error
