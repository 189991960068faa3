"""Sends one object as its outcome says: applied, taken over first, or deleted and made again. Called by `carry_out`."""

import time
from dataclasses import dataclass

from bot.core.errors import Refused, ToolFailed, Transient
from bot.kube.apply.pruning import Patience, wait_gone
from bot.kube.apply.results import End, Result
from bot.kube.cluster.adoption import migrated
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.refusals import CONFLICT
from bot.kube.objects.outcomes import Outcome, Verb

TRIES = 5


@dataclass(frozen=True, slots=True)
class Sending:
    """`manager` is the bot's field manager."""

    cluster: Cluster
    manager: str
    patience: Patience

    def sent(self, one: Outcome) -> Result:
        """How it ended."""
        try:
            message = self._why_not(one)
        except (Refused, ToolFailed, Transient) as why:
            message = str(why)
        return Result(str(one.ref), one.verb, End.FAILED if message else End.DONE, message)

    def _why_not(self, one: Outcome) -> str:
        """Why it was not taken; empty when it was."""
        if one.verb is Verb.REPLACE:
            return self._replaced(one)
        if one.takes and (message := self._taken_over(one)):
            return message
        answer = self.cluster.apply(one.send or {}, dry_run=False, force=one.force)
        return "" if answer.ok else answer.message

    def _taken_over(self, one: Outcome) -> str:
        """Make fields of others ours, so that those which left Git go; read again when others wrote meanwhile."""
        for _ in range(TRIES):
            answer = self.cluster.get(one.api_version, one.ref)
            patch = migrated(answer.body, one.takes, self.manager) if answer.ok else None
            if not patch:
                return ""
            done = self.cluster.patch(one.api_version, one.ref, patch, dry_run=False)
            if done.status != CONFLICT:
                break
        return "" if done.ok else f"fields of {', '.join(one.takes)} cannot be taken over: {done.message}"

    def _replaced(self, one: Outcome) -> str:
        """What is deleted is made again, whoever interrupts meanwhile."""
        gone = self.cluster.delete(one.api_version, one.ref, uid=one.uid, dry_run=False, propagation="Foreground")
        if not gone.ok and gone.status != 404:
            return gone.message
        end, message = wait_gone(self.cluster, one, Patience(self.patience.seconds, time.sleep))
        if end is not End.DONE:
            return message
        answer = self.cluster.apply(one.send or {}, dry_run=False)
        return "" if answer.ok else f"it is deleted, and could not be made again: {answer.message}"
