"""Is this what GitHub takes, and what it answers? By the cut of its description beside this file.

Requests are held to it strictly: the path, the parameters, the body, and nothing that GitHub does not name. Answers of
the sandbox are held to it but for what `deviations.py` lists.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from graphql import build_schema, parse, validate
from graphql.execution.values import get_variable_values
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from tests.hosts.published.deviations import LEFT_OUT, MISTAKES

HERE = Path(__file__).parent
NAME = "urn:github"
REST, GRAPHQL = "/api/v3", "/api/graphql"
WHOLE = {"branch"}  # GitHub takes a slash in it as it is

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """`pointer` is where it stands in the description; `given` are the values of the path's parameters."""

    name: str
    raw: Json
    pointer: str
    given: Mapping[str, str]


def wrong_request(exchange: Json) -> list[str]:
    """What GitHub would not take of a request, in words."""
    if exchange["path"] == GRAPHQL:
        return _wrong_query(exchange["body"])
    operation = operation_of(exchange["method"], exchange["path"].removeprefix(REST))
    if operation is None:
        return ["GitHub's description has no such operation, or `cut.py` does not name it"]
    return [*_wrong_parameters(operation, exchange["query"]), *_wrong_body(operation, exchange["body"])]


def wrong_answer(exchange: Json) -> list[str]:
    """What GitHub would not have answered, in words. What is no success is not described there."""
    operation = operation_of(exchange["method"], exchange["path"].removeprefix(REST))
    if operation is None or exchange["status"] >= 300:
        return []
    described = operation.raw["responses"].get(str(exchange["status"]))
    if described is None:
        return [f"GitHub does not answer {exchange['status']}"]
    if "content" not in described:
        return [] if exchange["answer"] is None else ["GitHub's answer is empty"]
    at = f"{operation.pointer}/responses/{exchange['status']}/content/application~1json/schema"
    return _errors(_validator(at, lenient=True), exchange["answer"])


@cache
def description() -> Json:
    read: Json = json.loads((HERE / "openapi.json").read_text())
    return read


def operation_of(method: str, path: str) -> Operation | None:
    """The one that fits with the fewest parameters."""
    fitting = [(template, found) for template, pattern in _paths() if (found := pattern.fullmatch(path))]
    for template, found in sorted(fitting, key=lambda one: len(one[1].groupdict())):
        if raw := description()["paths"][template].get(method.lower()):
            pointer = f"#/paths/{_escaped(template)}/{method.lower()}"
            return Operation(f"{method} {template}", raw, pointer, found.groupdict())
    return None


@cache
def _paths() -> Sequence[tuple[str, re.Pattern[str]]]:
    def group(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{'.+' if found[1] in WHOLE else '[^/]+'})"

    return [(path, re.compile(re.sub(r"{(\w+)}", group, path))) for path in description()["paths"]]


def _wrong_parameters(operation: Operation, query: Sequence[Sequence[str]]) -> Iterator[str]:
    known = {(one["in"], one["name"]): one for one in map(_resolved, operation.raw.get("parameters", []))}
    given = [("query", name, value) for name, value in query]
    given += [("path", name, value) for name, value in operation.given.items()]
    for place, name, value in given:
        if (place, name) not in known:
            yield f"the parameter {name} is none of GitHub's"
            continue
        schema = known[place, name]["schema"]
        yield from (f"{name}: {why}" for why in _errors(OAS30Validator(schema), _read(value, schema)))
    for place, name in known.keys() - {(place, name) for place, name, _ in given}:
        if known[place, name].get("required"):
            yield f"the parameter {name} is missing"


def _read(value: str, schema: Json) -> object:
    """A parameter's text as what it stands for."""
    if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", value):
        return int(value)
    return {"true": True, "false": False}.get(value, value) if schema.get("type") == "boolean" else value


def _wrong_body(operation: Operation, body: object) -> Iterator[str]:
    described = operation.raw.get("requestBody")
    if described is None:
        if body not in (None, {}):
            yield "GitHub takes no body there"
        return
    if body is None:
        if described.get("required"):
            yield "the body is missing"
        return
    at = f"{operation.pointer}/requestBody/content/application~1json/schema"
    yield from _errors(_validator(at, lenient=False), body)
    yield from _unknown(described["content"]["application/json"]["schema"], body, "")


def _unknown(schema: Json, body: object, at: str) -> Iterator[str]:
    """Fields that GitHub does not name: it drops them without a word."""
    schema = _resolved(schema)
    if isinstance(body, list):
        for one in body:
            yield from _unknown(schema.get("items", {}), one, f"{at}[]")
    if isinstance(body, dict) and "properties" in schema:
        for name, value in body.items():
            if name not in schema["properties"]:
                yield f"{at}{name} is none of GitHub's fields"
            else:
                yield from _unknown(schema["properties"][name], value, f"{at}{name}.")


def _wrong_query(body: Json) -> list[str]:
    """Of GraphQL: the document against the schema, and the variables against the document."""
    schema = _graphql()
    document = parse(body["query"])
    wrong = [one.message for one in validate(schema, document)]
    if not wrong:
        defined = document.definitions[0].variable_definitions  # type: ignore[attr-defined]  # an operation
        values = get_variable_values(schema, defined, body.get("variables") or {})
        wrong = [one.message for one in values] if isinstance(values, list) else []
    return wrong


@cache
def _graphql() -> Any:
    return build_schema((HERE / "schema.graphql").read_text())


def _resolved(raw: Json) -> Json:
    if "$ref" not in raw:
        return raw
    found: Any = description()
    for key in raw["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return _resolved(found)


@cache
def _validator(pointer: str, lenient: bool) -> Any:
    kind = extend(OAS30Validator, READING | ({"required": _required} if lenient else {}))
    whole: Resource[Any] = Resource(contents=description(), specification=DRAFT4)
    return kind({"$ref": f"{NAME}{pointer}"}, registry=Registry().with_resource(NAME, whole))


def _required(validator: Any, names: Sequence[str], instance: Any, schema: Json) -> Iterator[ValidationError]:
    if not validator.is_type(instance, "object"):
        return
    for name in names:
        if name not in instance and not any(pattern.fullmatch(name) for pattern in LEFT_OUT):
            yield ValidationError(f"{name!r} is missing")


def _or_null(keyword: str) -> Any:
    """GitHub writes `nullable` beside `enum` and `oneOf`, too, and means it."""
    plain = OAS30Validator.VALIDATORS[keyword]

    def check(validator: Any, value: Any, instance: Any, schema: Json) -> Any:
        return () if instance is None and schema.get("nullable") else plain(validator, value, instance, schema)

    return check


READING = {keyword: _or_null(keyword) for keyword in ("enum", "oneOf", "anyOf", "allOf")}


def _errors(validator: Any, instance: object) -> list[str]:
    """Where, and what; of several shapes that might fit, what is wrong with the nearest."""
    found = [_deepest(error) for error in validator.iter_errors(instance)]
    told = [f"{'.'.join(map(str, one.absolute_path))}: {one.message[:300]}" for one in found]
    return [words for words in told if not any(re.fullmatch(mistake, words) for mistake in MISTAKES)]


def _deepest(error: ValidationError) -> ValidationError:
    while error.context:
        error = min(error.context, key=lambda one: len(list(one.context or ())))
    return error


def _escaped(path: str) -> str:
    return quote(path.replace("~", "~0").replace("/", "~1"), safe="~")
