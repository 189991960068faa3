"""What an apply would do to a cluster, object by object. Called by the tools' common plan; keeps nothing anywhere.

Asked is only about objects that differ from what was applied last, and those that one list of metadata shows to be
missing or to have moved since. One broken object never hides another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.core.errors import Refused, ToolFailed
from bot.kube.cluster.deletions import deletion_losses, foreign_loss, needs_confirmation, protection_of
from bot.kube.cluster.inventory import Inventory, list_members
from bot.kube.cluster.refusals import NOT_FOUND
from bot.kube.cluster.responses import ObjectMeta
from bot.kube.crds import validation
from bot.kube.objects.body import Body
from bot.kube.objects.kube_object import KubeObject, ObjectRef
from bot.kube.objects.normalization import MEMBER_LABEL
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.plan.companions import complete_request
from bot.kube.plan.dry_run import dry_run_object
from bot.kube.plan.field_diff import diff_fields
from bot.kube.plan.plan_request import PlanRequest, PlanRevisions
from bot.kube.plan.renames import pair_renames
from bot.kube.plan.unfinished import await_unfinished

LIST_THRESHOLD = 8  # so many objects of one kind and namespace are read with one question


def plan_objects(request: PlanRequest, revisions: PlanRevisions) -> tuple[ObjectChange, ...]:
    """Plan every object there is or was: those to be applied in their order, then those that go.

    Raises Refused when nothing is rendered that was before.
    """
    _refuse_empty(revisions)
    request = complete_request(request, revisions.desired, revisions.previous or ())
    request = replace(request, members=frozenset(revisions.inventory.members if revisions.inventory else ()))
    members = _LiveMembers.read(request, revisions.inventory)
    previous = {kube_object.ref: kube_object.body for kube_object in revisions.previous or ()}
    pending = [
        kube_object
        for kube_object in revisions.desired
        if members.needs_dry_run(kube_object, previous.get(kube_object.ref))
    ]
    live = _list_live(request, pending)
    changes_by_ref = dict(
        zip(
            (kube_object.ref for kube_object in pending),
            request.cluster.map_concurrently(
                lambda kube_object: dry_run_object(
                    request, kube_object, previous.get(kube_object.ref), live.get(kube_object.ref)
                ),
                pending,
            ),
            strict=True,
        )
    )
    changes: Sequence[ObjectChange] = [
        changes_by_ref.get(kube_object.ref) or members.unchanged(kube_object) for kube_object in revisions.desired
    ]
    deletions = _limit_deletions(_plan_deletions(request, revisions, members), changes, request, revisions)
    changes = await_unfinished(request, changes, revisions.inventory)
    return (*_warn_invalidated(request, changes, revisions.desired), *deletions)


def _refuse_empty(revisions: PlanRevisions) -> None:
    if not revisions.desired and revisions.inventory and revisions.inventory.members and not revisions.destroy:
        count = len(revisions.inventory.members)
        raise Refused(
            f"it renders to nothing, which would delete all {count:,} objects that were applied; "
            "to mean that, comment `/plan --destroy`"
        )


@dataclass(frozen=True, slots=True)
class _LiveMembers:
    """The inventory's members as they are now: one list of metadata a kind."""

    inventory: Inventory | None
    live: Mapping[ObjectRef, ObjectMeta]
    versions: Mapping[ObjectRef, str]

    @classmethod
    def read(cls, request: PlanRequest, inventory: Inventory | None) -> "_LiveMembers":
        """List the members' metadata. Raises ToolFailed where it cannot be read."""
        if inventory is None:
            return cls(None, {}, {})
        kinds = frozenset((member.api_version, ref.kind) for ref, member in inventory.members.items())
        namespaces = frozenset(ref.namespace for ref in inventory.members) - {""}
        live_metas = list_members(request.cluster, request.label, kinds, namespaces)
        return cls(
            inventory, {meta.ref: meta for meta, _ in live_metas}, {meta.ref: version for meta, version in live_metas}
        )

    def needs_dry_run(self, desired: KubeObject, previous: Body | None) -> bool:
        """Tell whether the cluster must be asked about an object."""
        if previous != desired.body or self.inventory is None or not self.inventory.commit:
            return True
        member, live = self.inventory.members.get(desired.ref), self.live.get(desired.ref)
        if member is None or live is None or member.uid != live.uid:
            return True
        stale = live.version != member.version if live.generation is None else live.generation != member.generation
        return stale or not _has_own_marks(desired, live)

    def unchanged(self, desired: KubeObject) -> ObjectChange:
        """Make the change of a member that stays as it is."""
        live = self.live.get(desired.ref)
        return ObjectChange(desired.ref, desired.api_version, Verb.UNCHANGED, uid=live.uid if live else "")


