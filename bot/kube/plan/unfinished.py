"""What earlier applies began and never saw well. Called by the differ and by `hook_changes`.

A member that is not healthy is no "no changes": until it is healthy, or a person takes it as it is, an apply is due
that looks at it again.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.kube.cluster.inventory import Inventory
from bot.kube.cluster.refusals import NOT_FOUND
from bot.kube.health.object_health import judge_health
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.plan.plan_request import PlanRequest

UNTOUCHED_VERBS = frozenset({Verb.UNCHANGED, Verb.ADOPT})
HOOK_NOTE = "runs again: it did not end well when it ran last"


def await_unfinished(
    request: PlanRequest, changes: Sequence[ObjectChange], inventory: Inventory | None
) -> tuple[ObjectChange, ...]:
    """Turn members that stay as they are into AWAIT changes where an earlier apply left them, and still are, unwell.

    One that is only to get our label becomes a CHANGE.
    """
    unfinished = inventory.unfinished if inventory else frozenset()
    return tuple(
        request.cluster.map_concurrently(
            lambda change: (
                _await_health(request, change)
                if change.ref in unfinished and change.verb in UNTOUCHED_VERBS
                else change
            ),
            changes,
        )
    )


def _await_health(request: PlanRequest, change: ObjectChange) -> ObjectChange:
    answer = request.cluster.get(change.api_version, change.ref)
    if answer.status == NOT_FOUND:
        return change
    health = judge_health(change.ref, answer.body, request.health_checks) if answer.ok else None
    if health and health.is_well:
        return change
    reason = health.reason if health else f"cannot be read: {answer.reason}"
    remedy = f"`/apply` looks again, and `/apply --confirm {change.ref.path}` takes it as it is"
    notes = (*change.notes, f"was applied and is not healthy: {reason}; {remedy}")
    if change.verb is Verb.ADOPT:
        return replace(change, verb=Verb.CHANGE, notes=notes)
    return ObjectChange(change.ref, change.api_version, Verb.AWAIT, uid=change.uid, where=change.where, notes=notes)
