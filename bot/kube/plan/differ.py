"""What an apply would do to a cluster, object by object. Called by the tools' common plan; keeps nothing anywhere.

Asked is only about objects that differ from what was applied last, and those that one list of metadata shows to be
missing or to have moved since. One broken object never hides another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.core.errors import Refused, ToolFailed
from bot.kube.cluster.deletions import kept, losses_of, precious, strangers_of
from bot.kube.cluster.inventory import Inventory, served_of
from bot.kube.cluster.responses import Meta
from bot.kube.crds import validation
from bot.kube.objects.masking import secrets_of
from bot.kube.objects.model import Object, Ref
from bot.kube.objects.normalized import MEMBER_LABEL
from bot.kube.objects.outcomes import Outcome, Verb
from bot.kube.plan.dry_run import Question, ask
from bot.kube.plan.fields import compare

Body = Mapping[str, Any]

WORTH_A_LIST = 8  # so many objects of one kind and namespace are read with one question
DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")


@dataclass(frozen=True, slots=True)
class Sides:
    """What is held against each other.

    `before` was rendered from what was applied last, or from the base where nothing was; None when it cannot be had.
    `rendered` is what is to be. `inventory` is the cluster's record of what is ours; None when nothing was applied yet.
    """

    rendered: tuple[Object, ...]
    before: tuple[Object, ...] | None
    inventory: Inventory | None
    destroy: bool = False


def plan(question: Question, sides: Sides) -> tuple[Outcome, ...]:
    """An outcome for every object there is or was: those to be applied in their order, then those that go."""
    _refuse_nothing(sides)
    question = _with_news(question, sides)
    members = _Members.read(question, sides.inventory)
    before = {one.ref: one.body for one in sides.before or ()}
    todo = [one for one in sides.rendered if members.asks(one, before.get(one.ref))]
    live = _read_at_once(question, todo)
    asked = dict(
        zip(
            (one.ref for one in todo),
            question.cluster.each(lambda one: ask(question, one, before.get(one.ref), live.get(one.ref)), todo),
            strict=True,
        )
    )
    there = [asked.get(one.ref) or members.same(one) for one in sides.rendered]
    gone = _deletions(question, sides, members)
    return (*_with_made_invalid(question, there, sides.rendered), *gone)


def offline(sides: Sides, hide: Any) -> tuple[Outcome, ...]:
    """The difference of two renderings, where there is no cluster to ask: `hide` masks a body."""
    before = {one.ref: one for one in sides.before or ()}
    made = [rendered_only(one, before.get(one.ref), hide) for one in sides.rendered]
    rendered = {one.ref for one in sides.rendered}
    gone = [
        Outcome(one.ref, one.api_version, Verb.DELETE, compare(hide(one.body), None, None, None, ""))
        for one in before.values()
        if one.ref not in rendered
    ]
    return (*made, *gone)


def rendered_only(one: Object, old: Object | None, hide: Any) -> Outcome:
    """How one object differs from what it was rendered to before; nothing is asked."""
    if old is not None and old.body == one.body:
        return Outcome(one.ref, one.api_version, Verb.SAME)
    fields = compare(hide(old.body) if old else None, hide(one.body), None, None, "")
    return Outcome(one.ref, one.api_version, Verb.CHANGE if old else Verb.CREATE, fields, where=one.where)


def _refuse_nothing(sides: Sides) -> None:
    if not sides.rendered and sides.inventory and sides.inventory.members and not sides.destroy:
        number = len(sides.inventory.members)
        raise Refused(
            f"it renders to nothing, which would delete all {number:,} objects that were applied; "
            "to mean that, comment `/plan --destroy`"
        )


def _with_news(question: Question, sides: Sides) -> Question:
    """With the namespaces and definitions that the same set brings, and what its Secrets hold."""
    crds = tuple(one.body for one in sides.rendered if (one.ref.group, one.ref.kind) == DEFINITION)
    spaces = [one for one in sides.rendered if (one.ref.group, one.ref.kind) == ("", "Namespace")]
    answers = question.cluster.each(lambda one: question.cluster.get(one.api_version, one.ref), spaces)
    new = frozenset(one.ref.name for one, answer in zip(spaces, answers, strict=True) if answer.status == 404)
    known = secrets_of(one.body for one in (*sides.rendered, *(sides.before or ())))
    return replace(question, crds=crds, new_namespaces=new, secrets=known)


@dataclass(frozen=True, slots=True)
class _Members:
    """The inventory's members as they are now: one list of metadata a kind."""

    inventory: Inventory | None
    live: Mapping[Ref, Meta]
    versions: Mapping[Ref, str]

    @classmethod
    def read(cls, question: Question, inventory: Inventory | None) -> "_Members":
        if inventory is None:
            return cls(None, {}, {})
        kinds = frozenset((member.api_version, ref.kind) for ref, member in inventory.members.items())
        served = served_of(question.cluster, kinds)
        selector = f"{MEMBER_LABEL}={question.label}"
        lists = question.cluster.each(lambda kind: question.cluster.metadata(*kind, None, selector), served)
        found = [(meta, version) for (version, _), metas in zip(served, lists, strict=True) for meta in metas]
        return cls(inventory, {meta.ref: meta for meta, _ in found}, {meta.ref: version for meta, version in found})

    def asks(self, one: Object, before: Body | None) -> bool:
        """Whether the cluster must be asked about an object."""
        if before != one.body or self.inventory is None or not self.inventory.commit:
            return True
        member, live = self.inventory.members.get(one.ref), self.live.get(one.ref)
        if member is None or live is None or member.uid != live.uid:
            return True
        moved = live.version != member.version if live.generation is None else live.generation != member.generation
        return moved or not _marked(one, live)

    def same(self, one: Object) -> Outcome:
        live = self.live.get(one.ref)
        return Outcome(one.ref, one.api_version, Verb.SAME, uid=live.uid if live else "")


