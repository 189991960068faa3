"""Tries a chart's hooks as an apply will make them. Called by `hook_changes`; keeps nothing in the cluster."""

from dataclasses import dataclass, replace

from bot.kube.cluster.refusals import explain
from bot.kube.crds import validation
from bot.kube.objects.exported_fields import export_problem
from bot.kube.objects.kube_object import KubeObject, ObjectRef
from bot.kube.objects.masking import scrub
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.plan.companions import complete_request
from bot.kube.plan.creation_trial import CreationTrial, try_anew, try_creation
from bot.kube.plan.plan_request import PlanRequest
from bot.kube.render.helm_hooks import (
    GIVES_WAY,
    HelmHook,
    HookDeletePolicy,
    HookPhase,
    made_by_hook,
    replacement_obstacle,
)
from bot.kube.render.revisions import RenderedRevision


@dataclass(frozen=True, slots=True)
class HookTrials:
    """`early` knows of what comes with hooks, `late` of the chart's other objects too, which come before those hooks
    that do not run in the phase `before`. `members` are those objects.
    """

    before: HookPhase
    early: PlanRequest
    late: PlanRequest
    members: frozenset[ObjectRef]

    @classmethod
    def prepare(
        cls, request: PlanRequest, desired: RenderedRevision, previous: RenderedRevision | None, before: HookPhase
    ) -> "HookTrials":
        """Gather what comes with the hooks. Raises ToolFailed and Transient."""
        hooks = [hook.kube_object for hook in desired.hooks]
        earlier = [*(hook.kube_object for hook in previous.hooks), *previous.objects] if previous else []
        late = complete_request(request, (*hooks, *desired.objects), earlier)
        members = frozenset(kube_object.ref for kube_object in desired.objects)
        return cls(before, replace(complete_request(request, hooks, ()), secrets=late.secrets), late, members)

    def check(self, hook: HelmHook, change: ObjectChange, *, is_new: bool) -> ObjectChange:
        """Make the change unknown where something is in the hook's way; one that `is_new` is tried."""
        kube_object, cluster = hook.kube_object, self.late.cluster
        if cluster.resource(kube_object.api_version, kube_object.ref.kind) is None:
            return self._check_unserved(kube_object, change)
        answer = cluster.get(kube_object.api_version, kube_object.ref)
        if answer.ok and kube_object.ref in self.members and not made_by_hook(answer.body):
            return replace(change, notes=(*change.notes, GIVES_WAY))
        if problem := (replacement_obstacle(hook, answer.body) if answer.ok else "") or export_problem(
            kube_object.body
        ):
            return replace(change, verb=Verb.UNKNOWN, problem=problem)
        if not is_new:
            return change
        trial = self._try(hook, is_there=answer.ok)
        if not trial.accepted:
            problem = scrub(self._explain(hook, trial), self.late.secrets)
            return replace(change, verb=Verb.UNKNOWN, problem=problem)
        return replace(change, notes=(*change.notes, *trial.notes))

    def _try(self, hook: HelmHook, *, is_there: bool) -> CreationTrial:
        """As `HookRunner` makes it: anew where it goes before, over what is there where that stays."""
        request, body = self._request_for(hook), hook.kube_object.body
        if not is_there:
            return try_creation(request, body)
        if HookDeletePolicy.BEFORE in hook.delete_policies:
            return try_anew(request, body)
        return CreationTrial(request.cluster.apply(body, dry_run=True))

    def _request_for(self, hook: HelmHook) -> PlanRequest:
        return self.early if self.before in hook.phases else self.late

    def _explain(self, hook: HelmHook, trial: CreationTrial) -> str:
        namespace, reason = hook.kube_object.ref.namespace, explain(trial.answer, hook.kube_object.body)
        if self.before in hook.phases and namespace in self.late.new_namespaces - self.early.new_namespaces:
            return (
                f"its namespace {namespace} comes after it, for {self.before} runs before the chart's own objects: let "
                "a project make the namespace that this one has in `depends_on`"
            )
        return reason

    def _check_unserved(self, kube_object: KubeObject, change: ObjectChange) -> ObjectChange:
        """By a definition beside it, since the cluster cannot try it yet."""
        kind = kube_object.ref.kind
        definitions = [crd for crd in self.late.crds if validation.serves_kind(crd, kube_object.api_version, kind)]
        problems = [problem for crd in definitions for problem in validation.find_problems(kube_object.body, crd)]
        if problems:
            problem = f"is not valid by the definition in this pull request: {'; '.join(problems)}"
            return replace(change, verb=Verb.UNKNOWN, problem=problem)
        how = "validated offline, by the definition in this pull request" if definitions else "not checked"
        note = f"{how}: the cluster does not know the kind {kind} of {kube_object.api_version} yet"
        return replace(change, notes=(*change.notes, note))
