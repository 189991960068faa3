"""Judges custom resources by a CustomResourceDefinition of the same pull request, before any cluster knows it.

Called by the differ. Pure: what only a cluster can say (CEL rules, webhooks) is named by `unchecked`, not guessed. The
rules are those of apiextensions-apiserver: prune, default, validate by OpenAPI v3. No sentence repeats a value.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import re2  # type: ignore[import-untyped]  # it comes without types

from bot.kube.crds.definition import (
    EMBEDDED,
    Schema,
    apply_defaults,
    fill_defaults,
    join_path,
    schema_for,
    schema_of_field,
    serves_kind,
    unknown_fields,
    version_of,
    walk_schema,
)
from bot.kube.crds.formats import CHECKED_FORMATS, fits_format
from bot.kube.crds.object_meta import envelope_problems
from bot.kube.crds.schema_syntax import find_malformed
from bot.kube.objects.body import Body
from bot.kube.objects.kube_object import ObjectRef, object_of

__all__ = ["apply_defaults", "find_invalidated", "find_problems", "serves_kind", "find_unchecked"]

MAX_PROBLEMS = 20

Problems = Iterator[str]

_TYPE_NOUNS = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
_RE2_OPTIONS = re2.Options()
_RE2_OPTIONS.log_errors = False


def find_problems(body: Body, crd: Body) -> tuple[str, ...]:
    """Say why a server with this definition would refuse the body: sentences with the field's path, at most 20."""
    schema = schema_for(crd, version_of(body))
    if not serves_kind(crd, str(body.get("apiVersion")), str(body.get("kind"))):
        return (f"apiVersion: {body.get('kind')} of {body.get('apiVersion')} is not served by this definition",)
    if schema is not None and (malformed_keyword := find_malformed(schema)):
        return (f"the definition's schema cannot be read: {malformed_keyword}",)
    unknown_problems = (f"{path}: is not known to the definition" for path in unknown_fields(body, schema))
    return _limit([*unknown_problems, *_body_problems(body, crd, schema)])


def find_invalidated(live_bodies: Sequence[Body], crd: Body) -> tuple[tuple[ObjectRef, tuple[str, ...]], ...]:
    """Find, among objects of a cluster, those which this definition makes invalid or takes fields from, with sentences.

    Nothing where the definition cannot be read, which the server says better.
    """
    invalidated = []
    for body in live_bodies:
        schema = schema_for(crd, version_of(body))
        if schema is not None and find_malformed(schema):
            return ()
        dropped = (f"{path}: is no longer known, and is dropped" for path in unknown_fields(body, schema))
        if problems := _limit([*_body_problems(body, crd, schema), *dropped]):
            invalidated.append((object_of(body).ref, problems))
    return tuple(invalidated)


def find_unchecked(crd: Body, version: str) -> tuple[str, ...]:
    """Say what of a version's schema is not judged here."""
    schema = schema_for(crd, version) or {}
    nodes = [] if find_malformed(schema) else list(walk_schema(schema))
    rules = [path or "the object" for path, node in nodes if node.get("x-kubernetes-validations")]
    formats = [node["format"] for _, node in nodes if node.get("format") and node["format"] not in CHECKED_FORMATS]
    patterns = [path for path, node in nodes if node.get("pattern") and _compile_pattern(node["pattern"]) is None]
    gaps = (
        ("rules in CEL (x-kubernetes-validations) are not evaluated, of", rules),
        ("formats are not checked:", formats),
        ("patterns cannot be read, of", patterns),
    )
    return tuple(f"{sentence} {', '.join(dict.fromkeys(names))}" for sentence, names in gaps if names)


def _body_problems(body: Body, crd: Body, schema: Schema | None) -> Problems:
    yield from envelope_problems(body, "")
    if schema is not None:
        complete = fill_defaults(body, crd)
        yield from _value_problems(complete, schema, "")
        yield from _structure_problems(complete, schema, "")


def _limit(problems: list[str]) -> tuple[str, ...]:
    distinct = list(dict.fromkeys(problems))
    remainder = (f"and {len(distinct) - MAX_PROBLEMS:,} more",) if len(distinct) > MAX_PROBLEMS else ()
    return (*distinct[:MAX_PROBLEMS], *remainder)


def _value_problems(value: Any, schema: Schema, path: str) -> Problems:
    """What the schema says against a value, wherever in a schema it stands."""
    types = _types(schema)
    if types and not (value is None and schema.get("nullable")) and not _is_of_types(value, types):
        expected = " or ".join(_TYPE_NOUNS.get(name, name) for name in types)
        yield f"{path or 'the object'}: must be {expected}, not {_type_noun(value)}"
        return
    if "enum" in schema and not any(_equal(value, allowed) for allowed in schema["enum"] or ()):
        yield f"{path}: must be one of {', '.join(json.dumps(allowed) for allowed in schema['enum'] or ())}"
    if value is not None:
        yield from _alternative_problems(value, schema, path)
        yield from _CHECKS.get(_type_of(value), _no_problems)(value, schema, path)


def _alternative_problems(value: Any, schema: Schema, path: str) -> Problems:
    where = path or "the object"
    for subschema in schema.get("allOf") or ():
        yield from _value_problems(value, subschema, path)
    if options := schema.get("anyOf"):
        problems_by_option = [list(_value_problems(value, option, path)) for option in options]
        if all(problems_by_option):
            yield f"{where}: fits none of {len(options)} alternatives (anyOf)"
            yield from min(problems_by_option, key=len)
    if options := schema.get("oneOf"):
        problems_by_option = [list(_value_problems(value, option, path)) for option in options]
        fitting = sum(not problems for problems in problems_by_option)
        if fitting != 1:
            yield f"{where}: must fit exactly one of {len(options)} alternatives (oneOf), and fits {fitting or 'none'}"
            yield from min(problems_by_option, key=len)
    if (subschema := schema.get("not")) is not None and not any(True for _ in _value_problems(value, subschema, path)):
        yield f"{where}: fits what it must not (not)"


