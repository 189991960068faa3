"""Runs a chart's hooks at their time, one after the other by weight. Called by `carry_out`; `hooks` reads them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.kube.client import Cluster
from bot.kube.health import Checks, State
from bot.kube.hooks import DeletePolicy, Hook, Phase
from bot.kube.outcomes import Outcome, Verb
from bot.kube.pruning import Patience, wait_gone
from bot.kube.results import End, Result
from bot.kube.watching import Pace, follow


@dataclass(frozen=True, slots=True)
class Hooks:
    """A chart's hooks and how long each is waited for."""

    cluster: Cluster
    hooks: Sequence[Hook]
    patience: Patience
    checks: Checks
    scrub: Callable[[str], str]
    report: Callable[[str], object]

    def run(self, phase: Phase, told: Callable[[Result], object]) -> bool:
        """True when all of the phase went well; the first that does not ends it."""
        for hook in self.hooks:
            if phase in hook.phases:
                message = self._one(hook)
                told(Result(str(hook.object.ref), f"hook {phase}", End.FAILED if message else End.DONE, message))
                if message:
                    return False
        return True

    def _one(self, hook: Hook) -> str:
        """Make it, wait for it, and clear it away as its policy says; why it failed, or nothing."""
        if DeletePolicy.BEFORE in hook.delete_policy and (message := self._clear(hook)):
            return message
        answer = self.cluster.apply(hook.object.body, dry_run=False)
        if not answer.ok:
            return self.scrub(answer.message)
        pace = Pace(self.patience.seconds, 0.0, time.monotonic, self.patience.wait)
        target = [(hook.object.api_version, hook.object.ref)]
        ((_, how),) = follow(self.cluster, target, pace, checks=self.checks, scrub=self.scrub, report=self.report)
        good = how.state is not State.FAILED
        if (DeletePolicy.SUCCEEDED if good else DeletePolicy.FAILED) in hook.delete_policy:
            self._clear(hook)
        return "" if good else "\n".join((how.reason, *how.detail))

    def _clear(self, hook: Hook) -> str:
        one = hook.object
        answer = self.cluster.get(one.api_version, one.ref)
        if answer.status == 404:
            return ""
        if not answer.ok:
            return self.scrub(answer.message)
        uid = str(answer.body["metadata"]["uid"])
        gone = self.cluster.delete(one.api_version, one.ref, uid=uid, dry_run=False)
        if not gone.ok and gone.status != 404:
            return self.scrub(gone.message)
        return wait_gone(self.cluster, Outcome(one.ref, one.api_version, Verb.DELETE, uid=uid), self.patience)[1]
