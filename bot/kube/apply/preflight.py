"""The last look before an apply: is every object still as it was when the plan was approved? Changes nothing.

Called by `carry_out`. What it finds otherwise is a sentence, and then nothing is begun.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.errors import ToolFailed
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.deletions import kept, strangers_of
from bot.kube.cluster.trial import result_digest, tried
from bot.kube.objects.masking import Mask
from bot.kube.objects.model import Ref, object_of
from bot.kube.objects.normalized import MEMBER_LABEL
from bot.kube.objects.outcomes import Outcome, Verb

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """Where to look and what was promised. `confirm` names what a person let go: `Kind/name`.

    `made` are the namespaces that come with the apply.
    """

    cluster: Cluster
    mask: Mask
    label: str
    confirm: tuple[str, ...]
    made: frozenset[str] = frozenset()


def objections(look: Look, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Why these may not be carried out, in their order; none when all is as approved."""
    untold = [f"{one.ref}: {one.problem}" for one in outcomes if one.verb is Verb.UNTOLD]
    asking = [one.ref.path for one in outcomes if one.confirm]
    unconfirmed = [f"{name} was not confirmed" for name in asking if name not in look.confirm]
    if untold or unconfirmed:
        return (*untold, *unconfirmed)
    found = look.cluster.each(lambda one: _moved(look, one), outcomes)
    return tuple(f"{one.ref} {why}" for one, why in zip(outcomes, found, strict=True) if why)


def _moved(look: Look, one: Outcome) -> str:
    """How the object is otherwise than planned; empty when it is not."""
    try:
        return next(_differences(look, one), "")
    except ToolFailed as why:
        return f"cannot be read: {why}"


def _differences(look: Look, one: Outcome) -> Iterator[str]:
    if look.cluster.resource(one.api_version, one.ref.kind) is None:
        if one.uid or one.result:
            yield "is of a kind that the cluster no longer knows"
        return
    answer = look.cluster.get(one.api_version, one.ref)
    live = answer.body if answer.ok else None
    if live is None and answer.status != 404:
        yield f"cannot be read: {answer.reason or answer.status}"
        return
    uid = str(live["metadata"]["uid"]) if live else ""
    if one.verb is Verb.DELETE and not uid:
        return
    if uid != one.uid:
        yield "was made since the plan" if not one.uid else "is another one now" if uid else "is gone since the plan"
    elif one.verb is Verb.DELETE:
        yield from _guards(look, live)
    elif one.verb is Verb.REPLACE:
        yield from _protected(live)
    elif one.verb is Verb.CREATE and not one.result:
        yield from _no_namespace(look, one)
    elif one.result and one.send is not None:
        yield from _other_result(look, one, one.send, live)


def _guards(look: Look, live: Body | None) -> Iterator[str]:
    if live is None:
        return
    yield from _protected(live)
    if (live["metadata"].get("labels") or {}).get(MEMBER_LABEL) != look.label:
        yield "does not bear the inventory's label any more"
    if strangers := strangers_of(look.cluster, object_of(live).ref, look.label):
        yield strangers


def _protected(live: Body | None) -> Iterator[str]:
    if live is not None and (guard := kept(live)):
        yield f"is protected now: {guard}"


def _no_namespace(look: Look, one: Outcome) -> Iterator[str]:
    """What was planned elsewhere, as its namespace was still to be made: it must be there now, or come with this."""
    space = one.ref.namespace
    if space and space not in look.made and look.cluster.get("v1", Ref("", "Namespace", "", space)).status == 404:
        yield f"has no namespace {space}"


def _other_result(look: Look, one: Outcome, send: Body, live: Body | None) -> Iterator[str]:
    answer = tried(look.cluster, send, live, one.takes, force=one.force)
    if not answer.ok:
        yield f"would be refused now: {answer.message}"
    elif result_digest(look.mask, answer.body, one.left) != one.result:
        yield "changed since the plan, so that applying it would come to something else"
