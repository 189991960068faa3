"""Asks a cluster what an apply would make of one object, by trying it without keeping anything. Called by `differ`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from bot.core.errors import Refused, ToolFailed
from bot.core.project import Allowance, Ignored, Rules
from bot.kube.cluster import adoption
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.clusters import MANAGER
from bot.kube.cluster.deletions import kept, losses_of, precious
from bot.kube.cluster.neighbours import PARENT, is_parent, taken_from
from bot.kube.cluster.refusals import NOT_FOUND, cannot_change, conflicts, no_namespace, words
from bot.kube.cluster.responses import Answer
from bot.kube.cluster.trial import back, elsewhere, labelled, result_digest, tried
from bot.kube.crds import validation
from bot.kube.objects.masking import Mask, scrub, secrets_of
from bot.kube.objects.model import Object
from bot.kube.objects.outcomes import FieldChange, Outcome, Verb
from bot.kube.objects.pointers import without
from bot.kube.plan.fields import compare, owned_by_others
from bot.kube.plan.managed_fields import Foreign, owners

Body = Mapping[str, Any]

SCRATCH_NAMESPACE = "default"
APPROXIMATE = (
    f"tried in namespace {SCRATCH_NAMESPACE}: quotas, limits and policies of the new namespace are not counted in"
)


@dataclass(frozen=True, slots=True)
class Question:
    """What is the same for all objects of a plan.

    `label` marks the inventory's members. `managers` are those whose fields are taken over. `new_namespaces` and `crds`
    (bodies) come with the same pull request; the namespaces do not exist yet. `awaits`: other projects are applied
    before this one, and may make what is missing. `project` is the inventory's name for this one.
    `secrets` are all texts that nobody is to see, whichever object the cluster quotes them for.
    """

    cluster: Cluster
    mask: Mask
    label: str
    rules: Rules
    now: float
    managers: tuple[str, ...] = ()
    ignore: tuple[Ignored, ...] = ()
    new_namespaces: frozenset[str] = frozenset()
    crds: tuple[Body, ...] = ()
    awaits: bool = False
    project: str = ""
    secrets: frozenset[str] = frozenset()


def ask(question: Question, one: Object, before: Body | None, live: Body | None = None) -> Outcome:
    """What becomes of an object that is to be applied. Everything that goes wrong is an UNTOLD outcome.

    `before` is what was applied last; `live` is given where it was read already.
    """
    asking = _Asking(question, one, before)
    if is_parent(one.body):
        return asking.untold(PARENT)
    try:
        if question.cluster.resource(one.api_version, one.ref.kind) is None:
            return asking.unknown_kind()
        if live is None:
            answer = question.cluster.get(one.api_version, one.ref)
            if answer.status == NOT_FOUND:
                return asking.created()
            if not answer.ok:
                return asking.untold(words(answer))
            live = answer.body
        return asking.changed(live)
    except (Refused, ToolFailed) as why:
        return asking.untold(str(why))


@dataclass(frozen=True, slots=True)
class _Asking:
    """One object, on its way to an outcome."""

    its: Question
    one: Object
    before: Body | None

    def outcome(self, verb: Verb, **words_of_it: Any) -> Outcome:
        return Outcome(self.one.ref, self.one.api_version, verb, where=self.one.where, **words_of_it)

    def untold(self, problem: str, **words_of_it: Any) -> Outcome:
        return self.outcome(Verb.UNTOLD, problem=self.scrubbed(problem), **words_of_it)

    def scrubbed(self, text: str, live: Body | None = None) -> str:
        own = secrets_of(body for body in (self.one.body, self.before, live) if body)
        return scrub(text, own | self.its.secrets)

    def unknown_kind(self) -> Outcome:
        crd = self._crd()
        if crd is None and self.its.awaits:
            note = f"not checked: the cluster does not know {self.one.ref.kind} of {self.one.api_version} yet"
            return self.outcome(
                Verb.CREATE,
                fields=self._fields(None, None),
                send=labelled(self.one.body, self.its.label),
                notes=(note,),
            )
        if crd is None:
            return self.untold(f"the cluster does not know the kind {self.one.ref.kind} of {self.one.api_version}")
        return self._offline(crd, Verb.CREATE, None)

    def created(self) -> Outcome:
        send = labelled(self.one.body, self.its.label)
        strange, answer = self._tried_anew(send)
        if not answer.ok:
            crd = self._crd()
            return self._offline(crd, Verb.CREATE, None) if crd else self.untold(words(answer))
        result = back(answer.body, send) if strange else answer.body
        notes: tuple[str, ...] = (APPROXIMATE,) if strange else ()
        if self.before is not None:
            notes += ("it was applied before and is gone from the cluster",)
        return self.outcome(
            Verb.CREATE,
            fields=self._fields(None, result),
            send=send,
            result="" if strange else result_digest(self.its.mask, result, ()),
            notes=notes,
            warnings=self._warnings(answer),
        )

    def _tried_anew(self, send: Body) -> tuple[bool, Answer]:
        """Whether it was tried in another namespace, since its own is still to be made; and the answer."""
        if self.one.ref.namespace not in self.its.new_namespaces:
            answer = self.its.cluster.apply(send, dry_run=True)
            if not (self.its.awaits and no_namespace(answer)):
                return False, answer
        return True, self.its.cluster.create(elsewhere(send, SCRATCH_NAMESPACE), dry_run=True)

    def changed(self, live: Body) -> Outcome:
        uid, version = (str(live["metadata"].get(key) or "") for key in ("uid", "resourceVersion"))
        known = {"uid": uid, "version": version}
        if is_parent(live):
            return self.untold(PARENT, **known)
        if live["metadata"].get("deletionTimestamp"):
            return self.untold("is being deleted; plan again when it is gone", **known)
        problem, taken = taken_from(self.its.cluster, live, self.its.label, self.its.project)
        if problem and Allowance.CONFLICTS not in self.its.rules.allow:
            return self.untold(problem, **known)
        left, notes = self._left_alone(live)
        notes += taken
        meant = _with_ours(without(self.one.body, left), live, left)
        send = labelled(meant, self.its.label)
        takes = adoption.adopts(live, self.its.managers, MANAGER)
        answer, force, problem = self._tried(send, live, takes)
        if not answer.ok:
            return self._refused(answer, live, send, known)
        result = answer.body
        notes += tuple(f"fields of {name} are taken over" for name in takes)
        whole: dict[str, Any] = {
            "fields": self._fields(live, result, meant, left),
            "send": send,
            "force": force,
            "result": result_digest(self.its.mask, result, left),
            "left": left,
            "takes": takes,
            "warnings": self._warnings(answer, live),
            **known,
        }
        if problem:
            return self.untold(problem, notes=notes, **whole)
        verb = self._verb(live, whole["result"], left)
        return self.outcome(verb, notes=notes, **whole)

    def _verb(self, live: Body, result: str, left: tuple[str, ...]) -> Verb:
        if result_digest(self.its.mask, live, left) != result:
            return Verb.CHANGE
        labels = live["metadata"].get("labels") or {}
        return Verb.SAME if self.its.label in labels.values() else Verb.ADOPT

    def _tried(self, send: Body, live: Body, takes: Sequence[str]) -> tuple[Answer, bool, str]:
        """The answer, whether fields of others are taken by force, and why they must not be."""
        answer = tried(self.its.cluster, send, live, takes, force=False)
        against = conflicts(answer)
        if not against:
            return answer, False, ""
        forced = tried(self.its.cluster, send, live, takes, force=True)
        foreign = [one for one in against if one.manager not in takes]
        if not forced.ok or not foreign or Allowance.CONFLICTS in self.its.rules.allow:
            return forced, True, ""
        told = ", ".join(str(one) for one in foreign)
        ways = "leave it out of Git, `ignore` it in gitops.yaml, or have the operator take that manager over (MANAGERS)"
        return forced, True, f"owned by someone else: {told}; {ways}"

    def _refused(self, answer: Answer, live: Body, send: Body, known: Mapping[str, str]) -> Outcome:
        fixed = cannot_change(answer)
        if fixed:
            return self._replaced(fixed, live, send, known)
        crd = self._crd()
        if crd is not None:
            return self._offline(crd, Verb.CHANGE, live)
        return self.untold(self.scrubbed(words(answer), live), warnings=self._warnings(answer, live), **known)

    def _replaced(self, fixed: Sequence[str], live: Body, send: Body, known: Mapping[str, str]) -> Outcome:
        """Deleted and created again, when a trial under another name shows that it could be."""
        answer = self.its.cluster.create(elsewhere(send), dry_run=True)
        if not answer.ok:
            why = self.scrubbed(words(answer), live)
            return self.untold(f"{', '.join(fixed)} cannot change, and anew {why}", **known)
        result = back(answer.body, send)
        made = self.outcome(
            Verb.REPLACE,
            fields=self._fields(live, result),
            send=send,
            losses=losses_of(self.its.cluster, live, self.its.now),
            confirm=precious(self.one.ref),
            warnings=self._warnings(answer, live),
            notes=(f"cannot change in place: {', '.join(fixed)}",),
            **known,
        )
        if guard := kept(live):
            return replace(made, verb=Verb.UNTOLD, problem=f"must be replaced, and is protected by {guard}")
        if Allowance.REPLACE not in self.its.rules.allow:
            way = "`allow: [replace]` on the base branch lets it be replaced"
            return replace(made, verb=Verb.UNTOLD, problem=f"{', '.join(fixed)} cannot change in place; {way}")
        return made

    def _offline(self, crd: Body, verb: Verb, live: Body | None) -> Outcome:
        """Held against the definition that comes with it, since the cluster does not have that yet."""
        if wrong := validation.problems(self.one.body, crd):
            return self.untold(f"is not valid by the definition in this pull request: {'; '.join(wrong)}")
        notes = (
            "validated offline, by the definition in this pull request",
            *validation.unchecked(crd, self.one.version),
        )
        metadata = live["metadata"] if live else {}
        return self.outcome(
            verb,
            fields=self._fields(live, None),
            send=labelled(self.one.body, self.its.label),
            notes=notes,
            uid=str(metadata.get("uid") or ""),
            version=str(metadata.get("resourceVersion") or ""),
        )

    def _crd(self) -> Body | None:
        there = (crd for crd in self.its.crds if validation.serves(crd, self.one.api_version, self.one.ref.kind))
        return next(there, None)

    def _left_alone(self, live: Body) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Pointers of fields that are not ours to send, and what is said of those that we would have sent."""
        mine = [one for one in self.its.ignore if _meant(one, self.one)]
        managers = tuple(name for one in mine for name in one.managers)
        foreign = owned_by_others(live, managers)
        pointers = tuple(dict.fromkeys([*(p for one in mine for p in one.pointers), *(f.pointer for f in foreign)]))
        notes = [_left(one) for one in foreign if without(self.one.body, [one.pointer]) != dict(self.one.body)]
        return pointers, tuple(notes)

    def _fields(
        self, live: Body | None, result: Body | None, meant: Body | None = None, left: Sequence[str] = ()
    ) -> tuple[FieldChange, ...]:
        before = without(self.before, left) if self.before is not None and live is not None else None
        meant = self._hidden(meant or self.one.body)
        return compare(self._hidden(before), meant, self._hidden(live), self._hidden(result), MANAGER)

    def _hidden(self, body: Body | None) -> Body | None:
        return None if body is None else self.its.mask.comparable(body)

    def _warnings(self, answer: Answer, live: Body | None = None) -> tuple[str, ...]:
        return tuple(self.scrubbed(warning, live) for warning in answer.warnings)


