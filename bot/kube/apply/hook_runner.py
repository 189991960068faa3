"""Runs a chart's hooks at their time, one after the other by weight. Called by `apply_child`."""

import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from bot.kube.apply.pruning import WaitLimit, wait_gone
from bot.kube.apply.results import ObjectResult, ResultStatus
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.refusals import NOT_FOUND
from bot.kube.health.object_health import HealthChecks, HealthState
from bot.kube.health.rollout import RolloutTiming, wait_for_rollout
from bot.kube.objects.kube_object import ObjectRef
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.render.helm_hooks import (
    GIVES_WAY,
    HelmHook,
    HookDeletePolicy,
    HookPhase,
    made_by_hook,
    replacement_obstacle,
)


@dataclass(frozen=True, slots=True)
class HookRunner:
    """A chart's hooks and how long each is waited for. `members` are the objects of the release."""

    cluster: Cluster
    hooks: Sequence[HelmHook]
    members: AbstractSet[ObjectRef]
    wait_limit: WaitLimit
    checks: HealthChecks
    scrub: Callable[[str], str]
    report: Callable[[str], object]

    def run(self, phase: HookPhase, record: Callable[[ObjectResult], object]) -> bool:
        """Run a phase's hooks; True when all went well. The first that does not ends it. Raises Interrupted.

        What a hook leaves is there for those after it: whatever is to go once it succeeded goes at the phase's end.
        """
        due = [hook for hook in self.hooks if phase in hook.phases and not self._gives_way(hook)]
        for number, hook in enumerate(due):
            message = self._make_room(hook) or self._create(hook)
            if not message and (message := self._failure(hook)):
                self._clear_all([hook], HookDeletePolicy.FAILED)
                self._clear_all(due[:number], HookDeletePolicy.SUCCEEDED)
            status = ResultStatus.FAILED if message else ResultStatus.DONE
            record(ObjectResult(str(hook.kube_object.ref), f"hook {phase}", status, message))
            if message:
                return False
        self._clear_all(due[::-1], HookDeletePolicy.SUCCEEDED)
        return True

    def _gives_way(self, hook: HelmHook) -> bool:
        """Whether an object of the release bears its name and is there already: that one stays, and is reported."""
        kube_object = hook.kube_object
        if kube_object.ref not in self.members:
            return False
        answer = self.cluster.get(kube_object.api_version, kube_object.ref)
        gives_way = answer.ok and not made_by_hook(answer.body)
        if gives_way:
            self.report(f"{kube_object.ref} (hook) {GIVES_WAY}")
        return gives_way

    def _create(self, hook: HelmHook) -> str:
        """Why it cannot be made."""
        answer = self.cluster.apply(hook.kube_object.body, dry_run=False)
        return "" if answer.ok else self.scrub(answer.message)

    def _failure(self, hook: HelmHook) -> str:
        """Why it failed; empty once it has done well."""
        timing = RolloutTiming(self.wait_limit.seconds, 0.0, time.monotonic, self.wait_limit.wait)
        targets = [(hook.kube_object.api_version, hook.kube_object.ref)]
        ((_, health),) = wait_for_rollout(
            self.cluster, targets, timing, checks=self.checks, scrub=self.scrub, report=self.report
        )
        return "\n".join((health.reason, *health.detail)) if health.state is HealthState.FAILED else ""

    def _clear_all(self, hooks: Sequence[HelmHook], policy: HookDeletePolicy) -> None:
        """Delete what these have made where their policy says so, but never a definition; tell what stays instead."""
        for hook in hooks:
            if policy not in hook.delete_policies or hook.kube_object.ref.is_definition:
                continue
            if message := self._clear(hook):
                self.report(f"{hook.kube_object.ref} (hook) stays: {message}")

    def _make_room(self, hook: HelmHook) -> str:
        """Why it cannot be made here; nothing is touched that is not a hook's."""
        uid, obstacle = self._find(hook)
        return self._delete(hook, uid) if uid and HookDeletePolicy.BEFORE in hook.delete_policies else obstacle

    def _clear(self, hook: HelmHook) -> str:
        """Delete what a hook has made, unless it is to stay; why it stays."""
        uid, obstacle = self._find(hook)
        return self._delete(hook, uid) if uid else obstacle

    def _find(self, hook: HelmHook) -> tuple[str, str]:
        """The uid of what a hook has made, empty where nothing is or it may not go; and why it may not."""
        answer = self.cluster.get(hook.kube_object.api_version, hook.kube_object.ref)
        if answer.status == NOT_FOUND:
            return "", ""
        obstacle = replacement_obstacle(hook, answer.body) if answer.ok else self.scrub(answer.message)
        return "" if obstacle else str(answer.body["metadata"]["uid"]), obstacle

    def _delete(self, hook: HelmHook, uid: str) -> str:
        """Why it is not gone."""
        kube_object = hook.kube_object
        deletion = self.cluster.delete(kube_object.api_version, kube_object.ref, uid=uid, dry_run=False)
        if not deletion.ok and deletion.status != NOT_FOUND:
            return self.scrub(deletion.message)
        change = ObjectChange(kube_object.ref, kube_object.api_version, Verb.DELETE, uid=uid)
        return wait_gone(self.cluster, change, self.wait_limit)[1]
