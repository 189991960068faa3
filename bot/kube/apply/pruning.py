"""Deletes what left Git, last of all and backwards. Called by `carry_out`, when all that stays is applied and healthy.

An object goes with two proofs only: the inventory lists it and it bears the label; and it is the very one that was
planned (uid), without a protection on it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.core.errors import Refused, ToolFailed, Transient
from bot.kube.apply.interrupts import Interrupted
from bot.kube.apply.results import End, Result
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.deletions import kept, strangers_of
from bot.kube.cluster.inventory import Inventory
from bot.kube.objects.normalized import MEMBER_LABEL
from bot.kube.objects.order import backwards
from bot.kube.objects.outcomes import Outcome

LOOK_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for one thing at most, and how to let them pass, which may raise Interrupted."""

    seconds: float
    wait: Callable[[float], object]


def prune(
    cluster: Cluster,
    known: Inventory,
    outcomes: Sequence[Outcome],
    told: Callable[[Result], object],
    patience: Patience,
) -> None:
    """Delete them group by group, each told of as it ends."""
    for group in backwards(outcomes):
        patience.wait(0)
        for result in cluster.each(lambda one: delete(cluster, known, one, patience), group):
            told(result)


def delete(cluster: Cluster, known: Inventory, one: Outcome, patience: Patience) -> Result:
    """How the deletion of one object ended."""
    try:
        ended, message = _deleted(cluster, known, one, patience)
    except Interrupted:
        ended, message = End.SKIPPED, "interrupted while it was going"
    except (Refused, ToolFailed, Transient) as why:
        ended, message = End.FAILED, str(why)
    return Result(str(one.ref), "delete", ended, message)


def _deleted(cluster: Cluster, known: Inventory, one: Outcome, patience: Patience) -> tuple[End, str]:
    if one.ref not in known.members:
        return End.REFUSED, "is not in the inventory"
    answer = cluster.get(one.api_version, one.ref)
    if answer.status == 404:
        return End.DONE, ""
    if not answer.ok:
        return End.FAILED, answer.message
    metadata = answer.body["metadata"]
    if metadata["uid"] != one.uid:
        return End.REFUSED, "is another one than was planned"
    if (metadata.get("labels") or {}).get(MEMBER_LABEL) != known.label:
        return End.REFUSED, "does not bear the inventory's label"
    if guard := kept(answer.body):
        return End.REFUSED, f"is protected: {guard}"
    if strangers := strangers_of(cluster, one.ref, known.label):
        return End.REFUSED, strangers
    gone = cluster.delete(one.api_version, one.ref, uid=one.uid, dry_run=False)
    if not gone.ok and gone.status != 404:
        return End.FAILED, gone.message
    return wait_gone(cluster, one, patience)


def wait_gone(cluster: Cluster, one: Outcome, patience: Patience) -> tuple[End, str]:
    """Until nothing of that uid is there; what is held by a finalizer for long is told as such. Raises Interrupted."""
    until = time.monotonic() + patience.seconds
    while True:
        answer = cluster.get(one.api_version, one.ref)
        if answer.status == 404 or (answer.ok and answer.body["metadata"]["uid"] != one.uid):
            return End.DONE, ""
        if time.monotonic() > until:
            break
        patience.wait(LOOK_SECONDS)
    held = ", ".join(answer.body["metadata"].get("finalizers") or ()) if answer.ok else ""
    return End.FAILED, f"is still there after {patience.seconds:.0f} s" + (f", held by {held}" if held else "")
