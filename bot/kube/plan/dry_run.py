"""Asks a cluster what an apply would make of one object, by trying it without keeping anything. Called by `differ`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.core.errors import Refused, ToolFailed
from bot.kube.cluster import adoption
from bot.kube.cluster.clusters import MANAGER
from bot.kube.cluster.deletions import deletion_losses, needs_confirmation, protection_of
from bot.kube.cluster.ownership import INVENTORY_REFUSAL, is_inventory, takeover_from
from bot.kube.cluster.refusals import NOT_FOUND, explain, field_conflicts, immutable_fields, is_namespace_missing
from bot.kube.cluster.responses import ApiResponse
from bot.kube.cluster.role_bindings import NOT_TRIED_NOTE, awaits_role
from bot.kube.cluster.server_dry_run import (
    add_member_label,
    dry_run_apply,
    restore_name,
    result_digest,
    with_probe_name,
)
from bot.kube.crds import validation
from bot.kube.objects.body import Body
from bot.kube.objects.kube_object import KubeObject
from bot.kube.objects.masking import scrub, secret_texts
from bot.kube.objects.object_changes import FieldChange, ObjectChange, Verb
from bot.kube.objects.pointers import drop_fields
from bot.kube.objects.quantities import IsQuantity
from bot.kube.options import Allowance
from bot.kube.plan.field_diff import diff_fields, is_changed
from bot.kube.plan.ignored_fields import ignored_fields, keep_own_fields
from bot.kube.plan.plan_request import PlanRequest

SCRATCH_NAMESPACE = "default"
APPROXIMATE_NOTE = (
    f"tried in namespace {SCRATCH_NAMESPACE}: quotas, limits and policies of the new namespace are not counted in"
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
    try:
        if request.cluster.resource(desired.api_version, desired.ref.kind) is None:
            return planner.plan_unserved_kind()
        if live is None:
            answer = request.cluster.get(desired.api_version, desired.ref)
            if answer.status == NOT_FOUND:
                return planner.plan_create()
            if not answer.ok:
                return planner.unknown(explain(answer))
            live = answer.body
        return planner.plan_update(live)
    except (Refused, ToolFailed) as error:
        return planner.unknown(str(error))


def rival_refusal(rivals: Sequence[str]) -> str:
    """Say that an object is declared more than once."""
    names = ", ".join(f"`{name}`" for name in rivals)
    return f"is declared by {names} too: let one project have it, and take it out of the others"


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

    def plan_unserved_kind(self) -> ObjectChange:
        """Plan an object whose kind the cluster does not serve: by a definition beside it, or unchecked, or not."""
        crd = self._find_crd()
        if crd is None and self.request.awaits_dependencies:
            note = f"not checked: the cluster does not know {self.desired.ref.kind} of {self.desired.api_version} yet"
            return self._change(
                Verb.CREATE,
                fields=self._diff(None, None),
                send=add_member_label(self.desired.body, self.request.label),
                notes=(note,),
            )
        if crd is None:
            return self.unknown(
                f"the cluster does not know the kind {self.desired.ref.kind} of {self.desired.api_version}"
            )
        return self._validate_offline(crd, Verb.CREATE, None)

    def plan_create(self) -> ObjectChange:
        """Plan an object that is not there, by creating it in a dry-run. Raises Refused and ToolFailed."""
        if rivals := self.request.neighbourhood.declaring(self.desired.ref, affected=True):
            return self.unknown(rival_refusal(rivals))
        send = add_member_label(self.desired.body, self.request.label)
        elsewhere_tried, answer = self._try_create(send)
        if awaits_role(self.desired, self.request.roles, answer):
            return self._change(Verb.CREATE, fields=self._diff(None, None), send=send, notes=(NOT_TRIED_NOTE,))
        if not answer.ok:
            crd = self._find_crd()
            return self._validate_offline(crd, Verb.CREATE, None) if crd else self.unknown(self._explain(answer))
        result = restore_name(answer.body, send) if elsewhere_tried else answer.body
        notes: tuple[str, ...] = (APPROXIMATE_NOTE,) if elsewhere_tried else ()
        if self.desired.ref in self.request.members:
            notes += ("it was applied before and is gone from the cluster",)
        return self._change(
            Verb.CREATE,
            fields=self._diff(None, result),
            send=send,
            result="" if elsewhere_tried else result_digest(self.request.mask, result, (), send),
            notes=notes,
            warnings=self._warnings(answer),
        )

    def _try_create(self, send: Body) -> tuple[bool, ApiResponse]:
        """Whether it was tried in another namespace, since its own is still to be made; and the answer."""
        if self.desired.ref.namespace not in self.request.new_namespaces:
            answer = self.request.cluster.apply(send, dry_run=True)
            if not (self.request.awaits_dependencies and is_namespace_missing(answer)):
                return False, answer
        return True, self._probe(send, SCRATCH_NAMESPACE)

    def _probe(self, send: Body, namespace: str | None = None) -> ApiResponse:
        """Create it under a name that nothing has; a refusal speaks of its own name."""
        probe = with_probe_name(send, namespace)
        answer = self.request.cluster.create(probe, dry_run=True)
        return answer if answer.ok else answer.renamed(str(probe["metadata"]["name"]), self.desired.ref.name)

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
            return self.unknown(takeover.refusal, **identity)
        if takeover.sibling and (rivals := self.request.neighbourhood.declaring(self.desired.ref)):
            return self.unknown(rival_refusal(rivals), **identity)
        ignored, notes = ignored_fields(self.request.ignore_rules, self.desired, live)
        notes += takeover.notes
        sendable = keep_own_fields(drop_fields(self.desired.body, ignored), live, ignored)
        send = add_member_label(sendable, self.request.label)
        takeovers = adoption.adopted_managers(live, self.request.takeover_managers, MANAGER)
        answer, force, problem = self._try_apply(send, live, takeovers)
        if not answer.ok:
            return self._plan_rejected(answer, live, send, identity)
        result = answer.body
        notes += tuple(f"fields of {name} are taken over" for name in takeovers)
        details: dict[str, Any] = {
            "fields": self._diff(live, result, sendable, ignored),
            "send": send,
            "force": force,
            "result": result_digest(self.request.mask, result, ignored, send),
            "left": ignored,
            "takes": takeovers,
            "moves_from": takeover.sibling,
            "warnings": self._warnings(answer, live),
            **identity,
        }
        if problem:
            return self.unknown(problem, notes=notes, **details)
        verb = self._verb(live, result, ignored)
        return self._change(verb, notes=notes, **details)

    def _verb(self, live: Body, result: Body, ignored: tuple[str, ...]) -> Verb:
        masked_live, masked_result = (self._mask(body, ignored) for body in (live, result))
        if is_changed(masked_live, masked_result, self._is_quantity):
            return Verb.CHANGE
        labels = live["metadata"].get("labels") or {}
        return Verb.UNCHANGED if self.request.label in labels.values() else Verb.ADOPT

    def _try_apply(self, send: Body, live: Body, takeovers: Sequence[str]) -> tuple[ApiResponse, bool, str]:
        """The answer, whether fields of others are taken by force, and why they must not be."""
        answer = dry_run_apply(self.request.cluster, send, live, takeovers, force=False)
        conflicts = field_conflicts(answer)
        if not conflicts:
            return answer, False, ""
        forced = dry_run_apply(self.request.cluster, send, live, takeovers, force=True)
        refused = [conflict for conflict in conflicts if conflict.manager not in takeovers]
        if not forced.ok or not refused or Allowance.CONFLICTS in self.request.rules.allow:
            return forced, True, ""
        owners_text = ", ".join(str(conflict) for conflict in refused)
        remedies = (
            "leave it out of Git, `ignore` it in gitops.yaml, or have the operator take that manager over (MANAGERS)"
        )
        return forced, True, f"owned by someone else: {owners_text}; {remedies}"

    def _plan_rejected(self, answer: ApiResponse, live: Body, send: Body, identity: Mapping[str, str]) -> ObjectChange:
        immutable = immutable_fields(answer)
        if immutable:
            return self._plan_replacement(immutable, live, send, identity)
        crd = self._find_crd()
        if crd is not None:
            return self._validate_offline(crd, Verb.CHANGE, live)
        return self.unknown(self.scrub(self._explain(answer), live), warnings=self._warnings(answer, live), **identity)

    def _plan_replacement(
        self, immutable: Sequence[str], live: Body, send: Body, identity: Mapping[str, str]
    ) -> ObjectChange:
        """Delete and create again, when a dry-run under another name shows that it could be."""
        answer = self._probe(send)
        if not answer.ok:
            reason = self.scrub(self._explain(answer), live)
            return self.unknown(f"{', '.join(immutable)} cannot change, and anew {reason}", **identity)
        result = restore_name(answer.body, send)
        replacement = self._change(
            Verb.REPLACE,
            fields=self._diff(live, result),
            send=send,
            losses=deletion_losses(self.request.cluster, live, self.request.now),
            confirm=needs_confirmation(self.desired.ref),
            warnings=self._warnings(answer, live),
            notes=(f"cannot change in place: {', '.join(immutable)}",),
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
