"""How two renderings differ, where no cluster is asked. Called by `tool` and for hooks. Pure."""

from typing import Any

from bot.kube.objects.kube_object import KubeObject
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.plan.field_diff import diff_fields, is_changed
from bot.kube.plan.plan_request import PlanRevisions
from bot.kube.plan.quantity_rules import offline_rule


def plan_offline(revisions: PlanRevisions, mask_body: Any) -> tuple[ObjectChange, ...]:
    """Compare two renderings, where there is no cluster to ask."""
    previous = {kube_object.ref: kube_object for kube_object in revisions.previous or ()}
    changes = [
        diff_rendered(kube_object, previous.get(kube_object.ref), mask_body) for kube_object in revisions.desired
    ]
    rendered = {kube_object.ref for kube_object in revisions.desired}
    deletions = [
        ObjectChange(
            previous_object.ref,
            previous_object.api_version,
            Verb.DELETE,
            diff_fields(mask_body(previous_object.body), None, None, None, ""),
        )
        for previous_object in previous.values()
        if previous_object.ref not in rendered
    ]
    return (*changes, *deletions)


def diff_rendered(desired: KubeObject, previous: KubeObject | None, mask_body: Any) -> ObjectChange:
    """Compare one object with what it was rendered to before; nothing is asked."""
    previous_body, desired_body = mask_body(previous.body) if previous else None, mask_body(desired.body)
    rule = offline_rule(desired.api_version)
    if previous_body is not None and not is_changed(previous_body, desired_body, rule):
        return ObjectChange(desired.ref, desired.api_version, Verb.UNCHANGED)
    fields = diff_fields(previous_body, desired_body, None, None, "", is_quantity=rule)
    return ObjectChange(
        desired.ref, desired.api_version, Verb.CHANGE if previous else Verb.CREATE, fields, where=desired.where
    )
