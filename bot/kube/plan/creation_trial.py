"""Tries to create an object that is not there, as it will be sent or as near to that as can be.

Called by the dry-run of an object and by the check of hooks. Keeps nothing in the cluster.
"""

from dataclasses import dataclass

from bot.kube.cluster.refusals import CONFLICT, FORBIDDEN, NOT_FOUND, is_namespace_missing
from bot.kube.cluster.requirements import is_binding, missing_requirements, with_stand_ins
from bot.kube.cluster.responses import ApiResponse
from bot.kube.cluster.server_dry_run import restore_names, with_probe_name
from bot.kube.objects.body import Body
from bot.kube.objects.kube_object import ObjectRef, object_of
from bot.kube.plan.plan_request import PlanRequest

SCRATCH_NAMESPACE = "default"
APPROXIMATE_NOTE = (
    f"tried in namespace {SCRATCH_NAMESPACE}: quotas, limits and policies of the new namespace are not counted in"
)


@dataclass(frozen=True, slots=True)
class CreationTrial:
    """`result` is the object as the server would make it; None where it was refused, or tried with stand-ins.

    `exact`: it was tried as it will be sent, so that an apply can be held to it. `notes` say what was not tried.
    """

    answer: ApiResponse
    result: Body | None = None
    exact: bool = False
    notes: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        """The server takes it, as far as that could be tried."""
        return self.answer.ok


def try_creation(request: PlanRequest, send: Body) -> CreationTrial:
    """Try to create the body under its own name. Raises Refused, ToolFailed and Transient."""
    trial = _try_as_it_is(request, send)
    missing = () if trial.accepted else missing_requirements(request.cluster, object_of(send), request.is_coming)
    return _try_with_stand_ins(request, send, missing) if missing else trial


def try_anew(request: PlanRequest, send: Body) -> CreationTrial:
    """Try to create the body beside the live object whose place it is to take. Raises as `try_creation`."""
    answer = probe(request, send)
    missing = () if answer.ok else missing_requirements(request.cluster, object_of(send), request.is_coming)
    if missing:
        return _judge_stand_in(send, missing, probe(request, with_stand_ins(send, missing)))
    return CreationTrial(answer, answer.body if answer.ok else None)


def probe(request: PlanRequest, send: Body, namespace: str | None = None) -> ApiResponse:
    """Create it under a name that nothing has; the answer speaks of its own names."""
    body = with_probe_name(send, namespace)
    answer = request.cluster.create(body, dry_run=True)
    name, own_name = (str(named["metadata"]["name"]) for named in (body, send))
    renamed = answer.renamed(name, own_name)
    return ApiResponse(answer.status, restore_names(renamed.body, send), renamed.warnings) if answer.ok else renamed


def _try_as_it_is(request: PlanRequest, send: Body) -> CreationTrial:
    if object_of(send).ref.namespace not in request.new_namespaces:
        answer = request.cluster.apply(send, dry_run=True)
        if not (request.awaits_dependencies and is_namespace_missing(answer)):
            return CreationTrial(answer, answer.body if answer.ok else None, exact=answer.ok)
    return _try_elsewhere(request, send)


def _try_elsewhere(request: PlanRequest, send: Body) -> CreationTrial:
    """In another namespace, as its own is still to be made: under its own name, which the server judges too."""
    moved = {**send, "metadata": {**send["metadata"], "namespace": SCRATCH_NAMESPACE}}
    answer = request.cluster.create(moved, dry_run=True)
    if answer.status == CONFLICT and answer.reason == "AlreadyExists":
        answer = probe(request, send, SCRATCH_NAMESPACE)
    if answer.ok:
        return CreationTrial(answer, restore_names(answer.body, send), notes=(APPROXIMATE_NOTE,))
    return CreationTrial(answer.moved(SCRATCH_NAMESPACE, str(send["metadata"].get("namespace"))))


def _try_with_stand_ins(request: PlanRequest, send: Body, missing: tuple[ObjectRef, ...]) -> CreationTrial:
    trial = _try_as_it_is(request, with_stand_ins(send, missing))
    return _judge_stand_in(send, missing, trial.answer, trial.notes)


def _judge_stand_in(
    send: Body, missing: tuple[ObjectRef, ...], answer: ApiResponse, notes: tuple[str, ...] = ()
) -> CreationTrial:
    """What the server says of a body with stand-ins; a stand-in that it has not, or not for us, tells nothing."""
    names = ", ".join(map(str, missing))
    if answer.ok:
        return CreationTrial(answer, notes=(*notes, f"tried without {names}, to come with this pull request"))
    if is_binding(object_of(send)) and answer.status in (FORBIDDEN, NOT_FOUND):
        untried = ApiResponse(200, send)
        return CreationTrial(untried, notes=(f"not tried: {names} is to come with this pull request",))
    return CreationTrial(answer)
