"""In which order objects are applied, and deleted: what others need comes first. Pure."""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import groupby

from bot.kube.objects.kube_object import ObjectRef
from bot.kube.objects.object_changes import ObjectChange

# Within the last stage; kinds that are not named come after all of them.
KIND_ORDER = (
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodDisruptionBudget",
    "PriorityClass",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Role",
    "RoleBinding",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
)


class ApplyStage(IntEnum):
    """A later stage begins only when an earlier one is done."""

    DEFINITIONS = 0
    NAMESPACES = 1
    CLUSTER_ACCESS = 2
    REST = 3


def stage_of(ref: ObjectRef) -> ApplyStage:
    """Return the stage in which an object is applied."""
    if ref.is_definition:
        return ApplyStage.DEFINITIONS
    if (ref.group, ref.kind) == ("", "Namespace"):
        return ApplyStage.NAMESPACES
    if ref.group == "rbac.authorization.k8s.io" and not ref.namespace:
        return ApplyStage.CLUSTER_ACCESS
    return ApplyStage.REST


def apply_groups(changes: Iterable[ObjectChange]) -> list[tuple[ApplyStage, Sequence[ObjectChange]]]:
    """Group the changes by stage and kind, in the order in which they are applied."""
    by_kind = [list(group) for _, group in groupby(sorted(changes, key=_sort_key), _kind_rank)]
    return [(stage_of(group[0].ref), group) for group in by_kind]


def deletion_groups(changes: Iterable[ObjectChange]) -> list[Sequence[ObjectChange]]:
    """Group the changes by kind, in the order in which objects are deleted."""
    return [group for _, group in reversed(apply_groups(changes))]


def _kind_rank(change: ObjectChange) -> tuple[int, int, str, str]:
    ref = change.ref
    kind = KIND_ORDER.index(ref.kind) if ref.kind in KIND_ORDER else len(KIND_ORDER)
    return (stage_of(ref), kind, ref.kind, ref.group)


def _sort_key(change: ObjectChange) -> tuple[tuple[int, int, str, str], ObjectRef]:
    return (_kind_rank(change), change.ref)