def _object_problems(value: Mapping[str, Any], schema: Schema, path: str) -> Problems:
    yield from _size_problems(len(value), schema, path, "Properties", "fields")
    for key in schema.get("required") or ():
        if key not in value:
            yield f"{join_path(path, key)}: is required"
    for key, item in value.items():
        field_schema = schema_of_field(schema, key)
        if field_schema is not None:
            yield from _value_problems(item, field_schema, join_path(path, key))


def _list_problems(value: list[Any], schema: Schema, path: str) -> Problems:
    yield from _size_problems(len(value), schema, path, "Items", "items")
    items = schema.get("items")
    for index, item in enumerate(value if isinstance(items, Mapping) else ()):
        yield from _value_problems(item, items or {}, f"{path}[{index}]")
    if schema.get("uniqueItems") and _has_duplicates(value):
        yield f"{path}: holds an item twice"


def _text_problems(value: str, schema: Schema, path: str) -> Problems:
    yield from _size_problems(len(value), schema, path, "Length", "characters")
    pattern = schema.get("pattern")
    compiled = _compile_pattern(pattern) if pattern else None
    if compiled is not None and compiled.search(value) is None:
        yield f"{path}: must match the pattern {pattern}"
    if (name := schema.get("format")) and not fits_format(value, str(name)):
        yield f"{path}: must be of the format {name}"


def _number_problems(value: int | float, schema: Schema, path: str) -> Problems:
    minimum, maximum, factor = (schema.get(key) for key in ("minimum", "maximum", "multipleOf"))
    bits = 31 if schema.get("format") == "int32" and schema.get("type") == "integer" else 63
    if not -(2**bits) <= value < 2**bits and (_types(schema) == ("integer",) or isinstance(value, int)):
        yield f"{path}: does not fit into {bits + 1} bits"
        return
    if minimum is not None and (value < minimum or (schema.get("exclusiveMinimum") and value == minimum)):
        yield f"{path}: must be {'more than' if schema.get('exclusiveMinimum') else 'at least'} {minimum}"
    if maximum is not None and (value > maximum or (schema.get("exclusiveMaximum") and value == maximum)):
        yield f"{path}: must be {'less than' if schema.get('exclusiveMaximum') else 'at most'} {maximum}"
    if factor and not float(value / factor).is_integer():
        yield f"{path}: must be a multiple of {factor}"


def _size_problems(size: int, schema: Schema, path: str, suffix: str, noun: str) -> Problems:
    minimum, maximum = schema.get(f"min{suffix}"), schema.get(f"max{suffix}")
    if minimum is not None and size < minimum:
        yield f"{path or 'the object'}: must have at least {minimum} {noun}, and has {size:,}"
    if maximum is not None and size > maximum:
        yield f"{path or 'the object'}: must have at most {maximum} {noun}, and has {size:,}"


def _no_problems(value: Any, schema: Schema, path: str) -> Problems:
    return iter(())


_CHECKS: Mapping[str, Callable[[Any, Schema, str], Problems]] = {
    "object": _object_problems,
    "array": _list_problems,
    "string": _text_problems,
    "integer": _number_problems,
    "number": _number_problems,
}


def _structure_problems(value: Any, schema: Schema | None, path: str) -> Problems:
    """What Kubernetes adds to OpenAPI: objects within objects, lists that are sets or tables."""
    if schema is None:
        return
    if isinstance(value, Mapping):
        if schema.get(EMBEDDED) and path:
            yield from envelope_problems(value, path)
        for key, item in value.items():
            yield from _structure_problems(item, schema_of_field(schema, key), join_path(path, key))
    if isinstance(value, list):
        keys = schema.get("x-kubernetes-list-map-keys") or ()
        list_type = schema.get("x-kubernetes-list-type")
        if list_type == "set" and _has_duplicates(value):
            yield f"{path}: is a set, and holds an item twice"
        if list_type == "map" and _has_duplicates([_map_key(item, keys) for item in value]):
            yield f"{path}: holds two items with the same {', '.join(keys)}"
        for index, item in enumerate(value):
            yield from _structure_problems(item, schema.get("items"), f"{path}[{index}]")


def _map_key(item: Any, keys: Sequence[str]) -> Any:
    return {key: item[key] for key in keys if key in item} if isinstance(item, Mapping) else item


def _has_duplicates(items: list[Any]) -> bool:
    canonical = [json.dumps(item, sort_keys=True, default=str) for item in items]
    return len(set(canonical)) < len(canonical)


def _types(schema: Schema) -> tuple[str, ...]:
    if schema.get("x-kubernetes-int-or-string"):
        return ("integer", "string")
    return (str(schema["type"]),) if schema.get("type") else ()


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    kinds = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "object")


def _is_of_types(value: Any, types: Sequence[str]) -> bool:
    type_name = _type_of(value)
    if type_name == "integer" and "number" in types:
        return True
    return type_name in types or (type_name == "number" and "integer" in types and float(value).is_integer())


def _type_noun(value: Any) -> str:
    return _TYPE_NOUNS[_type_of(value)]


def _equal(first: Any, second: Any) -> bool:
    """`1` and `1.0` are the same number; `true` is none."""
    return isinstance(first, bool) == isinstance(second, bool) and bool(first == second)


def _compile_pattern(pattern: str) -> Any:
    """By RE2, which reads what Go reads, and whose time no pattern of an author's can blow up; None if it cannot."""
    try:
        return re2.compile(pattern, _RE2_OPTIONS)
    except re2.error:
        return None
