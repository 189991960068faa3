"""What comes with an object in the same pull request, and must not be missed while that is tried. Called by plans."""

from collections.abc import Sequence
from dataclasses import replace

from bot.kube.cluster.refusals import NOT_FOUND
from bot.kube.objects.kube_object import KubeObject
from bot.kube.objects.masking import secret_texts
from bot.kube.plan.plan_request import PlanRequest

NAMESPACE_KIND = ("", "Namespace")


def complete_request(
    request: PlanRequest, companions: Sequence[KubeObject], previous: Sequence[KubeObject]
) -> PlanRequest:
    """Add the namespaces and definitions that the companions bring, and what Secrets of theirs or earlier ones hold.

    Raises ToolFailed and Transient.
    """
    namespaces = [
        kube_object for kube_object in companions if (kube_object.ref.group, kube_object.ref.kind) == NAMESPACE_KIND
    ]
    answers = request.cluster.map_concurrently(
        lambda kube_object: request.cluster.get(kube_object.api_version, kube_object.ref), namespaces
    )
    missing = (pair[0].ref.name for pair in zip(namespaces, answers, strict=True) if pair[1].status == NOT_FOUND)
    return replace(
        request,
        crds=tuple(kube_object.body for kube_object in companions if kube_object.ref.is_definition),
        new_namespaces=frozenset(missing),
        declared=frozenset(kube_object.ref for kube_object in companions),
        secrets=secret_texts(kube_object.body for kube_object in (*companions, *previous)),
    )