def _has_own_marks(desired: KubeObject, live: ObjectMeta) -> bool:
    """Its labels and annotations, which no generation counts, are still there."""
    labels, annotations = (desired.metadata.get(key) or {} for key in ("labels", "annotations"))
    return labels.items() <= live.labels.items() and annotations.items() <= live.annotations.items()


def _list_live(request: PlanRequest, pending: Sequence[KubeObject]) -> dict[ObjectRef, Body]:
    """Live objects of kinds of which many are asked about; the others are read one by one."""
    counts: dict[tuple[str, str, str], int] = {}
    for kube_object in pending:
        group_key = (kube_object.api_version, kube_object.ref.kind, kube_object.ref.namespace)
        counts[group_key] = counts.get(group_key, 0) + 1
    group_keys = [
        group_key for group_key, count in counts.items() if count >= LIST_THRESHOLD and _is_served(request, group_key)
    ]
    lists = request.cluster.map_concurrently(lambda group_key: _list_group(request, group_key), group_keys)
    bodies_by_ref: dict[ObjectRef, Body] = {}
    for (version, kind, namespace), bodies in zip(group_keys, lists, strict=True):
        group = version.rpartition("/")[0]
        for body in bodies:
            bodies_by_ref[ObjectRef(group, kind, namespace, str(body["metadata"]["name"]))] = {
                **body,
                "apiVersion": version,
                "kind": kind,
            }
    return bodies_by_ref


def _is_served(request: PlanRequest, group_key: tuple[str, str, str]) -> bool:
    return request.cluster.resource(group_key[0], group_key[1]) is not None


def _list_group(request: PlanRequest, group_key: tuple[str, str, str]) -> tuple[Body, ...]:
    """Nothing where the list is refused: each object then says so itself."""
    try:
        return request.cluster.list(group_key[0], group_key[1], group_key[2] or None)
    except ToolFailed:
        return ()


def _plan_deletions(request: PlanRequest, revisions: PlanRevisions, members: _LiveMembers) -> tuple[ObjectChange, ...]:
    """What is no longer rendered and still there: members, and what no apply of the bot's has ever made."""
    rendered = {kube_object.ref for kube_object in revisions.desired}
    removed = [ref for ref in request.members if ref not in rendered]
    deletable = [(ref, members.versions[ref]) for ref in removed if ref in members.live]
    deletions = request.cluster.map_concurrently(
        lambda target: _plan_removal(request, target[0], target[1]), sorted(deletable)
    )
    strangers = [
        kube_object
        for kube_object in revisions.previous or ()
        if kube_object.ref not in rendered and kube_object.ref not in request.members
    ]
    staying = request.cluster.map_concurrently(lambda stranger: _keep_stranger(request, stranger), strangers)
    return tuple(change for change in (*deletions, *staying) if change)


def _keep_stranger(request: PlanRequest, stranger: KubeObject) -> ObjectChange | None:
    """What leaves Git and was never applied by the bot stays, and that is said; unless it is another project's."""
    if request.cluster.resource(stranger.api_version, stranger.ref.kind) is None:
        return None
    answer = request.cluster.get(stranger.api_version, stranger.ref)
    labels = (answer.body["metadata"].get("labels") or {}) if answer.ok else {}
    if answer.status == NOT_FOUND or MEMBER_LABEL in labels:
        return None
    stays = "left Git, and the bot never applied it: it stays until somebody deletes it by hand"
    if not answer.ok:
        stays = f"left Git, and whether it is in the cluster cannot be told: {answer.reason}"
    return ObjectChange(stranger.ref, stranger.api_version, Verb.UNCHANGED, stays=stays)


def _plan_removal(request: PlanRequest, ref: ObjectRef, api_version: str) -> ObjectChange | None:
    """What another project declares now moves there, and is never deleted; who knows is asked before anything goes."""
    neighbourhood = request.neighbourhood
    if heirs := neighbourhood.declaring(ref):
        return ObjectChange(ref, api_version, Verb.UNCHANGED, stays=f"moves to {', '.join(heirs)}: nothing is deleted")
    deletion = _plan_deletion(request, ref, api_version)
    if deletion and deletion.verb is Verb.DELETE and neighbourhood.problems:
        problem = f"leaves Git here, and may have moved to a project that does not render: {neighbourhood.problems[0]}"
        return replace(deletion, verb=Verb.UNKNOWN, problem=problem)
    return deletion


