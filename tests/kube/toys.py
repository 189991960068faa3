"""Definitions of a kind of the tests' own, `Toy`, and an object of it."""

from typing import Any

from tests.kube.planning import Body


def sized(**limits: int) -> Body:
    size = {"type": "integer"} | limits
    spec = {"type": "object", "properties": {"size": size}}
    return {"type": "object", "properties": {"spec": spec}}


SIZED = sized()


def definition(namespace: str, schema: Any = SIZED, **version: Any) -> Body:
    """A kind of the test's own."""
    group = f"{namespace}.example"
    names = {"kind": "Toy", "plural": "toys", "singular": "toy", "listKind": "ToyList"}
    v1 = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}} | version
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"toys.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [v1]},
    }


def toys(group: str, *served: str) -> Body:
    """A definition with two versions, of which these are served."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions = [
        {"name": name, "served": name in served, "storage": name == "v2", "schema": schema} for name in ("v1", "v2")
    ]
    names = {"kind": "Toy", "plural": "toys", "singular": "toy", "listKind": "ToyList"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"toys.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": versions},
    }


def toy(group: str, version: str, namespace: str) -> Body:
    return {
        "apiVersion": f"{group}/{version}",
        "kind": "Toy",
        "metadata": {"name": "ball", "namespace": namespace},
        "size": 1,
    }
