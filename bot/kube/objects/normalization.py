"""What changes by itself in an object, and the object without it. Called by `field_diff` and whoever compares. Pure."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from bot.kube.objects.masking import LAST_APPLIED

MEMBER_LABEL = "applyset.kubernetes.io/part-of"

_VOLATILE_METADATA = frozenset(
    {"managedFields", "uid", "resourceVersion", "generation", "creationTimestamp", "selfLink", "deletionTimestamp"}
)
_VOLATILE_ANNOTATIONS = frozenset({LAST_APPLIED, "deployment.kubernetes.io/revision"})
# Those that a Job gets from its uid, and the one by which the bot knows its own.
_VOLATILE_LABELS = frozenset({"controller-uid", "batch.kubernetes.io/controller-uid", MEMBER_LABEL})
# Given out by the server at each creation, also at one that is only tried; kept, they cannot change.
_SERVER_ASSIGNED = {
    "Service": ("clusterIP", "clusterIPs", "healthCheckNodePort"),
    "Job": ("selector",),
    "PersistentVolumeClaim": ("volumeName",),
}


def normalize(body: Mapping[str, Any]) -> dict[str, Any]:
    """Reduce the object to what somebody means by it: no status, nothing that only counts or names a moment."""
    normalized = {key: value for key, value in body.items() if key not in ("status", "metadata")}
    normalized["metadata"] = _normalize_metadata(body.get("metadata") or {})
    return _drop_uid_labels(normalized) if body.get("kind") == "Job" else normalized


def digest_of(body: Mapping[str, Any]) -> str:
    """Digest a masked body (it may be kept anywhere): equal for two answers of the server that mean the same."""
    stable = normalize(body)
    assigned = _SERVER_ASSIGNED.get(str(body.get("kind")), ())
    if isinstance(spec := stable.get("spec"), Mapping):
        stable["spec"] = {key: _drop_node_ports(key, value) for key, value in spec.items() if key not in assigned}
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
    """A Job without the labels that its pods get from its uid."""
    spec = job.get("spec")
    template = spec.get("template") if isinstance(spec, Mapping) else None
    if not isinstance(spec, Mapping) or not isinstance(template, Mapping):
        return job
    bare = {**template, "metadata": _normalize_metadata(template.get("metadata") or {})}
    return {**job, "spec": {**spec, "template": bare}}


def _drop_node_ports(key: str, value: Any) -> Any:
    """A Service's ports without the node ports, which are given out too."""
    if key != "ports" or not isinstance(value, list):
        return value
    return [{k: v for k, v in port.items() if k != "nodePort"} if isinstance(port, Mapping) else port for port in value]
