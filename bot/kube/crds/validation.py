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
    below,
    completed,
    defaulted,
    inner,
    parts,
    serves,
    strangers,
    structure,
    version_of,
)
from bot.kube.crds.formats import CHECKED, fits
from bot.kube.crds.object_meta import wrong_envelope
from bot.kube.crds.structural import malformed
from bot.kube.objects.model import Ref, object_of

__all__ = ["defaulted", "made_invalid", "problems", "serves", "unchecked"]

MOST = 20

Body = Mapping[str, Any]
Schema = Mapping[str, Any]
Wrong = Iterator[str]

_NOUNS = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


def problems(body: Body, crd: Body) -> tuple[str, ...]:
    """Why a server with this definition would refuse the body, each a sentence with the field's path; at most 20."""
    schema = structure(crd, version_of(body))
    if not serves(crd, str(body.get("apiVersion")), str(body.get("kind"))):
        return (f"apiVersion: {body.get('kind')} of {body.get('apiVersion')} is not served by this definition",)
    if schema is not None and (what := malformed(schema)):
        return (f"the definition's schema cannot be read: {what}",)
    unknown = (f"{path}: is not known to the definition" for path in strangers(body, schema))
    return _first([*unknown, *_invalid(body, crd, schema)])


def made_invalid(live: Sequence[Body], crd: Body) -> tuple[tuple[Ref, tuple[str, ...]], ...]:
    """Of objects that are in a cluster, those which this definition makes invalid or takes fields from.

    Nothing where the definition cannot be read, which the server says better.
    """
    found = []
    for body in live:
        schema = structure(crd, version_of(body))
        if schema is not None and malformed(schema):
            return ()
        lost = (f"{path}: is no longer known, and is dropped" for path in strangers(body, schema))
        if why := _first([*_invalid(body, crd, schema), *lost]):
            found.append((object_of(body).ref, why))
    return tuple(found)


def unchecked(crd: Body, version: str) -> tuple[str, ...]:
    """What of a version's schema is not judged here, in words."""
    schema = structure(crd, version) or {}
    every = [] if malformed(schema) else list(parts(schema))
    rules = [path or "the object" for path, part in every if part.get("x-kubernetes-validations")]
    formats = [part["format"] for _, part in every if part.get("format") and part["format"] not in CHECKED]
    patterns = [path for path, part in every if part.get("pattern") and _compiled(part["pattern"]) is None]
    said = (
        ("rules in CEL (x-kubernetes-validations) are not evaluated, of", rules),
        ("formats are not checked:", formats),
        ("patterns cannot be read, of", patterns),
    )
    return tuple(f"{words} {', '.join(dict.fromkeys(found))}" for words, found in said if found)


def _invalid(body: Body, crd: Body, schema: Schema | None) -> Wrong:
    yield from wrong_envelope(body, "")
    if schema is not None:
        whole = completed(body, crd)
        yield from _wrong(whole, schema, "")
        yield from _wrong_structure(whole, schema, "")


def _first(found: list[str]) -> tuple[str, ...]:
    once = list(dict.fromkeys(found))
    more = (f"and {len(once) - MOST:,} more",) if len(once) > MOST else ()
    return (*once[:MOST], *more)


def _wrong(value: Any, schema: Schema, path: str) -> Wrong:
    """What the schema says against a value, wherever in a schema it stands."""
    types = _types(schema)
    if types and not (value is None and schema.get("nullable")) and not _is_of(value, types):
        yield f"{path or 'the object'}: must be {' or '.join(_NOUNS.get(t, t) for t in types)}, not {_noun(value)}"
        return
    if "enum" in schema and not any(_equal(value, one) for one in schema["enum"] or ()):
        yield f"{path}: must be one of {', '.join(json.dumps(one) for one in schema['enum'] or ())}"
    if value is not None:
        yield from _wrong_alternatives(value, schema, path)
        yield from _CHECKS.get(_type_of(value), _nothing)(value, schema, path)


def _wrong_alternatives(value: Any, schema: Schema, path: str) -> Wrong:
    where = path or "the object"
    for part in schema.get("allOf") or ():
        yield from _wrong(value, part, path)
    if options := schema.get("anyOf"):
        tried = [list(_wrong(value, part, path)) for part in options]
        if all(tried):
            yield f"{where}: fits none of {len(options)} alternatives (anyOf)"
            yield from min(tried, key=len)
    if options := schema.get("oneOf"):
        tried = [list(_wrong(value, part, path)) for part in options]
        fitting = sum(not one for one in tried)
        if fitting != 1:
            yield f"{where}: must fit exactly one of {len(options)} alternatives (oneOf), and fits {fitting or 'none'}"
            yield from min(tried, key=len)
    if (part := schema.get("not")) is not None and not any(True for _ in _wrong(value, part, path)):
        yield f"{where}: fits what it must not (not)"


