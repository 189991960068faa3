"""What changes by itself in an object, and the object without it. Called by `fields` and whoever compares. Pure."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from bot.kube.objects.masking import LAST_APPLIED

MEMBER_LABEL = "applyset.kubernetes.io/part-of"

_METADATA = frozenset(
    {"managedFields", "uid", "resourceVersion", "generation", "creationTimestamp", "selfLink", "deletionTimestamp"}
)
_ANNOTATIONS = frozenset({LAST_APPLIED, "deployment.kubernetes.io/revision"})
# Those that a Job gets from its uid, and the one by which the bot knows its own.
_LABELS = frozenset({"controller-uid", "batch.kubernetes.io/controller-uid", MEMBER_LABEL})
# Given out by the server at each creation, also at one that is only tried; kept, they cannot change.
_GIVEN = {
    "Service": ("clusterIP", "clusterIPs", "healthCheckNodePort"),
    "Job": ("selector",),
    "PersistentVolumeClaim": ("volumeName",),
}


def quiet(body: Mapping[str, Any]) -> dict[str, Any]:
    """The object as far as somebody means it: no status, nothing that only counts or names a moment."""
    shown = {key: value for key, value in body.items() if key not in ("status", "metadata")}
    shown["metadata"] = _quiet_metadata(body.get("metadata") or {})
    return _without_uids(shown) if body.get("kind") == "Job" else shown


def digest_of(result: Mapping[str, Any]) -> str:
    """Equal for two answers of the server that mean the same. Wants a masked body: it may be kept anywhere."""
    still = quiet(result)
    given = _GIVEN.get(str(result.get("kind")), ())
    if isinstance(spec := still.get("spec"), Mapping):
        still["spec"] = {key: _still(key, value) for key, value in spec.items() if key not in given}
    written = json.dumps(still, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(written.encode(errors="replace")).hexdigest()


def _quiet_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in metadata.items() if key not in _METADATA}
    for table, noise in (("annotations", _ANNOTATIONS), ("labels", _LABELS)):
        if isinstance(shown.get(table), Mapping):
            shown[table] = {key: value for key, value in shown[table].items() if key not in noise}
        if not shown.get(table):
            shown.pop(table, None)
    return shown


def _without_uids(job: dict[str, Any]) -> dict[str, Any]:
    """A Job without the labels that its pods get from its uid."""
    spec = job.get("spec")
    template = spec.get("template") if isinstance(spec, Mapping) else None
    if not isinstance(spec, Mapping) or not isinstance(template, Mapping):
        return job
    bare = {**template, "metadata": _quiet_metadata(template.get("metadata") or {})}
    return {**job, "spec": {**spec, "template": bare}}


def _still(key: str, value: Any) -> Any:
    """A Service's ports without the node ports, which are given out too."""
    if key != "ports" or not isinstance(value, list):
        return value
    return [{k: v for k, v in port.items() if k != "nodePort"} if isinstance(port, Mapping) else port for port in value]
