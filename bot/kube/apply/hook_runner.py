"""Runs a chart's hooks at their time, one after the other by weight. Called by `apply_child`."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.kube.apply.pruning import WaitLimit, wait_gone
from bot.kube.apply.results import ObjectResult, ResultStatus
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.refusals import NOT_FOUND
from bot.kube.health.object_health import HealthChecks, HealthState
from bot.kube.health.rollout import RolloutTiming, wait_for_rollout
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.render.helm_hooks import HelmHook, HookDeletePolicy, HookPhase, replacement_obstacle


@dataclass(frozen=True, slots=True)
class HookRunner:
    """A chart's hooks and how long each is waited for."""

    cluster: Cluster
    hooks: Sequence[HelmHook]
    wait_limit: WaitLimit
    checks: HealthChecks
    scrub: Callable[[str], str]
    report: Callable[[str], object]

    def run(self, phase: HookPhase, record: Callable[[ObjectResult], object]) -> bool:
        """Run a phase's hooks; True when all went well. The first that does not ends it. Raises Interrupted."""
        for hook in self.hooks:
            if phase in hook.phases:
                message = self._run_hook(hook)
                status = ResultStatus.FAILED if message else ResultStatus.DONE
                record(ObjectResult(str(hook.kube_object.ref), f"hook {phase}", status, message))
                if message:
                    return False
        return True

    def _run_hook(self, hook: HelmHook) -> str:
        """Make it, wait for it, and clear it away as its policy says; why it failed, or nothing."""
        if message := self._make_room(hook):
            return message
        answer = self.cluster.apply(hook.kube_object.body, dry_run=False)
        if not answer.ok:
            return self.scrub(answer.message)
        timing = RolloutTiming(self.wait_limit.seconds, 0.0, time.monotonic, self.wait_limit.wait)
        targets = [(hook.kube_object.api_version, hook.kube_object.ref)]
        ((_, health),) = wait_for_rollout(
            self.cluster, targets, timing, checks=self.checks, scrub=self.scrub, report=self.report
        )
        succeeded = health.state is not HealthState.FAILED
        if (HookDeletePolicy.SUCCEEDED if succeeded else HookDeletePolicy.FAILED) in hook.delete_policies:
            self._clear(hook)
        return "" if succeeded else "\n".join((health.reason, *health.detail))

    def _make_room(self, hook: HelmHook) -> str:
        """Why it cannot be made here; nothing is touched that is not a hook's."""
        answer = self.cluster.get(hook.kube_object.api_version, hook.kube_object.ref)
        if answer.status == NOT_FOUND:
            return ""
        if not answer.ok:
            return self.scrub(answer.message)
        if message := replacement_obstacle(hook, answer.body):
            return message
        return self._clear(hook) if HookDeletePolicy.BEFORE in hook.delete_policies else ""

    def _clear(self, hook: HelmHook) -> str:
        """Delete what a hook has made, unless it is to stay."""
        kube_object = hook.kube_object
        answer = self.cluster.get(kube_object.api_version, kube_object.ref)
        if answer.status == NOT_FOUND:
            return ""
        if not answer.ok:
            return self.scrub(answer.message)
        if message := replacement_obstacle(hook, answer.body):
            return message
        uid = str(answer.body["metadata"]["uid"])
        deletion = self.cluster.delete(kube_object.api_version, kube_object.ref, uid=uid, dry_run=False)
        if not deletion.ok and deletion.status != NOT_FOUND:
            return self.scrub(deletion.message)
        change = ObjectChange(kube_object.ref, kube_object.api_version, Verb.DELETE, uid=uid)
        return wait_gone(self.cluster, change, self.wait_limit)[1]
