"""Whether two values of one field are the same to Kubernetes: `1000m` of CPU is 1. Called by `field_diff`. Pure."""

import re
from decimal import Decimal
from typing import Any

_QUANTITY_MAPS = frozenset(
    {"limits", "requests", "capacity", "hard", "default", "defaultRequest", "max", "min", "podFixed"}
)
_QUANTITY_FIELDS = frozenset({"cpu", "memory", "storage", "ephemeral-storage", "sizeLimit", "averageValue", "divisor"})
# What holds texts of the author's choosing.
_FREE_TEXT = frozenset({"data", "stringData", "binaryData", "metadata", "annotations", "labels"})

_QUANTITY = re.compile(r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]{1,3}))?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {f"{suffix}i": 10 * power for power, suffix in enumerate("KMGTPE", 1)}


def is_same(old: Any, new: Any, path: tuple[object, ...]) -> bool:
    """Compare as Kubernetes does: numbers and texts stay apart, as in IntOrString unless `path` leads to quantities."""
    if type(old) is type(new) and old == new:
        return True
    if isinstance(old, bool) or isinstance(new, bool):
        return False
    if isinstance(old, int | float) and isinstance(new, int | float) and old == new:
        return True
    if not _is_quantity(path):
        return False
    amount = _parse_quantity(old)
    return amount is not None and amount == _parse_quantity(new)


def _is_quantity(path: tuple[object, ...]) -> bool:
    if _FREE_TEXT.intersection(step for step in path if isinstance(step, str)):
        return False
    return path[-1:] != () and (path[-1] in _QUANTITY_FIELDS or path[-2:-1] != () and path[-2] in _QUANTITY_MAPS)


def _parse_quantity(value: Any) -> Decimal | None:
    if not isinstance(value, str | int | float):
        return None
    match = _QUANTITY.fullmatch(str(value))
    if match is None:
        return None
    number, suffix, power = match.groups()
    if suffix in _BINARY:
        return Decimal(number) * Decimal(2) ** _BINARY[suffix]
    return Decimal(number).scaleb(int(power) if power else _DECIMAL.get(suffix, 0))
