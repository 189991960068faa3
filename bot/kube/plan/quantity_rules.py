"""Which fields of a kind are quantities: of Kubernetes' own kinds that is known, of others their schema says it.

Made for one plan; a schema is fetched when two texts first could be one amount, and forgotten with the plan.
Where there is no schema, nothing is a quantity: then a change shows its line.
"""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bot.kube.cluster.client import Cluster
from bot.kube.crds.definition import Schema, schema_for, serves_kind
from bot.kube.objects.quantities import IsQuantity, Path, is_core_quantity

_CORE_GROUPS = frozenset(
    {
        *("", "apps", "autoscaling", "batch", "policy"),
        *(
            f"{name}.k8s.io"
            for name in (
                *("admissionregistration", "apiextensions", "apiregistration", "certificates", "coordination"),
                *("discovery", "events", "flowcontrol.apiserver", "networking", "node", "rbac.authorization"),
                *("scheduling", "storage"),
            )
        ),
    }
)
_QUANTITY_REFERENCE = "api.resource.Quantity"
_QUANTITY_SUFFIXES = "[KMGTPE]i"  # in the pattern that a definition has for every quantity
_GROUP_VERSION_KIND = "x-kubernetes-group-version-kind"


def offline_rule(api_version: str) -> IsQuantity:
    """Return what is known of a kind without any schema."""
    return is_core_quantity if api_version.rpartition("/")[0] in _CORE_GROUPS else lambda path: False


class QuantityRules:
    """The rules of one plan, by API version and kind. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._documents: dict[str, Mapping[str, Any]] = {}

    def rule_for(
        self, cluster: Cluster, api_version: str, kind: str, crds: Sequence[Mapping[str, Any]] = ()
    ) -> IsQuantity:
        """Return the rule for a kind; `crds` come with the plan, for what the cluster does not serve yet."""
        group, _, version = api_version.rpartition("/")
        if group in _CORE_GROUPS:
            return is_core_quantity

        def is_quantity(path: Path) -> bool:
            schemas = self._schemas(cluster, api_version)
            own_schema = next((schema for schema in schemas.values() if _describes(schema, group, version, kind)), None)
            own_schema = own_schema or next(
                (schema_for(crd, version) for crd in crds if serves_kind(crd, api_version, kind)), None
            )
            return _is_quantity(own_schema or {}, path, schemas)

        return is_quantity

    def _schemas(self, cluster: Cluster, api_version: str) -> Mapping[str, Schema]:
        with self._lock:
            if api_version not in self._documents:
                text = cluster.fetch_text(f"/openapi/v3/apis/{quote(api_version)}")
                self._documents[api_version] = json.loads(text) if text else {}
            return (self._documents[api_version].get("components") or {}).get("schemas") or {}


def _describes(schema: Schema, group: str, version: str, kind: str) -> bool:
    return {"group": group, "version": version, "kind": kind} in (schema.get(_GROUP_VERSION_KIND) or ())


def _is_quantity(schema: Schema, path: Path, schemas: Mapping[str, Schema]) -> bool:
    reached: list[Schema] = [schema]
    for step in path:
        reached = [child for node in reached for child in _children(node, step, schemas)]
    return any(_is_quantity_schema(form) for node in reached for form in _forms(node, schemas))


def _children(schema: Schema, step: str, schemas: Mapping[str, Schema]) -> Iterator[Schema]:
    for form in _forms(schema, schemas):
        child = (form.get("properties") or {}).get(step) or form.get("additionalProperties")
        if isinstance(child, Mapping):
            yield child


def _forms(schema: Schema, schemas: Mapping[str, Schema]) -> Iterator[Schema]:
    """The schema itself, what it refers to, and the items of a list."""
    yield schema
    name = str(schema.get("$ref") or "").rpartition("/")[2]
    inner = [schemas.get(name), schema.get("items"), *(schema.get("allOf") or ())]
    for form in inner:
        if isinstance(form, Mapping):
            yield from _forms(form, schemas)


def _is_quantity_schema(schema: Schema) -> bool:
    if str(schema.get("$ref") or "").endswith(_QUANTITY_REFERENCE):
        return True
    return bool(schema.get("x-kubernetes-int-or-string")) and _QUANTITY_SUFFIXES in str(schema.get("pattern"))
