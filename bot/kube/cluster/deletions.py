"""What goes when an object goes, and what keeps it from going. Called by the differ and by the apply's last look.

Protections are read from the live object only: to take the annotation out of Git together with the object disarms
nothing.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bot.core.errors import Refused, ToolFailed
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.responses import Meta, Resource
from bot.kube.objects.model import Ref, object_of
from bot.kube.objects.normalized import MEMBER_LABEL

Body = Mapping[str, Any]

# Annotations by which people and other tools say that an object stays, with the values that mean it, in any letters.
KEEPS = {
    "gitops-bot/prune": ("false", "disabled"),
    "helm.sh/resource-policy": ("keep",),
    "kustomize.toolkit.fluxcd.io/prune": ("disabled",),
    "argocd.argoproj.io/sync-options": ("prune=false", "delete=false", "prune=confirm", "delete=confirm"),
    "cli-utils.sigs.k8s.io/on-remove": ("keep",),
    "client.lifecycle.config.k8s.io/deletion": ("detach",),
}
_PRECIOUS = frozenset(
    {
        ("", "Namespace"),
        ("", "PersistentVolume"),
        ("", "PersistentVolumeClaim"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
    }
)
# What the cluster puts into every namespace by itself.
_GIVEN = frozenset({("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")})
_UNCOUNTED = frozenset({"Event", "Endpoints", "EndpointSlice", "Lease", "ControllerRevision", "PodMetrics", "Binding"})
_REVIEWS = ("authorization.k8s.io", "authentication.k8s.io", "metrics.k8s.io")
_ENDED = ("Succeeded", "Failed")
_SHOWN = 5
DAY = 86400.0


def kept(live: Body) -> str | None:
    """The annotation that protects the object, as `helm.sh/resource-policy: keep`."""
    annotations = live["metadata"].get("annotations") or {}
    for name, values in KEEPS.items():
        for word in str(annotations.get(name, "")).split(","):
            if word.strip().casefold() in values:
                return f"{name}: {word.strip()}"
    return None


def precious(ref: Ref) -> bool:
    """Whether a person must confirm its end by name, since much or what cannot come back goes with it."""
    return (ref.group, ref.kind) in _PRECIOUS


def losses_of(cluster: Cluster, live: Body, now: float) -> tuple[str, ...]:
    """What goes with it, as short sentences. `now` is in seconds since 1970."""
    return tuple(_losses(cluster, object_of(live).ref, live, now))


def strangers_in(cluster: Cluster, namespace: str, label: str) -> tuple[str, ...]:
    """Objects in a namespace that are not of the inventory with this label, nor the cluster's own.

    Raises ToolFailed where they cannot be told.
    """
    others = [meta for meta in contents(cluster, namespace) if meta.labels.get(MEMBER_LABEL) != label]
    return tuple(str(meta.ref) for meta in others if not meta.owned)


def strangers_of(cluster: Cluster, ref: Ref, label: str) -> str:
    """What of others' would go with an object, as a clause about it; empty for whatever holds nothing of theirs."""
    found = strangers_in(cluster, ref.name, label) if (ref.group, ref.kind) == ("", "Namespace") else ()
    more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
    return f"holds what is not this project's: {', '.join(found[:_SHOWN])}{more}" if found else ""


def contents(cluster: Cluster, namespace: str) -> tuple[Meta, ...]:
    """Every object in a namespace but those that the cluster makes by itself.

    Raises ToolFailed where an API that is down may hold more.
    """
    if down := sorted(cluster.down()):
        raise ToolFailed(f"the API {down[0]} does not answer")
    kinds = [kind for kind in cluster.resources() if kind.namespaced and _counts(kind)]
    read = cluster.each(lambda kind: cluster.metadata(kind.api_version, kind.kind, namespace), kinds)
    found = {meta.uid: meta for metas in read for meta in metas}
    return tuple(meta for meta in found.values() if (meta.ref.kind, meta.ref.name) not in _GIVEN)


def _counts(kind: Resource) -> bool:
    return kind.listable and kind.kind not in _UNCOUNTED and kind.group not in _REVIEWS


def _losses(cluster: Cluster, ref: Ref, live: Body, now: float) -> Iterator[str]:
    if age := _age(str(live["metadata"].get("creationTimestamp") or ""), now):
        yield f"created {age} ago"
    spec, status = live.get("spec") or {}, live.get("status") or {}
    yield from _pods(cluster, ref, status)
    if ref.kind == "PersistentVolumeClaim":
        size = (status.get("capacity") or {}).get("storage") or _asked(spec)
        yield f"a volume of {size}, with what it holds, unless its class retains it"
    if ref.kind == "PersistentVolume":
        yield f"a volume of {(spec.get('capacity') or {}).get('storage')}, {spec.get('persistentVolumeReclaimPolicy')}"
    for address in (status.get("loadBalancer") or {}).get("ingress") or ():
        yield f"the address {address.get('ip') or address.get('hostname')}"
    if ref.kind == "Namespace":
        yield from _counted(lambda: contents(cluster, ref.name), "everything in it")
    if ref.kind == "CustomResourceDefinition":
        group, kind = str(spec.get("group")), str((spec.get("names") or {}).get("kind"))
        versions = [one["name"] for one in spec.get("versions") or () if one.get("served")]
        if versions:
            yield from _counted(lambda: cluster.metadata(f"{group}/{versions[0]}", kind, None), f"every {kind}")


def _pods(cluster: Cluster, ref: Ref, status: Body) -> Iterator[str]:
    """Pods that run, or are about to, and how many of them serve."""
    if (ref.group, ref.kind) == ("", "Namespace"):
        try:
            found = cluster.list("v1", "Pod", ref.name)
        except (Refused, ToolFailed) as why:
            yield f"pods (which cannot be counted: {why})"
            return
        those = [pod["status"] for pod in found if (pod.get("status") or {}).get("phase") not in _ENDED]
        number, ready = len(those), sum(_ready(one) for one in those)
    elif (ref.group, ref.kind) == ("", "Pod"):
        number, ready = int(status.get("phase") not in _ENDED), int(_ready(status))
    else:
        number = _number(status, "replicas", "currentNumberScheduled", "active")
        ready = _number(status, "readyReplicas", "numberReady", "ready")
    if number:
        yield f"{number:,} pod{'s' if number != 1 else ''}, {ready:,} ready"


def _ready(status: Body) -> bool:
    return any((one.get("type"), one.get("status")) == ("Ready", "True") for one in status.get("conditions") or ())


def _number(status: Body, *names: str) -> int:
    """The first of these that is a number: what a Deployment, a DaemonSet and a Job call the same."""
    return next((value for name in names if isinstance(value := status.get(name), int) and value), 0)


def _counted(read: Any, what: str) -> Iterator[str]:
    try:
        metas = read()
    except (Refused, ToolFailed) as why:
        yield f"{what} (which cannot be counted: {why})"
        return
    if metas:
        named = ", ".join(str(meta.ref) for meta in metas[:_SHOWN])
        more = f" and {len(metas) - _SHOWN:,} more" if len(metas) > _SHOWN else ""
        yield f"{what}, {len(metas):,} object{'s' if len(metas) != 1 else ''}: {named}{more}"


def _asked(spec: Body) -> str:
    return str(((spec.get("resources") or {}).get("requests") or {}).get("storage") or "unknown size")


def _age(created: str, now: float) -> str:
    if not created:
        return ""
    seconds = now - datetime.fromisoformat(created).timestamp()
    for size, word in ((DAY, "day"), (3600.0, "hour"), (60.0, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number:,} {word}{'s' if number != 1 else ''}"
    return "less than a minute"
