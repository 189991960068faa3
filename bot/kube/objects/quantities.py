"""Whether two values of one field are the same to Kubernetes: `1000m` of CPU is 1. Called by `fields`. Pure."""

import re
from decimal import Decimal
from typing import Any

_TABLES = frozenset({"limits", "requests", "capacity", "hard", "default", "defaultRequest", "max", "min", "podFixed"})
_NAMES = frozenset({"cpu", "memory", "storage", "ephemeral-storage", "sizeLimit", "averageValue", "divisor"})
# What holds texts of the author's choosing.
_TEXTS = frozenset({"data", "stringData", "binaryData", "metadata", "annotations", "labels"})

_QUANTITY = re.compile(r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]{1,3}))?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {f"{sign}i": 10 * power for power, sign in enumerate("KMGTPE", 1)}


def same(old: Any, new: Any, path: tuple[object, ...]) -> bool:
    """Numbers and texts stay apart, as in IntOrString, but where the path leads to a quantity."""
    if type(old) is type(new) and old == new:
        return True
    if isinstance(old, bool) or isinstance(new, bool):
        return False
    if isinstance(old, int | float) and isinstance(new, int | float) and old == new:
        return True
    if not _is_quantity(path):
        return False
    amount = _amount(old)
    return amount is not None and amount == _amount(new)


def _is_quantity(path: tuple[object, ...]) -> bool:
    if _TEXTS.intersection(step for step in path if isinstance(step, str)):
        return False
    return path[-1:] != () and (path[-1] in _NAMES or path[-2:-1] != () and path[-2] in _TABLES)


def _amount(value: Any) -> Decimal | None:
    if not isinstance(value, str | int | float):
        return None
    match = _QUANTITY.fullmatch(str(value))
    if match is None:
        return None
    number, sign, power = match.groups()
    if sign in _BINARY:
        return Decimal(number) * Decimal(2) ** _BINARY[sign]
    return Decimal(number).scaleb(int(power) if power else _DECIMAL.get(sign, 0))
