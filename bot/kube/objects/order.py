"""In which order objects are applied, and deleted: what others need comes first. Pure."""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import groupby

from bot.kube.objects.model import Ref
from bot.kube.objects.outcomes import Outcome

# Within the last stage; kinds that are not named come after all of them.
KINDS = (
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


class Stage(IntEnum):
    """A later stage begins only when an earlier one is done."""

    DEFINITIONS = 0
    NAMESPACES = 1
    CLUSTER_ACCESS = 2
    REST = 3


def stage(ref: Ref) -> Stage:
    if (ref.group, ref.kind) == ("apiextensions.k8s.io", "CustomResourceDefinition"):
        return Stage.DEFINITIONS
    if (ref.group, ref.kind) == ("", "Namespace"):
        return Stage.NAMESPACES
    if ref.group == "rbac.authorization.k8s.io" and not ref.namespace:
        return Stage.CLUSTER_ACCESS
    return Stage.REST


def groups(outcomes: Iterable[Outcome]) -> list[tuple[Stage, Sequence[Outcome]]]:
    """Those of one stage and kind together, in the order in which they are applied."""
    ordered = sorted(outcomes, key=_rank)
    return [(stage(found[0].ref), found) for _, one in groupby(ordered, _place) if (found := list(one))]


def backwards(outcomes: Iterable[Outcome]) -> list[Sequence[Outcome]]:
    """The same in the order in which they are deleted."""
    return [found for _, found in reversed(groups(outcomes))]


def _place(outcome: Outcome) -> tuple[int, int, str, str]:
    ref = outcome.ref
    kind = KINDS.index(ref.kind) if ref.kind in KINDS else len(KINDS)
    return (stage(ref), kind, ref.kind, ref.group)


def _rank(outcome: Outcome) -> tuple[tuple[int, int, str, str], Ref]:
    return (_place(outcome), outcome.ref)