def _meant(ignored: Ignored, one: Object) -> bool:
    kinds = (one.ref.kind, f"{one.ref.kind}.{one.ref.group}")
    return ignored.kind in ("", *kinds) and (not ignored.name or fnmatchcase(one.ref.name, ignored.name))


def _left(foreign: Foreign) -> str:
    return f"{foreign.pointer.lstrip('/').replace('/', '.')} is left to {foreign.owner}"


def _with_ours(body: Body, live: Body, left: Sequence[str]) -> Body:
    """What we are alone to own of the ignored fields stays as it is: to leave it out would remove it."""
    mine = {pointer for pointer, owner in owners(live).items() if owner.name == MANAGER and owner.applies}
    return _copied(body, live, [pointer for pointer in left if pointer in mine])


def _copied(body: Body, live: Body, pointers: Sequence[str]) -> Body:
    """With the live object's values of top-level paths of plain keys."""
    made: Any = body
    for pointer in pointers:
        steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
        made = _put(made, live, steps)
    return dict(made)


def _put(body: Any, live: Any, steps: Sequence[str]) -> Any:
    if not isinstance(body, Mapping) or not isinstance(live, Mapping) or steps[0] not in live:
        return body
    if len(steps) == 1:
        return {**body, steps[0]: live[steps[0]]}
    return {**body, steps[0]: _put(body.get(steps[0], {}), live[steps[0]], steps[1:])}
