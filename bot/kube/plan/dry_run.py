"""Asks a cluster what an apply would make of one object, by trying it without keeping anything. Called by `differ`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.core.errors import Refused, ToolFailed
from bot.kube.cluster import adoption
from bot.kube.cluster.clusters import MANAGER
from bot.kube.cluster.deletions import deletion_losses, needs_confirmation, protection_of
from bot.kube.cluster.ownership import INVENTORY_REFUSAL, is_inventory, rival_refusal, takeover_from
from bot.kube.cluster.refusals import NOT_FOUND, FieldConflict, explain, immutable_fields
from bot.kube.cluster.requirements import is_binding, missing_requirements
from bot.kube.cluster.responses import ApiResponse
from bot.kube.cluster.server_dry_run import add_member_label, result_digest
from bot.kube.crds import validation
from bot.kube.crds.object_meta import envelope_problems
from bot.kube.objects.body import Body
from bot.kube.objects.exported_fields import export_notes, export_problem
from bot.kube.objects.kube_object import KubeObject
from bot.kube.objects.masking import scrub, secret_texts
from bot.kube.objects.object_changes import FieldChange, ObjectChange, Verb
from bot.kube.objects.pointers import drop_fields
from bot.kube.objects.quantities import IsQuantity
from bot.kube.options import Allowance
from bot.kube.plan.apply_trial import try_apply
from bot.kube.plan.creation_trial import try_anew, try_creation
from bot.kube.plan.field_diff import diff_fields, drift_of, is_changed
from bot.kube.plan.ignored_fields import ignored_fields, keep_own_fields
from bot.kube.plan.plan_request import PlanRequest

CONFLICT_REMEDIES = (
    "leave it out of Git, `ignore` it in gitops.yaml, have the operator take that manager over (MANAGERS), or let this"
    " project have it: `allow: [conflicts]` on the base branch"
)


def dry_run_object(
    request: PlanRequest, desired: KubeObject, previous: Body | None, live: Body | None = None
) -> ObjectChange:
    """Plan an object that is to be applied. Everything that goes wrong is an UNKNOWN change.

    `previous` is what was applied last; `live` is given where it was read already.
    """
    planner = _ObjectPlanner(request, desired, previous)
    if is_inventory(desired.body):
        return planner.unknown(INVENTORY_REFUSAL)
    if problem := export_problem(desired.body):
        return planner.unknown(problem)
    try:
        return planner.plan(live)
    except (Refused, ToolFailed) as error:
        return planner.unknown(str(error))


@dataclass(frozen=True, slots=True)
class _ObjectPlanner:
    """Plans one object."""

    request: PlanRequest
    desired: KubeObject
    previous: Body | None

    def _change(self, verb: Verb, **details: Any) -> ObjectChange:
        return ObjectChange(self.desired.ref, self.desired.api_version, verb, where=self.desired.where, **details)

    def unknown(self, problem: str, **details: Any) -> ObjectChange:
        """Make the change that nobody can tell, with the problem scrubbed."""
        return self._change(Verb.UNKNOWN, problem=self.scrub(problem), **details)

    def scrub(self, text: str, live: Body | None = None) -> str:
        """Remove the values of Secrets from a text of the cluster's."""
        own_secrets = secret_texts(body for body in (self.desired.body, self.previous, live) if body)
        return scrub(text, own_secrets | self.request.secrets)

    def plan(self, live: Body | None) -> ObjectChange:
        """Plan it by what the cluster has of it. Raises Refused and ToolFailed."""
        desired, cluster = self.desired, self.request.cluster
        resource = cluster.resource(desired.api_version, desired.ref.kind)
        if resource is None:
            return self.plan_unserved_kind()
        if live is None:
            answer = cluster.get(desired.api_version, desired.ref)
            if not answer.ok and answer.status != NOT_FOUND:
                return self.unknown(explain(answer))
            live = answer.body if answer.ok else None
        change = self.plan_create() if live is None else self.plan_update(live)
        if change.verb is Verb.UNCHANGED:
            return change
        return replace(change, notes=(*change.notes, *export_notes(desired.body, has_status=resource.has_status)))

    def plan_unserved_kind(self) -> ObjectChange:
        """Plan an object whose kind the cluster does not serve: by a definition beside it, or unchecked, or not."""
        request, desired = self.request, self.desired
        kind_text = f"{desired.ref.kind} of {desired.api_version}"
        if crd := self._find_crd():
            return self._validate_offline(crd, Verb.CREATE, None)
        definition = request.neighbourhood.definition_of(desired.api_version, desired.ref.kind)
        if definition and request.awaits_dependencies:
            return self._validate_offline(definition.body, Verb.CREATE, None)
        if definition:
            remedy = f"`depends_on: [{definition.project}]` has that applied first"
            return self.unknown(f"the cluster does not know the kind {kind_text} yet: {remedy}")
        if not request.awaits_dependencies:
            return self.unknown(f"the cluster does not know the kind {kind_text}")
        if problems := tuple(envelope_problems(desired.body, "")):
            return self.unknown(f"is not valid: {'; '.join(problems)}")
        return self._change(
            Verb.CREATE,
            fields=self._diff(None, None),
            send=add_member_label(desired.body, request.label),
            notes=(f"not checked: the cluster does not know {kind_text} yet, nor whether it has a namespace",),
        )

    def plan_create(self) -> ObjectChange:
        """Plan an object that is not there, by creating it in a dry-run. Raises Refused and ToolFailed."""
        if rivals := self.request.neighbourhood.declaring(self.desired.ref, affected=True):
            return self._conflict(rival_refusal(rivals))
        send = add_member_label(self.desired.body, self.request.label)
        trial = try_creation(self.request, send)
        if not trial.accepted:
            crd = self._find_crd()
            return self._validate_offline(crd, Verb.CREATE, None) if crd else self.unknown(self._explain(trial.answer))
        was_applied = self.desired.ref in self.request.members
        notes = ("it was applied before and is gone from the cluster",) if was_applied else ()
        return self._change(
            Verb.CREATE,
            fields=self._diff(None, trial.result),
            send=send,
            result=result_digest(self.request.mask, trial.answer.body, (), send) if trial.exact else "",
            notes=(*trial.notes, *notes),
            warnings=self._warnings(trial.answer),
        )

    def plan_update(self, live: Body) -> ObjectChange:
        """Plan an object that is there, by applying it in a dry-run. Raises Refused and ToolFailed."""
        uid, version = (str(live["metadata"].get(key) or "") for key in ("uid", "resourceVersion"))
        identity = {"uid": uid, "version": version}
        if is_inventory(live):
            return self.unknown(INVENTORY_REFUSAL, **identity)
        if live["metadata"].get("deletionTimestamp"):
            return self.unknown("is being deleted; plan again when it is gone", **identity)
        takeover = takeover_from(self.request.cluster, live, self.request.label, self.request.project)
        if takeover.refusal and Allowance.CONFLICTS not in self.request.rules.allow:
            return self._conflict(takeover.refusal, **identity)
        if takeover.sibling and (rivals := self.request.neighbourhood.declaring(self.desired.ref)):
            return self._conflict(rival_refusal(rivals), **identity)
        ignored, notes = ignored_fields(self.request.ignore_rules, self.desired, live)
        notes += takeover.notes
        sendable = keep_own_fields(drop_fields(self.desired.body, ignored), live, ignored)
        send = add_member_label(sendable, self.request.label)
        takeovers = adoption.adopted_managers(live, self.request.takeover_managers, MANAGER)
        trial = try_apply(self.request, send, live, takeovers)
        if not trial.answer.ok:
            return self._plan_rejected(trial.answer, live, send, identity)
        result = trial.answer.body
        notes += tuple(f"fields of {name} are taken over" for name in takeovers)
        details: dict[str, Any] = {
            "fields": self._diff(live, result, sendable, ignored),
            "send": trial.send,
            "force": trial.force,
            "result": result_digest(self.request.mask, result, ignored, trial.send),
            "left": ignored,
            "takes": takeovers,
            "clears": trial.clears,
            "moves_from": takeover.sibling,
            "warnings": self._warnings(trial.answer, live),
            **identity,
        }
        if trial.conflicts:
            return self._plan_conflict(trial.conflicts, notes, details)
        return self._change(self._verb(live, result, ignored), notes=notes, **details)

    def _plan_conflict(
        self, conflicts: Sequence[FieldConflict], notes: tuple[str, ...], details: Mapping[str, Any]
    ) -> ObjectChange:
        """Fields that others wrote otherwise: left so where we change nothing, else overwritten when a person says so.

        What others apply, and would write again, is theirs.
        """
        fields_text = ", ".join(map(str, conflicts))
        if self.previous == self.desired.body:
            identity = {key: details[key] for key in ("uid", "version")}
            return self._change(Verb.UNCHANGED, drift=drift_of(details["fields"]), **identity)
        if any(conflict.insists for conflict in conflicts):
            problem = f"owned by someone else: {fields_text}; {CONFLICT_REMEDIES}"
            return self._conflict(problem, notes=notes, **details)
        note = f"overwrites drift: {fields_text}"
        return self._change(Verb.CHANGE, notes=(*notes, note), confirm=True, **details)

    def _conflict(self, problem: str, **details: Any) -> ObjectChange:
        return self._change(Verb.CONFLICT, problem=self.scrub(problem), **details)

    def _verb(self, live: Body, result: Body, ignored: tuple[str, ...]) -> Verb:
        masked_live, masked_result = (self._mask(body, ignored) for body in (live, result))
        if is_changed(masked_live, masked_result, self._is_quantity):
            return Verb.CHANGE
        labels = live["metadata"].get("labels") or {}
        return Verb.UNCHANGED if self.request.label in labels.values() else Verb.ADOPT

    def _plan_rejected(self, answer: ApiResponse, live: Body, send: Body, identity: Mapping[str, str]) -> ObjectChange:
        immutable = immutable_fields(answer) or self._rebound_fields(live)
        if immutable:
            return self._plan_replacement(immutable, live, send, identity)
        crd = self._find_crd()
        if crd is not None:
            return self._validate_offline(crd, Verb.CHANGE, live)
        return self.unknown(self.scrub(self._explain(answer), live), warnings=self._warnings(answer, live), **identity)

    def _rebound_fields(self, live: Body) -> tuple[str, ...]:
        """A binding's role is fixed; one that is to bind a role still to come is refused for want of that."""
        if not is_binding(self.desired) or live.get("roleRef") == self.desired.body.get("roleRef"):
            return ()
        missing = missing_requirements(self.request.cluster, self.desired, self.request.is_coming)
        return ("roleRef",) if missing else ()

    def _plan_replacement(
        self, immutable: Sequence[str], live: Body, send: Body, identity: Mapping[str, str]
    ) -> ObjectChange:
        """Delete and create again, when a dry-run under another name shows that it could be."""
        trial = try_anew(self.request, send)
        if not trial.accepted:
            reason = self.scrub(self._explain(trial.answer), live)
            return self.unknown(f"{', '.join(immutable)} cannot change, and anew {reason}", **identity)
        replacement = self._change(
            Verb.REPLACE,
            fields=self._diff(live, trial.result),
            send=send,
            losses=deletion_losses(self.request.cluster, live, self.request.now),
            confirm=needs_confirmation(self.desired.ref),
            warnings=self._warnings(trial.answer, live),
            notes=(f"cannot change in place: {', '.join(immutable)}", *trial.notes),
            **identity,
        )
        if guard := protection_of(live):
            return replace(replacement, verb=Verb.UNKNOWN, problem=f"must be replaced, and is protected by {guard}")
        if Allowance.REPLACE not in self.request.rules.allow:
            remedy = "`allow: [replace]` on the base branch lets it be replaced"
            return replace(
                replacement, verb=Verb.UNKNOWN, problem=f"{', '.join(immutable)} cannot change in place; {remedy}"
            )
        return replacement

    def _validate_offline(self, crd: Body, verb: Verb, live: Body | None) -> ObjectChange:
        """Validate by the definition that comes with it, since the cluster does not have that yet."""
        if problems := validation.find_problems(self.desired.body, crd):
            return self.unknown(f"is not valid by the definition in this pull request: {'; '.join(problems)}")
        notes = (
            "validated offline, by the definition in this pull request",
            *validation.find_unchecked(crd, self.desired.version),
        )
        metadata = live["metadata"] if live else {}
        return self._change(
            verb,
            fields=self._diff(live, None),
            send=add_member_label(self.desired.body, self.request.label),
            notes=notes,
            uid=str(metadata.get("uid") or ""),
            version=str(metadata.get("resourceVersion") or ""),
        )

    def _find_crd(self) -> Body | None:
        matching = (
            crd
            for crd in self.request.crds
            if validation.serves_kind(crd, self.desired.api_version, self.desired.ref.kind)
        )
        return next(matching, None)

    def _diff(
        self, live: Body | None, result: Body | None, sendable: Body | None = None, ignored: Sequence[str] = ()
    ) -> tuple[FieldChange, ...]:
        """As `diff_fields`, of all but what is ignored."""
        previous = self.previous if live is not None else None
        return diff_fields(
            None if previous is None else self._mask(previous, ignored),
            self._mask(sendable or self.desired.body, ignored),
            None if live is None else self._mask(live, ignored),
            None if result is None else self._mask(result, ignored),
            MANAGER,
            is_quantity=self._is_quantity,
        )

    def _mask(self, body: Body, ignored: Sequence[str]) -> Body:
        return self.request.mask.mask_values(drop_fields(body, ignored))

    def _explain(self, answer: ApiResponse) -> str:
        return explain(answer, self.desired.body)

    @property
    def _is_quantity(self) -> IsQuantity:
        request, desired = self.request, self.desired
        return request.quantity_rules.rule_for(request.cluster, desired.api_version, desired.ref.kind, request.crds)

    def _warnings(self, answer: ApiResponse, live: Body | None = None) -> tuple[str, ...]:
        return tuple(self.scrub(warning, live) for warning in answer.warnings)
