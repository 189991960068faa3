"""Runs a chart's hooks at their time, one after the other by weight. Called by `carry_out`; `hooks` reads them."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.kube.apply.pruning import Patience, wait_gone
from bot.kube.apply.results import End, Result
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.deletions import kept, precious
from bot.kube.cluster.refusals import NOT_FOUND
from bot.kube.health.rules import Checks, State
from bot.kube.health.watching import Pace, follow
from bot.kube.objects.outcomes import Outcome, Verb
from bot.kube.render.hooks import DeletePolicy, Hook, Phase, is_hook


def in_the_way(hook: Hook, live: Mapping[str, Any]) -> str:
    """Why a hook may not take the place of what is there; empty when it may."""
    if not is_hook(live):
        return "is there, and was not made by a hook: nothing is put in its place"
    if guard := kept(live):
        return f"is protected: {guard}"
    if DeletePolicy.BEFORE in hook.delete_policy and precious(hook.object.ref):
        return "is there, and would go with all that is in it: no hook deletes that"
    return ""


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
        if message := self._made_room(hook):
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

    def _made_room(self, hook: Hook) -> str:
        """Why it cannot be made here; nothing is touched that is not a hook's."""
        answer = self.cluster.get(hook.object.api_version, hook.object.ref)
        if answer.status == NOT_FOUND:
            return ""
        if not answer.ok:
            return self.scrub(answer.message)
        if message := in_the_way(hook, answer.body):
            return message
        return self._clear(hook) if DeletePolicy.BEFORE in hook.delete_policy else ""

    def _clear(self, hook: Hook) -> str:
        """Delete what a hook has made, unless it is to stay."""
        one = hook.object
        answer = self.cluster.get(one.api_version, one.ref)
        if answer.status == NOT_FOUND:
            return ""
        if not answer.ok:
            return self.scrub(answer.message)
        if message := in_the_way(hook, answer.body):
            return message
        uid = str(answer.body["metadata"]["uid"])
        gone = self.cluster.delete(one.api_version, one.ref, uid=uid, dry_run=False)
        if not gone.ok and gone.status != NOT_FOUND:
            return self.scrub(gone.message)
        return wait_gone(self.cluster, Outcome(one.ref, one.api_version, Verb.DELETE, uid=uid), self.patience)[1]
