"""A definition with a field for everything that a schema can ask for, for objects of the kind `Wall`."""

import uuid
from typing import Any

GROUP, KIND = f"walls-{uuid.uuid4().hex[:8]}.test", "Wall"  # each process of a test run has its own

TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer"}

FIELDS: dict[str, dict[str, Any]] = {
    "text": TEXT,
    "number": NUMBER,
    "small": {"type": "integer", "format": "int32"},
    "amount": {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 9.5},
    "step": {"type": "integer", "multipleOf": 5, "minimum": -10, "maximum": 100, "exclusiveMaximum": True},
    "flag": {"type": "boolean"},
    "colour": {"type": "string", "enum": ["red", "blue"]},
    "hue": {"type": "string", "enum": ["red", "blue"], "nullable": True},
    "title": {"type": "string", "pattern": "^[a-z]+([-.][a-z]+)*$", "minLength": 2, "maxLength": 8},
    "port": {"x-kubernetes-int-or-string": True},
    "share": {
        "x-kubernetes-int-or-string": True,
        "anyOf": [{"type": "integer"}, {"type": "string"}],
        "pattern": "^[0-9]+%$",
    },
    "loose": {"type": "string", "nullable": True},
    "tags": {"type": "object", "additionalProperties": TEXT, "maxProperties": 2},
    "limits": {"type": "object", "additionalProperties": {"type": "object", "properties": {"most": NUMBER}}},
    "anything": {"x-kubernetes-preserve-unknown-fields": True},
    "open": {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
        "properties": {"closed": {"type": "object", "properties": {"number": NUMBER}}},
    },
    "part": {
        "type": "object",
        "required": ["must"],
        "properties": {"must": TEXT, "may": TEXT, "level": {"type": "integer", "default": 3}},
    },
    "list": {"type": "array", "items": NUMBER, "minItems": 1, "maxItems": 3},
    "set": {"type": "array", "items": TEXT, "x-kubernetes-list-type": "set"},
    "table": {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name", "kind"],
        "items": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": TEXT, "kind": {"type": "string", "default": "stone"}, "size": NUMBER},
        },
    },
    "object": {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
    "one": {
        "type": "object",
        "properties": {"a": TEXT, "b": TEXT},
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
    },
    "any": {
        "type": "object",
        "properties": {"a": NUMBER, "b": NUMBER},
        "anyOf": [{"properties": {"a": {"minimum": 5}}, "required": ["a"]}, {"required": ["b"]}],
        "not": {"required": ["a", "b"]},
    },
    "all": {"type": "string", "allOf": [{"minLength": 2}, {"pattern": "x"}]},
    "address": {"type": "string", "format": "ipv4"},
    "address6": {"type": "string", "format": "ipv6"},
    "network": {"type": "string", "format": "cidr"},
    "id": {"type": "string", "format": "uuid"},
    "card": {"type": "string", "format": "mac"},
    "day": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time"},
    "bytes": {"type": "string", "format": "byte"},
    "strange": {"type": "string", "format": "no-such-format"},
    "short": {"type": "string", "format": "k8s-short-name"},
    "defaulted": {"type": "object", "default": {}, "properties": {"inner": {"type": "string", "default": "yes"}}},
    "counted": {"type": "integer", "default": 7},
}


def definition(fields: dict[str, dict[str, Any]] | None = None, group: str = GROUP, **spec: Any) -> dict[str, Any]:
    """Its kind is `Wall`; `spec` is what the schema says of `spec` beside its fields."""
    shape = {"type": "object", "properties": FIELDS if fields is None else fields, **spec}
    schema = {"type": "object", "properties": {"spec": shape, "status": {"type": "object"}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"walls.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": KIND, "plural": "walls", "singular": "wall"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def wall(namespace: str = "shop", name: str = "east", group: str = GROUP, **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": f"{group}/v1", "kind": KIND, "metadata": metadata, "spec": spec}