def _marked(one: Object, live: Meta) -> bool:
    """Its labels and annotations, which no generation counts, are still there."""
    labels, annotations = (one.metadata.get(table) or {} for table in ("labels", "annotations"))
    return labels.items() <= live.labels.items() and annotations.items() <= live.annotations.items()


def _read_at_once(question: Question, todo: Sequence[Object]) -> dict[Ref, Body]:
    """Live objects of kinds of which many are asked about; the others are read one by one."""
    groups: dict[tuple[str, str, str], int] = {}
    for one in todo:
        place = (one.api_version, one.ref.kind, one.ref.namespace)
        groups[place] = groups.get(place, 0) + 1
    places = [place for place, number in groups.items() if number >= WORTH_A_LIST and _known(question, place)]
    lists = question.cluster.each(lambda place: _listed(question, place), places)
    found: dict[Ref, Body] = {}
    for (version, kind, namespace), bodies in zip(places, lists, strict=True):
        group = version.rpartition("/")[0]
        for body in bodies:
            found[Ref(group, kind, namespace, str(body["metadata"]["name"]))] = {
                **body,
                "apiVersion": version,
                "kind": kind,
            }
    return found


def _known(question: Question, place: tuple[str, str, str]) -> bool:
    return question.cluster.resource(place[0], place[1]) is not None


def _listed(question: Question, place: tuple[str, str, str]) -> tuple[Body, ...]:
    """Nothing where the list is refused: each object then says so itself."""
    try:
        return question.cluster.list(place[0], place[1], place[2] or None)
    except ToolFailed:
        return ()


def _deletions(question: Question, sides: Sides, members: _Members) -> tuple[Outcome, ...]:
    """Members that are no longer rendered and still there."""
    if sides.inventory is None:
        return ()
    rendered = {one.ref for one in sides.rendered}
    gone = [ref for ref in sides.inventory.members if ref not in rendered]
    there = [(ref, members.versions[ref]) for ref in gone if ref in members.live]
    made = question.cluster.each(lambda one: _deletion(question, one[0], one[1]), sorted(there))
    return _within_share(tuple(one for one in made if one), question, sides)


