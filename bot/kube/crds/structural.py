"""Whether a schema can be read as one at all, for authors write definitions too. `schema` asks before it reads one."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.kube.crds.definition import ALTERNATIVES, parts


def malformed(schema: Mapping[str, Any]) -> str | None:
    """The field and the keyword of the first part that is no OpenAPI at all; nothing else may read such a schema."""
    for path, part in parts(schema):  # each is looked at before what is in it
        for keyword, fits in _SHAPES.items():
            if part.get(keyword) is not None and not fits(part[keyword]):
                return f"{keyword} of {path or 'the object'}"
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(one, Mapping) for one in value.values())


def _is_list_of(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(isinstance(one, kind) for one in value)


_SHAPES: Mapping[str, Callable[[Any], bool]] = {
    "properties": _is_table,
    "items": lambda value: isinstance(value, Mapping),
    "not": lambda value: isinstance(value, Mapping),
    "additionalProperties": lambda value: isinstance(value, Mapping | bool),
    **dict.fromkeys(ALTERNATIVES, _is_list_of(Mapping)),
    **dict.fromkeys(("required", "x-kubernetes-list-map-keys"), _is_list_of(str)),
    "enum": lambda value: isinstance(value, list),
    **dict.fromkeys(("minimum", "maximum", "multipleOf"), _is_number),
    **dict.fromkeys(
        (f"{end}{what}" for end in ("min", "max") for what in ("Length", "Items", "Properties")), _is_number
    ),
    **dict.fromkeys(("type", "pattern", "format"), lambda value: isinstance(value, str)),
}
