"""Sends one object as its change says: apply, take over first, or delete and make again. Called by `apply_child`."""

import time
from dataclasses import dataclass

from bot.core.errors import Refused, ToolFailed, Transient
from bot.kube.apply.pruning import WaitLimit, wait_gone
from bot.kube.apply.results import ObjectResult, ResultStatus
from bot.kube.cluster.adoption import migration_patch
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.refusals import CONFLICT
from bot.kube.objects.object_changes import ObjectChange, Verb

MAX_TRIES = 5


@dataclass(frozen=True, slots=True)
class ObjectApplier:
    """`manager` is the bot's field manager."""

    cluster: Cluster
    manager: str
    wait_limit: WaitLimit

    def apply(self, change: ObjectChange) -> ObjectResult:
        """Apply one change; every error is in the result."""
        try:
            message = self._send(change)
        except (Refused, ToolFailed, Transient) as error:
            message = str(error)
        return ObjectResult(
            str(change.ref), change.verb, ResultStatus.FAILED if message else ResultStatus.DONE, message
        )

    def _send(self, change: ObjectChange) -> str:
        """Why it was not taken; empty when it was."""
        if change.verb is Verb.REPLACE:
            return self._replace(change)
        if (change.takes or change.clears) and (message := self._take_over(change)):
            return message
        answer = self.cluster.apply(change.send or {}, dry_run=False, force=change.force)
        return "" if answer.ok else answer.message

    def _take_over(self, change: ObjectChange) -> str:
        """Make fields of others ours, so that those which left Git go; read again when others wrote meanwhile."""
        for _ in range(MAX_TRIES):
            answer = self.cluster.get(change.api_version, change.ref)
            patch = migration_patch(answer.body, change.takes, self.manager, change.clears) if answer.ok else None
            if not patch:
                return ""
            patched = self.cluster.patch(change.api_version, change.ref, patch, dry_run=False)
            if patched.status != CONFLICT:
                break
        subject = f"fields of {', '.join(change.takes)}" if change.takes else "fields of nobody"
        return "" if patched.ok else f"{subject} cannot be taken over: {patched.message}"

    def _replace(self, change: ObjectChange) -> str:
        """What is deleted is made again, whoever interrupts meanwhile."""
        deletion = self.cluster.delete(
            change.api_version, change.ref, uid=change.uid, dry_run=False, propagation="Foreground"
        )
        if not deletion.ok and deletion.status != 404:
            return deletion.message
        status, message = wait_gone(self.cluster, change, WaitLimit(self.wait_limit.seconds, time.sleep))
        if status is not ResultStatus.DONE:
            return message
        answer = self.cluster.apply(change.send or {}, dry_run=False)
        return "" if answer.ok else f"it is deleted, and could not be made again: {answer.message}"