def _plan_deletion(request: PlanRequest, ref: ObjectRef, api_version: str) -> ObjectChange | None:
    answer = request.cluster.get(api_version, ref)
    if answer.status == 404:
        return None
    if not answer.ok:
        return ObjectChange(ref, api_version, Verb.UNKNOWN, problem=f"leaves Git, and cannot be read: {answer.reason}")
    live = answer.body
    metadata = live["metadata"]
    unchanged = ObjectChange(ref, api_version, Verb.UNCHANGED, uid=metadata["uid"], version=metadata["resourceVersion"])
    if guard := protection_of(live):
        return replace(unchanged, stays=f"left Git and stays in the cluster: {guard}")
    if not request.rules.prune:
        return replace(unchanged, stays="left Git and stays in the cluster: prune is off")
    return _dry_run_deletion(request, live, unchanged)


def _dry_run_deletion(request: PlanRequest, live: Body, unchanged: ObjectChange) -> ObjectChange:
    ref, masked = unchanged.ref, request.mask.mask_values(live)
    try:
        losses = deletion_losses(request.cluster, live, request.now)
        strangers = foreign_loss(request.cluster, ref, request.label)
    except (Refused, ToolFailed) as error:
        return replace(unchanged, verb=Verb.UNKNOWN, problem=f"leaves Git; what goes with it cannot be told: {error}")
    dry_run = request.cluster.delete(unchanged.api_version, ref, uid=unchanged.uid, dry_run=True)
    deletion = replace(
        unchanged,
        verb=Verb.DELETE,
        fields=diff_fields(masked, None, masked, None, ""),
        losses=losses,
        confirm=needs_confirmation(ref),
    )
    if strangers:
        return replace(deletion, verb=Verb.UNKNOWN, problem=f"leaves Git, and {strangers}")
    if not dry_run.ok:
        return replace(deletion, verb=Verb.UNKNOWN, problem=f"leaves Git, and may not be deleted: {dry_run.reason}")
    return deletion


def _limit_deletions(
    deletions: tuple[ObjectChange, ...],
    changes: Sequence[ObjectChange],
    request: PlanRequest,
    revisions: PlanRevisions,
) -> tuple[ObjectChange, ...]:
    """No more than the rules' share at once, though always one; what goes for a new name of it is not counted."""
    renamed = {pair.old.ref for pair in pair_renames((*changes, *deletions))}
    counted = {deletion.ref for deletion in deletions if deletion.verb is Verb.DELETE} - renamed
    count = len(counted)
    total = len(revisions.inventory.members) if revisions.inventory else 0
    limit = max(1, total * request.rules.prune_most // 100)
    if revisions.destroy or count <= limit:
        return deletions
    problem = f"{count:,} of {total:,} objects would be deleted, and {limit:,} may be (`prune: {{most: …}}`)"
    return tuple(
        replace(deletion, verb=Verb.UNKNOWN, problem=problem) if deletion.ref in counted else deletion
        for deletion in deletions
    )


def _warn_invalidated(
    request: PlanRequest, changes: Sequence[ObjectChange], desired: Sequence[KubeObject]
) -> tuple[ObjectChange, ...]:
    """Of a definition that changes: the live objects that it would make invalid."""
    bodies = {kube_object.ref: kube_object.body for kube_object in desired}
    return tuple(
        replace(change, warnings=(*change.warnings, *_invalidated_objects(request, bodies[change.ref])))
        if change.verb is Verb.CHANGE and change.ref.is_definition
        else change
        for change in changes
    )


def _invalidated_objects(request: PlanRequest, crd: Body) -> tuple[str, ...]:
    spec = crd["spec"]
    versions = [crd_version["name"] for crd_version in spec["versions"] if crd_version.get("served")]
    kind = spec["names"]["kind"]
    served_version = next(
        (
            version_name
            for version_name in versions
            if request.cluster.resource(f"{spec['group']}/{version_name}", kind)
        ),
        None,
    )
    if served_version is None:
        return ()
    version = f"{spec['group']}/{served_version}"
    live = [{**body, "apiVersion": version, "kind": kind} for body in request.cluster.list(version, kind, None)]
    invalidated = validation.find_invalidated(live, crd)
    return tuple(f"{ref} that is in the cluster would be invalid: {'; '.join(reasons)}" for ref, reasons in invalidated)
