"""Deletes what left Git, last of all and backwards. Called by `apply_child` when all that stays is applied and healthy.

An object goes with two proofs only: the inventory lists it and it bears the label; and it is the very one that was
planned (uid), without a protection on it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.core.errors import Refused, ToolFailed, Transient
from bot.kube.apply.interrupts import Interrupted
from bot.kube.apply.results import ObjectResult, ResultStatus
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.deletions import foreign_loss, protection_of
from bot.kube.cluster.inventory import Inventory
from bot.kube.objects.apply_order import deletion_groups
from bot.kube.objects.normalization import MEMBER_LABEL
from bot.kube.objects.object_changes import ObjectChange

POLL_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class WaitLimit:
    """Seconds to wait for one thing at most, and how to let them pass, which may raise Interrupted."""

    seconds: float
    wait: Callable[[float], object]


def prune(
    cluster: Cluster,
    inventory: Inventory,
    changes: Sequence[ObjectChange],
    record: Callable[[ObjectResult], object],
    wait_limit: WaitLimit,
) -> None:
    """Delete objects group by group, and record each as it ends. Raises Interrupted."""
    for group in deletion_groups(changes):
        wait_limit.wait(0)
        results = cluster.map_concurrently(lambda change: prune_object(cluster, inventory, change, wait_limit), group)
        for result in results:
            record(result)


def prune_object(cluster: Cluster, inventory: Inventory, change: ObjectChange, wait_limit: WaitLimit) -> ObjectResult:
    """Delete one object and wait until it is gone; every error is in the result."""
    try:
        status, message = _delete(cluster, inventory, change, wait_limit)
    except Interrupted:
        status, message = ResultStatus.SKIPPED, "interrupted while it was going"
    except (Refused, ToolFailed, Transient) as error:
        status, message = ResultStatus.FAILED, str(error)
    return ObjectResult(str(change.ref), "delete", status, message)


def _delete(
    cluster: Cluster, inventory: Inventory, change: ObjectChange, wait_limit: WaitLimit
) -> tuple[ResultStatus, str]:
    if change.ref not in inventory.members:
        return ResultStatus.REFUSED, "is not in the inventory"
    answer = cluster.get(change.api_version, change.ref)
    if answer.status == 404:
        return ResultStatus.DONE, ""
    if not answer.ok:
        return ResultStatus.FAILED, answer.message
    metadata = answer.body["metadata"]
    if metadata["uid"] != change.uid:
        return ResultStatus.REFUSED, "is another one than was planned"
    if (metadata.get("labels") or {}).get(MEMBER_LABEL) != inventory.label:
        return ResultStatus.REFUSED, "does not bear the inventory's label"
    if guard := protection_of(answer.body):
        return ResultStatus.REFUSED, f"is protected: {guard}"
    if strangers := foreign_loss(cluster, change.ref, inventory.label):
        return ResultStatus.REFUSED, strangers
    deletion = cluster.delete(change.api_version, change.ref, uid=change.uid, dry_run=False)
    if not deletion.ok and deletion.status != 404:
        return ResultStatus.FAILED, deletion.message
    return wait_gone(cluster, change, wait_limit)


def wait_gone(cluster: Cluster, change: ObjectChange, wait_limit: WaitLimit) -> tuple[ResultStatus, str]:
    """Wait until nothing of that uid is there; names the finalizers that hold it too long. Raises Interrupted."""
    deadline = time.monotonic() + wait_limit.seconds
    while True:
        answer = cluster.get(change.api_version, change.ref)
        if answer.status == 404 or (answer.ok and answer.body["metadata"]["uid"] != change.uid):
            return ResultStatus.DONE, ""
        if time.monotonic() > deadline:
            break
        wait_limit.wait(POLL_SECONDS)
    finalizers = ", ".join(answer.body["metadata"].get("finalizers") or ()) if answer.ok else ""
    holders = f", held by {finalizers}" if finalizers else ""
    return ResultStatus.FAILED, f"is still there after {wait_limit.seconds:.0f} s{holders}"
