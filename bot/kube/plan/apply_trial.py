"""Tries to apply an object that is there, as an apply will send it. Called by the dry-run; keeps nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.kube.cluster.clusters import MANAGER
from bot.kube.cluster.refusals import INVALID, FieldConflict, field_conflicts, immutable_fields
from bot.kube.cluster.responses import ApiResponse
from bot.kube.cluster.server_dry_run import dry_run_apply
from bot.kube.objects.body import Body
from bot.kube.options import Allowance
from bot.kube.plan.leftovers import clear_leftovers
from bot.kube.plan.managed_fields import FieldOwner
from bot.kube.plan.plan_request import PlanRequest


@dataclass(frozen=True, slots=True)
class ApplyTrial:
    """`answer` is to `send`, with `force` where that takes fields of others.

    `send` may hold a null for what must go beside it, and `clears` lead to more of that. `conflicts` are with managers
    whose fields are not ours to take.
    """

    answer: ApiResponse
    send: Body
    clears: tuple[str, ...] = ()
    force: bool = False
    conflicts: tuple[FieldConflict, ...] = ()


def try_apply(request: PlanRequest, send: Body, live: Body, takeovers: Sequence[str]) -> ApplyTrial:
    """Try the body, and once more without what is left of the object's earlier shape where that is in its way.

    Raises ToolFailed and Transient.
    """
    trial = _try_once(request, send, live, takeovers)
    if trial.answer.status != INVALID or immutable_fields(trial.answer):
        return trial
    refused = [cause.field for cause in trial.answer.causes]
    clearance = clear_leftovers(send, live, refused, lambda owner: _is_ours_to_take(request, owner, takeovers))
    if not clearance.pointers and clearance.send == send:
        return trial
    retrial = _try_once(request, clearance.send, live, takeovers, clearance.pointers)
    if not retrial.answer.ok:
        return trial
    conflicts = tuple(dict.fromkeys((*trial.conflicts, *retrial.conflicts)))
    return replace(retrial, force=trial.force or retrial.force, conflicts=conflicts)


def _try_once(
    request: PlanRequest, send: Body, live: Body, takeovers: Sequence[str], clears: tuple[str, ...] = ()
) -> ApplyTrial:
    answer = dry_run_apply(request.cluster, send, live, takeovers, force=False, clears=clears)
    conflicts = field_conflicts(answer)
    if not conflicts:
        return ApplyTrial(answer, send, clears)
    forced = dry_run_apply(request.cluster, send, live, takeovers, force=True, clears=clears)
    foreign = tuple(conflict for conflict in conflicts if conflict.manager not in takeovers)
    return ApplyTrial(forced, send, clears, force=True, conflicts=() if _takes_all(request) else foreign)


def _is_ours_to_take(request: PlanRequest, owner: FieldOwner, takeovers: Sequence[str]) -> bool:
    return owner.name == MANAGER or owner.name in takeovers or _takes_all(request)


def _takes_all(request: PlanRequest) -> bool:
    return Allowance.CONFLICTS in request.rules.allow
