"""What changes by itself in an object, and the object without it. Called by `field_diff` and whoever compares. Pure."""

import hashlib
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from bot.kube.objects.masking import LAST_APPLIED

MEMBER_LABEL = "applyset.kubernetes.io/part-of"

_VOLATILE_METADATA = frozenset(
    {"managedFields", "uid", "resourceVersion", "generation", "creationTimestamp", "selfLink", "deletionTimestamp"}
)
_VOLATILE_ANNOTATIONS = frozenset({LAST_APPLIED, "deployment.kubernetes.io/revision"})
# Those that a Job gets from its uid, and the one by which the bot knows its own.
_VOLATILE_LABELS = frozenset({"controller-uid", "batch.kubernetes.io/controller-uid", MEMBER_LABEL})
# Given out by the server at each creation, also at one that is only tried, where nobody asks for one of them.
_SERVER_ASSIGNED = {
    "Service": ("clusterIP", "clusterIPs", "healthCheckNodePort"),
    "Job": ("selector",),
    "PersistentVolumeClaim": ("volumeName",),
}


class Null(Enum):
    """An author's or a server's own `null`, where None means that a field is not there."""

    NULL = "null"

    def __str__(self) -> str:
        return self.value


NULL = Null.NULL


def mark_nulls(node: Any) -> Any:
    """Return the same with NULL for every null."""
    if isinstance(node, Mapping):
        return {key: mark_nulls(child) for key, child in node.items()}
    if isinstance(node, list):
        return [mark_nulls(child) for child in node]
    return NULL if node is None else node


def unmark_nulls(node: Any) -> Any:
    """Undo `mark_nulls`."""
    if isinstance(node, Mapping):
        return {key: unmark_nulls(child) for key, child in node.items()}
    if isinstance(node, list):
        return [unmark_nulls(child) for child in node]
    return None if node is NULL else node


def normalize(body: Mapping[str, Any]) -> dict[str, Any]:
    """Reduce the object to what somebody means by it: no status, nothing that only counts or names a moment."""
    normalized = {key: value for key, value in body.items() if key not in ("status", "metadata")}
    normalized["metadata"] = _normalize_metadata(body.get("metadata") or {})
    return _drop_uid_labels(normalized) if body.get("kind") == "Job" else normalized


def digest_of(body: Mapping[str, Any], sent: Mapping[str, Any]) -> str:
    """Digest a masked body (it may be kept anywhere): equal for two answers to what was `sent` that mean the same."""
    stable = normalize(body)
    sent_spec = sent.get("spec")
    sent_spec = sent_spec if isinstance(sent_spec, Mapping) else {}
    assigned = [key for key in _SERVER_ASSIGNED.get(str(body.get("kind")), ()) if key not in sent_spec]
    if isinstance(spec := stable.get("spec"), Mapping):
        stable["spec"] = {key: value for key, value in spec.items() if key not in assigned}
        if body.get("kind") == "Service":
            stable["spec"] = _drop_node_ports(stable["spec"], _node_ports(sent_spec))
    canonical = json.dumps(stable, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode(errors="replace")).hexdigest()


def _normalize_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    normalized = {key: value for key, value in metadata.items() if key not in _VOLATILE_METADATA}
    for table, volatile in (("annotations", _VOLATILE_ANNOTATIONS), ("labels", _VOLATILE_LABELS)):
        if isinstance(normalized.get(table), Mapping):
            normalized[table] = {key: value for key, value in normalized[table].items() if key not in volatile}
        if not normalized.get(table):
            normalized.pop(table, None)
    return normalized


def _drop_uid_labels(job: dict[str, Any]) -> dict[str, Any]:
    """A Job without the labels that its pods get from its uid, and the selector of these."""
    spec = job.get("spec")
    template = spec.get("template") if isinstance(spec, Mapping) else None
    if not isinstance(spec, Mapping) or not isinstance(template, Mapping):
        return job
    bare = {**template, "metadata": _normalize_metadata(template.get("metadata") or {})}
    own = {key: child for key, child in spec.items() if key != "selector" or not _selects_by_uid(child)}
    return {**job, "spec": {**own, "template": bare}}


def _selects_by_uid(selector: Any) -> bool:
    labels = selector.get("matchLabels") if isinstance(selector, Mapping) else None
    return isinstance(labels, Mapping) and bool(labels) and _VOLATILE_LABELS.issuperset(labels)


def _drop_node_ports(spec: Mapping[str, Any], sent_ports: frozenset[Any]) -> dict[str, Any]:
    """A Service's spec without the node ports that nobody asked for: they are given out too."""
    ports = spec.get("ports")
    if not isinstance(ports, list):
        return dict(spec)
    stable_ports = [
        {key: value for key, value in port.items() if key != "nodePort" or value in sent_ports}
        if isinstance(port, Mapping)
        else port
        for port in ports
    ]
    return {**spec, "ports": stable_ports}


def _node_ports(spec: Mapping[str, Any]) -> frozenset[Any]:
    ports = spec.get("ports")
    rows = ports if isinstance(ports, list) else []
    numbers = [port.get("nodePort") for port in rows if isinstance(port, Mapping)]
    return frozenset(number for number in numbers if isinstance(number, int))
