"""The last look before an apply: is every object still as it was when the plan was approved? Changes nothing.

Called by `apply_child`. What it finds otherwise is a sentence, and then nothing is begun.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.errors import ToolFailed
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.deletions import foreign_loss, protection_of
from bot.kube.cluster.requirements import missing_requirements
from bot.kube.cluster.server_dry_run import dry_run_apply, result_digest
from bot.kube.objects.body import Body
from bot.kube.objects.kube_object import ObjectRef, object_of
from bot.kube.objects.masking import Mask
from bot.kube.objects.normalization import MEMBER_LABEL
from bot.kube.objects.object_changes import BLOCKING_VERBS, ObjectChange, Verb


@dataclass(frozen=True, slots=True)
class Preflight:
    """Where to look and what was promised. `confirmed` names what a person let go, as `Kind/name`.

    `new_namespaces` and whatever else is `coming` are made by the apply.
    """

    cluster: Cluster
    mask: Mask
    label: str
    confirmed: tuple[str, ...]
    new_namespaces: frozenset[str] = frozenset()
    coming: frozenset[ObjectRef] = frozenset()


def find_objections(preflight: Preflight, changes: Sequence[ObjectChange]) -> tuple[str, ...]:
    """Say why the changes may not be applied, in their order; nothing when all is as approved."""
    blocked = [f"{change.ref}: {change.problem}" for change in changes if change.verb in BLOCKING_VERBS]
    to_confirm = [change.ref.path for change in changes if change.confirm]
    unconfirmed = [f"{name} was not confirmed" for name in to_confirm if name not in preflight.confirmed]
    if blocked or unconfirmed:
        return (*blocked, *unconfirmed)
    differences = preflight.cluster.map_concurrently(lambda change: _first_difference(preflight, change), changes)
    pairs = zip(changes, differences, strict=True)
    return tuple(f"{change.ref} {difference}" for change, difference in pairs if difference)


def _first_difference(preflight: Preflight, change: ObjectChange) -> str:
    """How the object is otherwise than planned; empty when it is not."""
    try:
        return next(_differences(preflight, change), "")
    except ToolFailed as error:
        return f"cannot be read: {error}"


def _differences(preflight: Preflight, change: ObjectChange) -> Iterator[str]:
    if preflight.cluster.resource(change.api_version, change.ref.kind) is None:
        if change.uid or change.result:
            yield "is of a kind that the cluster no longer knows"
        return
    answer = preflight.cluster.get(change.api_version, change.ref)
    live = answer.body if answer.ok else None
    if live is None and answer.status != 404:
        yield f"cannot be read: {answer.reason or answer.status}"
        return
    uid = str(live["metadata"]["uid"]) if live else ""
    if change.verb is Verb.DELETE and not uid:
        return
    if uid != change.uid:
        yield "was made since the plan" if not change.uid else "is another one now" if uid else "is gone since the plan"
    elif change.verb is Verb.DELETE:
        yield from _deletion_obstacles(preflight, live)
    elif change.verb is Verb.REPLACE:
        yield from _protections(live)
    elif change.verb is Verb.CREATE and not change.result:
        yield from _missing_namespace(preflight, change)
    elif change.result and change.send is not None:
        yield from _changed_result(preflight, change, change.send, live)


def _deletion_obstacles(preflight: Preflight, live: Body | None) -> Iterator[str]:
    if live is None:
        return
    yield from _protections(live)
    if (live["metadata"].get("labels") or {}).get(MEMBER_LABEL) != preflight.label:
        yield "does not bear the inventory's label any more"
    if strangers := foreign_loss(preflight.cluster, object_of(live).ref, preflight.label):
        yield strangers


def _protections(live: Body | None) -> Iterator[str]:
    if live is not None and (guard := protection_of(live)):
        yield f"is protected now: {guard}"


def _missing_namespace(preflight: Preflight, change: ObjectChange) -> Iterator[str]:
    """What was planned elsewhere, as its namespace was still to be made: it must be there now, or come with this."""
    namespace = change.ref.namespace
    if not namespace or namespace in preflight.new_namespaces:
        return
    if preflight.cluster.get("v1", ObjectRef("", "Namespace", "", namespace)).status == 404:
        yield f"has no namespace {namespace}"


def _changed_result(preflight: Preflight, change: ObjectChange, send: Body, live: Body | None) -> Iterator[str]:
    answer = dry_run_apply(preflight.cluster, send, live, change.takes, force=change.force, clears=change.clears)
    if not answer.ok and missing_requirements(preflight.cluster, object_of(send), preflight.coming.__contains__):
        return
    if not answer.ok:
        yield f"would be refused now: {answer.message}"
    elif result_digest(preflight.mask, answer.body, change.left, send) != change.result:
        yield "changed since the plan, so that applying it would come to something else"
