"""CustomResourceDefinitions as data: which kinds one serves, and what the API server makes of a body by its schema.

Called by `schema`. Pure. Only what lies at the schema's structure counts here (properties, additionalProperties,
items), as it does for pruning and defaulting in the API server; `allOf` and the like are none of its business.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

Body = Mapping[str, Any]
Schema = Mapping[str, Any]

ENVELOPE = frozenset({"apiVersion", "kind", "metadata"})
PRESERVES = "x-kubernetes-preserve-unknown-fields"
EMBEDDED = "x-kubernetes-embedded-resource"
ALTERNATIVES = ("allOf", "anyOf", "oneOf")

_WORD = re.compile(r"[A-Za-z0-9_$-]+")


def serves(crd: Body, api_version: str, kind: str) -> bool:
    """Whether this definition makes that kind known in that version."""
    group, _, version = api_version.rpartition("/")
    spec = _table(crd, "spec")
    known = _table(spec, "names").get("kind") == kind and spec.get("group") == group
    return known and any(one.get("name") == version and one.get("served") for one in _versions(crd))


def structure(crd: Body, version: str) -> Schema | None:
    """The schema of a version (`v1`), see `shapes`; None where it has none and accepts everything."""
    spec = _table(crd, "spec")
    found = next((one for one in _versions(crd) if one.get("name") == version), {})
    given = (_table(found, "schema") or _table(spec, "validation")).get("openAPIV3Schema")
    if not isinstance(given, Mapping):
        return None
    preserves = {PRESERVES: True} if spec.get("preserveUnknownFields") is True else {}
    return {**given, **preserves, EMBEDDED: True}


def version_of(body: Body) -> str:
    return str(body.get("apiVersion") or "").rpartition("/")[2]


def defaulted(body: Body, crd: Body) -> dict[str, Any]:
    """The body as the server completes and keeps it: nulls that may not be one are left out."""
    made = completed(body, crd)
    _drop_nulls(made, structure(crd, version_of(body)))
    return made


def completed(body: Body, crd: Body) -> dict[str, Any]:
    """The body as it is judged, with all defaults."""
    made = copy.deepcopy(dict(body))
    _complete(made, structure(crd, version_of(body)))
    return made


def strangers(value: Any, schema: Schema | None, path: str = "") -> Iterator[str]:
    """The paths of fields that the schema does not know, which the server would drop.

    Below what keeps unknown fields nothing is said, as server-side apply says nothing there.
    """
    if schema is None or schema.get(PRESERVES) or not isinstance(value, Mapping | list):
        return
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from strangers(item, schema.get("items"), f"{path}[{number}]")
        return
    for key, item in value.items():
        if schema.get(EMBEDDED) and key in ENVELOPE:
            continue
        known = inner(schema, key)
        if known is not None:
            yield from strangers(item, known, below(path, key))
        else:
            yield below(path, key)


def inner(schema: Schema | None, key: str) -> Schema | None:
    """The schema of an object's field, `{}` where everything goes; None where there is no such field."""
    if schema is None:
        return None
    named = (schema.get("properties") or {}).get(key)
    if named is not None:
        return dict(named)
    others = schema.get("additionalProperties")
    if isinstance(others, Mapping):
        return others
    return {PRESERVES: True} if others is True else None


def below(path: str, key: str) -> str:
    if _WORD.fullmatch(key):
        return f"{path}.{key}" if path else key
    return f'{path}["{key}"]'


def parts(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every schema within one, itself included, with the path of the field that it is for."""
    yield path, schema
    inside = [(below(path, key), part) for key, part in (schema.get("properties") or {}).items()]
    inside += [(f"{path}[*]", schema.get(key)) for key in ("items", "additionalProperties")]
    inside += [(path, part) for key in ALTERNATIVES for part in schema.get(key) or ()]
    inside.append((path, schema.get("not")))
    for where, part in inside:
        if isinstance(part, Mapping):
            yield from parts(part, where)


def _versions(crd: Body) -> list[Mapping[str, Any]]:
    given = _table(crd, "spec").get("versions")
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []


def _table(body: Body, key: str) -> Body:
    value = body.get(key)
    return value if isinstance(value, Mapping) else {}


def _complete(value: Any, schema: Schema | None) -> None:
    """Fill in what is left out, in place: outer defaults first, for inner ones complete them."""
    if schema is None:
        return
    if isinstance(value, list):
        for number in range(len(value)):
            _complete_at(value, number, schema.get("items"))
    elif isinstance(value, dict):
        for key, known in (schema.get("properties") or {}).items():
            if key not in value and known.get("default") is not None:
                value[key] = copy.deepcopy(known["default"])
        for key in value:
            _complete_at(value, key, inner(schema, key))


def _complete_at(value: Any, place: Any, known: Schema | None) -> None:
    default = (known or {}).get("default")
    if value[place] is None and default is not None and not (known or {}).get("nullable"):
        value[place] = copy.deepcopy(default)
    _complete(value[place], known)


def _drop_nulls(value: Any, schema: Schema | None) -> None:
    if isinstance(value, list):
        for item in value:
            _drop_nulls(item, (schema or {}).get("items"))
    elif isinstance(value, dict):
        for key in list(value):
            known = inner(schema, key)
            if value[key] is None and known is not None and not known.get("nullable"):
                del value[key]
            else:
                _drop_nulls(value[key], known)
