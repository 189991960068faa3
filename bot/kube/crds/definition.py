"""CustomResourceDefinitions as data: which kinds one serves, and what the API server makes of a body by its schema.

Called by `validation`. Pure. Only what lies at the schema's structure counts here (properties, additionalProperties,
items), as it does for pruning and defaulting in the API server; `allOf` and the like are none of its business.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.kube.objects.body import Body

Schema = Mapping[str, Any]

ENVELOPE = frozenset({"apiVersion", "kind", "metadata"})
PRESERVE_UNKNOWN = "x-kubernetes-preserve-unknown-fields"
EMBEDDED = "x-kubernetes-embedded-resource"
ALTERNATIVES = ("allOf", "anyOf", "oneOf")

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_$-]+")


def serves_kind(crd: Body, api_version: str, kind: str) -> bool:
    """Tell whether this definition makes that kind known in that version."""
    group, _, version = api_version.rpartition("/")
    spec = _mapping(crd, "spec")
    defines_kind = _mapping(spec, "names").get("kind") == kind and spec.get("group") == group
    return defines_kind and any(served.get("name") == version and served.get("served") for served in _versions(crd))


def schema_for(crd: Body, version: str) -> Schema | None:
    """Return the schema of a version (`v1`), well-formed or not; None where it has none and accepts everything."""
    spec = _mapping(crd, "spec")
    spec_of_version = next((candidate for candidate in _versions(crd) if candidate.get("name") == version), {})
    schema = (_mapping(spec_of_version, "schema") or _mapping(spec, "validation")).get("openAPIV3Schema")
    if not isinstance(schema, Mapping):
        return None
    preserves = {PRESERVE_UNKNOWN: True} if spec.get("preserveUnknownFields") is True else {}
    return {**schema, **preserves, EMBEDDED: True}


def version_of(body: Body) -> str:
    """Return the version without its group: `v1`."""
    return str(body.get("apiVersion") or "").rpartition("/")[2]


def apply_defaults(body: Body, crd: Body) -> dict[str, Any]:
    """Complete the body as the server keeps it: nulls that may not be one are left out."""
    stored = fill_defaults(body, crd)
    _drop_nulls(stored, schema_for(crd, version_of(body)))
    return stored


def fill_defaults(body: Body, crd: Body) -> dict[str, Any]:
    """Complete the body as it is judged, with all defaults."""
    complete = copy.deepcopy(dict(body))
    _fill(complete, schema_for(crd, version_of(body)))
    return complete


def unknown_fields(value: Any, schema: Schema | None, path: str = "") -> Iterator[str]:
    """Yield the paths of fields that the schema does not know, which the server would drop.

    Below what keeps unknown fields nothing is said, as server-side apply says nothing there.
    """
    if schema is None or schema.get(PRESERVE_UNKNOWN) or not isinstance(value, Mapping | list):
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from unknown_fields(item, schema.get("items"), f"{path}[{index}]")
        return
    for key, item in value.items():
        if schema.get(EMBEDDED) and key in ENVELOPE:
            continue
        field_schema = schema_of_field(schema, key)
        if field_schema is not None:
            yield from unknown_fields(item, field_schema, join_path(path, key))
        else:
            yield join_path(path, key)


def schema_of_field(schema: Schema | None, key: str) -> Schema | None:
    """Return the schema of an object's field, `{}` where everything goes; None where there is no such field."""
    if schema is None:
        return None
    property_schema = (schema.get("properties") or {}).get(key)
    if property_schema is not None:
        return dict(property_schema)
    additional = schema.get("additionalProperties")
    if isinstance(additional, Mapping):
        return additional
    return {PRESERVE_UNKNOWN: True} if additional is True else None


def join_path(path: str, key: str) -> str:
    """Return the path of a field below another: `spec.size`, `data["a b"]`."""
    if _PLAIN_KEY.fullmatch(key):
        return f"{path}.{key}" if path else key
    return f'{path}["{key}"]'


def walk_schema(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Yield every schema within one, itself included, with the path of the field that it is for."""
    yield path, schema
    nodes = [(join_path(path, key), node) for key, node in (schema.get("properties") or {}).items()]
    nodes += [(f"{path}[*]", schema.get(key)) for key in ("items", "additionalProperties")]
    nodes += [(path, node) for key in ALTERNATIVES for node in schema.get(key) or ()]
    nodes.append((path, schema.get("not")))
    for subpath, node in nodes:
        if isinstance(node, Mapping):
            yield from walk_schema(node, subpath)


def _versions(crd: Body) -> list[Mapping[str, Any]]:
    versions = _mapping(crd, "spec").get("versions")
    return [version for version in versions if isinstance(version, Mapping)] if isinstance(versions, list) else []


def _mapping(body: Body, key: str) -> Body:
    value = body.get(key)
    return value if isinstance(value, Mapping) else {}


def _fill(value: Any, schema: Schema | None) -> None:
    """Fill in what is left out, in place: outer defaults first, for inner ones complete them."""
    if schema is None:
        return
    if isinstance(value, list):
        for index in range(len(value)):
            _fill_child(value, index, schema.get("items"))
    elif isinstance(value, dict):
        for key, property_schema in (schema.get("properties") or {}).items():
            if key not in value and property_schema.get("default") is not None:
                value[key] = copy.deepcopy(property_schema["default"])
        for key in value:
            _fill_child(value, key, schema_of_field(schema, key))


def _fill_child(container: Any, key: Any, child_schema: Schema | None) -> None:
    default = (child_schema or {}).get("default")
    if container[key] is None and default is not None and not (child_schema or {}).get("nullable"):
        container[key] = copy.deepcopy(default)
    _fill(container[key], child_schema)


def _drop_nulls(value: Any, schema: Schema | None) -> None:
    if isinstance(value, list):
        for item in value:
            _drop_nulls(item, (schema or {}).get("items"))
    elif isinstance(value, dict):
        for key in list(value):
            field_schema = schema_of_field(schema, key)
            if value[key] is None and field_schema is not None and not field_schema.get("nullable"):
                del value[key]
            else:
                _drop_nulls(value[key], field_schema)