def _wrong_object(value: Mapping[str, Any], schema: Schema, path: str) -> Wrong:
    yield from _wrong_size(len(value), schema, path, "Properties", "fields")
    for key in schema.get("required") or ():
        if key not in value:
            yield f"{below(path, key)}: is required"
    for key, item in value.items():
        known = inner(schema, key)
        if known is not None:
            yield from _wrong(item, known, below(path, key))


def _wrong_list(value: list[Any], schema: Schema, path: str) -> Wrong:
    yield from _wrong_size(len(value), schema, path, "Items", "items")
    items = schema.get("items")
    for number, item in enumerate(value if isinstance(items, Mapping) else ()):
        yield from _wrong(item, items or {}, f"{path}[{number}]")
    if schema.get("uniqueItems") and _repeated(value):
        yield f"{path}: holds an item twice"


def _wrong_text(value: str, schema: Schema, path: str) -> Wrong:
    yield from _wrong_size(len(value), schema, path, "Length", "characters")
    pattern = schema.get("pattern")
    compiled = _compiled(pattern) if pattern else None
    if compiled is not None and compiled.search(value) is None:
        yield f"{path}: must match the pattern {pattern}"
    if (name := schema.get("format")) and not fits(value, str(name)):
        yield f"{path}: must be of the format {name}"


def _wrong_number(value: int | float, schema: Schema, path: str) -> Wrong:
    least, most, factor = (schema.get(key) for key in ("minimum", "maximum", "multipleOf"))
    bits = 31 if schema.get("format") == "int32" and schema.get("type") == "integer" else 63
    if not -(2**bits) <= value < 2**bits and (_types(schema) == ("integer",) or isinstance(value, int)):
        yield f"{path}: does not fit into {bits + 1} bits"
        return
    if least is not None and (value < least or (schema.get("exclusiveMinimum") and value == least)):
        yield f"{path}: must be {'more than' if schema.get('exclusiveMinimum') else 'at least'} {least}"
    if most is not None and (value > most or (schema.get("exclusiveMaximum") and value == most)):
        yield f"{path}: must be {'less than' if schema.get('exclusiveMaximum') else 'at most'} {most}"
    if factor and not float(value / factor).is_integer():
        yield f"{path}: must be a multiple of {factor}"


def _wrong_size(size: int, schema: Schema, path: str, suffix: str, noun: str) -> Wrong:
    least, most = schema.get(f"min{suffix}"), schema.get(f"max{suffix}")
    if least is not None and size < least:
        yield f"{path or 'the object'}: must have at least {least} {noun}, and has {size:,}"
    if most is not None and size > most:
        yield f"{path or 'the object'}: must have at most {most} {noun}, and has {size:,}"


def _nothing(value: Any, schema: Schema, path: str) -> Wrong:
    return iter(())


_CHECKS: Mapping[str, Callable[[Any, Schema, str], Wrong]] = {
    "object": _wrong_object,
    "array": _wrong_list,
    "string": _wrong_text,
    "integer": _wrong_number,
    "number": _wrong_number,
}


def _wrong_structure(value: Any, schema: Schema | None, path: str) -> Wrong:
    """What Kubernetes adds to OpenAPI: objects within objects, lists that are sets or tables."""
    if schema is None:
        return
    if isinstance(value, Mapping):
        if schema.get(EMBEDDED) and path:
            yield from wrong_envelope(value, path)
        for key, item in value.items():
            yield from _wrong_structure(item, inner(schema, key), below(path, key))
    if isinstance(value, list):
        keys = schema.get("x-kubernetes-list-map-keys") or ()
        listed = schema.get("x-kubernetes-list-type")
        if listed == "set" and _repeated(value):
            yield f"{path}: is a set, and holds an item twice"
        if listed == "map" and _repeated([_named(item, keys) for item in value]):
            yield f"{path}: holds two items with the same {', '.join(keys)}"
        for number, item in enumerate(value):
            yield from _wrong_structure(item, schema.get("items"), f"{path}[{number}]")


def _named(item: Any, keys: Sequence[str]) -> Any:
    return {key: item[key] for key in keys if key in item} if isinstance(item, Mapping) else item


def _repeated(items: list[Any]) -> bool:
    written = [json.dumps(item, sort_keys=True, default=str) for item in items]
    return len(set(written)) < len(written)


def _types(schema: Schema) -> tuple[str, ...]:
    if schema.get("x-kubernetes-int-or-string"):
        return ("integer", "string")
    return (str(schema["type"]),) if schema.get("type") else ()


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    kinds = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "object")


def _is_of(value: Any, types: Sequence[str]) -> bool:
    its = _type_of(value)
    if its == "integer" and "number" in types:
        return True
    return its in types or (its == "number" and "integer" in types and float(value).is_integer())


def _noun(value: Any) -> str:
    return _NOUNS[_type_of(value)]


def _equal(one: Any, other: Any) -> bool:
    """`1` and `1.0` are the same number; `true` is none."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _compiled(pattern: str) -> Any:
    """By RE2, which reads what Go reads, and whose time no pattern of an author's can blow up; None if it cannot."""
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error:
        return None
