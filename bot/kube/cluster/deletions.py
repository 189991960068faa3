"""What goes when an object goes, and what keeps it from going. Called by the differ and by the apply's last look.

Protections are read from the live object only: to take the annotation out of Git together with the object disarms
nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.errors import Refused, ToolFailed
from bot.kube.cluster.client import Cluster, Forbidden, Unserved
from bot.kube.cluster.responses import ApiResource, ObjectMeta
from bot.kube.objects.body import Body
from bot.kube.objects.kube_object import ObjectRef, object_of
from bot.kube.objects.normalization import MEMBER_LABEL

# Annotations by which people and other tools say that an object stays, with the values that mean it, in any letters.
KEEP_ANNOTATIONS = {
    "gitops-bot/prune": ("false", "disabled"),
    "helm.sh/resource-policy": ("keep",),
    "kustomize.toolkit.fluxcd.io/prune": ("disabled",),
    "argocd.argoproj.io/sync-options": ("prune=false", "delete=false", "prune=confirm", "delete=confirm"),
    "cli-utils.sigs.k8s.io/on-remove": ("keep",),
    "client.lifecycle.config.k8s.io/deletion": ("detach",),
}
_CONFIRMED_KINDS = frozenset(
    {
        ("", "Namespace"),
        ("", "PersistentVolume"),
        ("", "PersistentVolumeClaim"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
    }
)
# What the cluster puts into every namespace by itself.
_SERVER_MADE = frozenset({("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")})
_UNCOUNTED_KINDS = frozenset(
    {"Event", "Endpoints", "EndpointSlice", "Lease", "ControllerRevision", "PodMetrics", "Binding"}
)
_UNCOUNTED_GROUPS = ("authorization.k8s.io", "authentication.k8s.io", "metrics.k8s.io")
_ENDED_PHASES = ("Succeeded", "Failed")
_MAX_LISTED = 5
DAY_SECONDS = 86400.0


def protection_of(live: Body) -> str | None:
    """Return the annotation that protects the object, as `helm.sh/resource-policy: keep`; None without one."""
    annotations = live["metadata"].get("annotations") or {}
    for name, values in KEEP_ANNOTATIONS.items():
        for word in str(annotations.get(name, "")).split(","):
            if word.strip().casefold() in values:
                return f"{name}: {word.strip()}"
    return None


def needs_confirmation(ref: ObjectRef) -> bool:
    """Tell whether a person must confirm its end by name, since much or what cannot come back goes with it."""
    return (ref.group, ref.kind) in _CONFIRMED_KINDS


def deletion_losses(cluster: Cluster, live: Body, now: float) -> tuple[str, ...]:
    """Say what goes with an object, as short sentences. `now` is in seconds since 1970."""
    return tuple(_losses(cluster, object_of(live).ref, live, now))


def foreign_objects(cluster: Cluster, namespace: str, label: str) -> tuple[str, ...]:
    """List the objects in a namespace that are not of the inventory with this label, nor the cluster's own.

    Of kinds that may not be listed there is none: `deletion_losses` names these. Raises ToolFailed if an API is down.
    """
    foreign = [meta for meta in list_contents(cluster, namespace).metas if meta.labels.get(MEMBER_LABEL) != label]
    return tuple(str(meta.ref) for meta in foreign if not meta.owned)


def foreign_loss(cluster: Cluster, ref: ObjectRef, label: str) -> str:
    """Say what of others' would go with an object, as a clause about it; empty for whatever holds nothing of theirs.

    Raises ToolFailed where that cannot be told.
    """
    foreign = foreign_objects(cluster, ref.name, label) if (ref.group, ref.kind) == ("", "Namespace") else ()
    remainder = f" and {len(foreign) - _MAX_LISTED:,} more" if len(foreign) > _MAX_LISTED else ""
    return f"holds what is not this project's: {', '.join(foreign[:_MAX_LISTED])}{remainder}" if foreign else ""


@dataclass(frozen=True, slots=True)
class NamespaceContents:
    """What is in a namespace, but for what the cluster makes by itself; of `unlisted` kinds that may not be asked."""

    metas: tuple[ObjectMeta, ...]
    unlisted: tuple[str, ...]


def list_contents(cluster: Cluster, namespace: str) -> NamespaceContents:
    """List what is in a namespace. Raises ToolFailed where an API that is down may hold more."""
    if unavailable := sorted(cluster.unavailable_versions()):
        raise ToolFailed(f"the API {unavailable[0]} does not answer")
    resources = [resource for resource in cluster.resources() if resource.namespaced and _is_counted(resource)]
    lists = cluster.map_concurrently(lambda resource: _list_kind(cluster, resource, namespace), resources)
    by_uid = {meta.uid: meta for metas in lists for meta in metas or ()}
    return NamespaceContents(
        tuple(meta for meta in by_uid.values() if (meta.ref.kind, meta.ref.name) not in _SERVER_MADE),
        tuple(_kind_text(resource) for resource, metas in zip(resources, lists, strict=True) if metas is None),
    )


def _list_kind(cluster: Cluster, resource: ApiResource, namespace: str) -> tuple[ObjectMeta, ...] | None:
    """None where that is not allowed; nothing of a kind whose definition is gone by now."""
    try:
        return cluster.metadata(resource.api_version, resource.kind, namespace)
    except Forbidden:
        return None
    except Unserved:
        return ()


def _kind_text(resource: ApiResource) -> str:
    return f"{resource.kind}.{resource.group}".rstrip(".")


def _is_counted(resource: ApiResource) -> bool:
    return resource.listable and resource.kind not in _UNCOUNTED_KINDS and resource.group not in _UNCOUNTED_GROUPS


def _losses(cluster: Cluster, ref: ObjectRef, live: Body, now: float) -> Iterator[str]:
    if age := _age_text(str(live["metadata"].get("creationTimestamp") or ""), now):
        yield f"created {age} ago"
    spec, status = live.get("spec") or {}, live.get("status") or {}
    yield from _pod_losses(cluster, ref, status)
    if ref.kind == "PersistentVolumeClaim":
        size = (status.get("capacity") or {}).get("storage") or _requested_size(spec)
        yield f"a volume of {size}, with what it holds, unless its class retains it"
    if ref.kind == "PersistentVolume":
        yield f"a volume of {(spec.get('capacity') or {}).get('storage')}, {spec.get('persistentVolumeReclaimPolicy')}"
    for address in (status.get("loadBalancer") or {}).get("ingress") or ():
        yield f"the address {address.get('ip') or address.get('hostname')}"
    if ref.kind == "Namespace":
        yield from _namespace_losses(cluster, ref.name)
    if ref.kind == "CustomResourceDefinition":
        group, kind = str(spec.get("group")), str((spec.get("names") or {}).get("kind"))
        versions = [version["name"] for version in spec.get("versions") or () if version.get("served")]
        if versions:
            yield from _instance_losses(cluster, f"{group}/{versions[0]}", kind)


def _namespace_losses(cluster: Cluster, namespace: str) -> Iterator[str]:
    """What is in it, and what may be in it."""
    try:
        contents = list_contents(cluster, namespace)
    except (Refused, ToolFailed) as error:
        yield f"everything in it (which cannot be counted: {error})"
        return
    yield from _listed_losses(contents.metas, "everything in it")
    if unlisted := contents.unlisted:
        remainder = f" and {len(unlisted) - _MAX_LISTED:,} more kinds" if len(unlisted) > _MAX_LISTED else ""
        yield f"whatever it holds of {', '.join(unlisted[:_MAX_LISTED])}{remainder}, which the bot may not list"


def _pod_losses(cluster: Cluster, ref: ObjectRef, status: Body) -> Iterator[str]:
    """Pods that run, or are about to, and how many of them serve."""
    if (ref.group, ref.kind) == ("", "Namespace"):
        try:
            pods = cluster.list("v1", "Pod", ref.name)
        except (Refused, ToolFailed) as error:
            yield f"pods (which cannot be counted: {error})"
            return
        statuses = [pod["status"] for pod in pods if (pod.get("status") or {}).get("phase") not in _ENDED_PHASES]
        count, ready = len(statuses), sum(_is_ready(pod_status) for pod_status in statuses)
    elif (ref.group, ref.kind) == ("", "Pod"):
        count, ready = int(status.get("phase") not in _ENDED_PHASES), int(_is_ready(status))
    else:
        count = _first_count(status, "replicas", "currentNumberScheduled", "active")
        ready = _first_count(status, "readyReplicas", "numberReady", "ready")
    if count:
        yield f"{count:,} pod{'s' if count != 1 else ''}, {ready:,} ready"


def _is_ready(status: Body) -> bool:
    conditions = status.get("conditions") or ()
    return any((row.get("type"), row.get("status")) == ("Ready", "True") for row in conditions)


def _first_count(status: Body, *names: str) -> int:
    """The first of these that is a number: what a Deployment, a DaemonSet and a Job call the same."""
    return next((value for name in names if isinstance(value := status.get(name), int) and value), 0)


def _instance_losses(cluster: Cluster, api_version: str, kind: str) -> Iterator[str]:
    """The objects of a kind whose definition goes."""
    try:
        yield from _listed_losses(cluster.metadata(api_version, kind, None), f"every {kind}")
    except (Refused, ToolFailed) as error:
        yield f"every {kind} (which cannot be counted: {error})"


def _listed_losses(metas: Sequence[ObjectMeta], subject: str) -> Iterator[str]:
    if metas:
        names = ", ".join(str(meta.ref) for meta in metas[:_MAX_LISTED])
        remainder = f" and {len(metas) - _MAX_LISTED:,} more" if len(metas) > _MAX_LISTED else ""
        yield f"{subject}, {len(metas):,} object{'s' if len(metas) != 1 else ''}: {names}{remainder}"


def _requested_size(spec: Body) -> str:
    return str(((spec.get("resources") or {}).get("requests") or {}).get("storage") or "unknown size")


def _age_text(created: str, now: float) -> str:
    if not created:
        return ""
    seconds = now - datetime.fromisoformat(created).timestamp()
    for unit_seconds, unit in ((DAY_SECONDS, "day"), (3600.0, "hour"), (60.0, "minute")):
        if seconds >= unit_seconds:
            count = int(seconds // unit_seconds)
            return f"{count:,} {unit}{'s' if count != 1 else ''}"
    return "less than a minute"
