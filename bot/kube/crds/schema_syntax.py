"""Whether a schema can be read as one at all, for authors write definitions too. `validation` asks before it reads."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.kube.crds.definition import ALTERNATIVES, walk_schema


def find_malformed(schema: Mapping[str, Any]) -> str | None:
    """Find the first part that is no OpenAPI at all, its keyword and field; nothing else may read such a schema."""
    for path, subschema in walk_schema(schema):  # each is looked at before what is in it
        for keyword, is_well_formed in _KEYWORD_CHECKS.items():
            if subschema.get(keyword) is not None and not is_well_formed(subschema[keyword]):
                return f"{keyword} of {path or 'the object'}"
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_mapping_of_mappings(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(child, Mapping) for child in value.values())


def _is_list_of(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(isinstance(element, kind) for element in value)


_KEYWORD_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "properties": _is_mapping_of_mappings,
    "items": lambda value: isinstance(value, Mapping),
    "not": lambda value: isinstance(value, Mapping),
    "additionalProperties": lambda value: isinstance(value, Mapping | bool),
    **dict.fromkeys(ALTERNATIVES, _is_list_of(Mapping)),
    **dict.fromkeys(("required", "x-kubernetes-list-map-keys"), _is_list_of(str)),
    "enum": lambda value: isinstance(value, list),
    **dict.fromkeys(("minimum", "maximum", "multipleOf"), _is_number),
    **dict.fromkeys(
        (f"{bound}{measure}" for bound in ("min", "max") for measure in ("Length", "Items", "Properties")), _is_number
    ),
    **dict.fromkeys(("type", "pattern", "format"), lambda value: isinstance(value, str)),
}
