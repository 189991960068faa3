"""Whether two values of one field are the same to Kubernetes: `1000m` of CPU is 1. Called by `field_diff`. Pure.

Only where a schema says so: which fields of Kubernetes' own kinds are quantities is written here again, of all other
kinds their definition says it.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

Path = tuple[str, ...]
IsQuantity = Callable[[Path], bool]  # of a field's path, items of lists left out

# What holds quantities of any name, with what holds that.
_QUANTITY_MAPS = frozenset(
    {
        *((holder, table) for holder in ("resources", "containerResources") for table in ("limits", "requests")),
        *(("limits", table) for table in ("default", "defaultRequest", "max", "min", "maxLimitRequestRatio")),
        *(("spec", table) for table in ("capacity", "hard", "overhead")),
        ("overhead", "podFixed"),
    }
)
_QUANTITY_FIELDS = frozenset(
    {
        ("emptyDir", "sizeLimit"),
        ("resourceFieldRef", "divisor"),
        *(("target", field) for field in ("averageValue", "value")),
    }
)
# What holds texts of the author's choosing.
_FREE_TEXT = frozenset({"data", "stringData", "binaryData", "metadata", "annotations", "labels"})

_QUANTITY = re.compile(r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]{1,3}))?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {f"{suffix}i": 10 * power for power, suffix in enumerate("KMGTPE", 1)}


def is_same(old: Any, new: Any, path: Path, is_quantity: IsQuantity) -> bool:
    """Compare as Kubernetes does, however deep: numbers, texts and booleans stay apart, but for quantities."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(is_same(old[key], new[key], (*path, key), is_quantity) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(is_same(*pair, path, is_quantity) for pair in zip(old, new, strict=True))
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if (type(old) is type(new) or (_is_number(old) and _is_number(new))) and old == new:
        return True
    return _are_equal_amounts(old, new) and is_quantity(path)


def is_core_quantity(path: Path) -> bool:
    """Tell whether a field of a kind of Kubernetes' own is a quantity."""
    if _FREE_TEXT.intersection(path):
        return False
    return path[-2:] in _QUANTITY_FIELDS or path[-3:-1] in _QUANTITY_MAPS


def is_quantity_text(scalar: Any) -> bool:
    """Tell whether it can be read as a quantity."""
    return _parse_quantity(scalar) is not None


def _are_equal_amounts(old: Any, new: Any) -> bool:
    amount = _parse_quantity(old)
    return amount is not None and amount == _parse_quantity(new)


def _is_number(scalar: Any) -> bool:
    return isinstance(scalar, int | float) and not isinstance(scalar, bool)


def _parse_quantity(scalar: Any) -> Decimal | None:
    if not isinstance(scalar, str | int | float) or isinstance(scalar, bool):
        return None
    match = _QUANTITY.fullmatch(str(scalar))
    if match is None:
        return None
    number, suffix, power = match.groups()
    if suffix in _BINARY:
        return Decimal(number) * Decimal(2) ** _BINARY[suffix]
    return Decimal(number).scaleb(int(power) if power else _DECIMAL.get(suffix, 0))