def _deletion(question: Question, ref: Ref, api_version: str) -> Outcome | None:
    answer = question.cluster.get(api_version, ref)
    if answer.status == 404:
        return None
    if not answer.ok:
        return Outcome(ref, api_version, Verb.UNTOLD, problem=f"leaves Git, and cannot be read: {answer.reason}")
    live = answer.body
    metadata = live["metadata"]
    same = Outcome(ref, api_version, Verb.SAME, uid=metadata["uid"], version=metadata["resourceVersion"])
    if guard := kept(live):
        return replace(same, notes=(f"left Git and stays in the cluster: {guard}",))
    if not question.rules.prune:
        return replace(same, notes=("left Git and stays in the cluster: `prune` is off",))
    return _end(question, live, same)


def _end(question: Question, live: Body, same: Outcome) -> Outcome:
    ref, hidden = same.ref, question.mask.comparable(live)
    try:
        losses = losses_of(question.cluster, live, question.now)
        strangers = strangers_of(question.cluster, ref, question.label)
    except (Refused, ToolFailed) as why:
        return replace(same, verb=Verb.UNTOLD, problem=f"leaves Git; what goes with it cannot be told: {why}")
    tried = question.cluster.delete(same.api_version, ref, uid=same.uid, dry_run=True)
    made = replace(
        same, verb=Verb.DELETE, fields=compare(hidden, None, hidden, None, ""), losses=losses, confirm=precious(ref)
    )
    if strangers:
        return replace(made, verb=Verb.UNTOLD, problem=f"leaves Git, and {strangers}")
    if not tried.ok:
        return replace(made, verb=Verb.UNTOLD, problem=f"leaves Git, and may not be deleted: {tried.reason}")
    return made


def _within_share(gone: tuple[Outcome, ...], question: Question, sides: Sides) -> tuple[Outcome, ...]:
    """No more than the rules' share at once, though always one."""
    number = sum(one.verb is Verb.DELETE for one in gone)
    all_of_them = len(sides.inventory.members) if sides.inventory else 0
    most = max(1, all_of_them * question.rules.prune_most // 100)
    if sides.destroy or number <= most:
        return gone
    problem = f"{number:,} of {all_of_them:,} objects would be deleted, and {most:,} may be (`prune: {{most: …}}`)"
    return tuple(replace(one, verb=Verb.UNTOLD, problem=problem) if one.verb is Verb.DELETE else one for one in gone)


def _with_made_invalid(question: Question, there: Sequence[Outcome], rendered: Sequence[Object]) -> tuple[Outcome, ...]:
    """Of a definition that changes: the live objects that it would make invalid."""
    bodies = {one.ref: one.body for one in rendered}
    return tuple(
        replace(one, warnings=(*one.warnings, *_made_invalid(question, bodies[one.ref])))
        if one.verb is Verb.CHANGE and (one.ref.group, one.ref.kind) == DEFINITION
        else one
        for one in there
    )


def _made_invalid(question: Question, crd: Body) -> tuple[str, ...]:
    spec = crd["spec"]
    versions = [one["name"] for one in spec["versions"] if one.get("served")]
    kind = spec["names"]["kind"]
    known = next((v for v in versions if question.cluster.resource(f"{spec['group']}/{v}", kind)), None)
    if known is None:
        return ()
    version = f"{spec['group']}/{known}"
    live = [{**one, "apiVersion": version, "kind": kind} for one in question.cluster.list(version, kind, None)]
    wrong = validation.made_invalid(live, crd)
    return tuple(f"{ref} that is in the cluster would be invalid: {'; '.join(why)}" for ref, why in wrong)
