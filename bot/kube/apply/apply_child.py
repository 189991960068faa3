"""The child that applies: `python -P -m bot.kube.apply CONFIG`. It alone has the credentials that write.

Does what the artifact lists and nothing else, and reports each object as it ends. Begun by the bot's supervisor, so it
outlives the bot; interrupted by SIGINT, it begins nothing more, finishes what it is at, and tells how far it came.
"""

import signal
import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.core.errors import Refused, ToolFailed, Transient
from bot.kube.apply.artifact import ApplyArtifact
from bot.kube.apply.child_config import ChildConfig
from bot.kube.apply.hook_runner import HookRunner
from bot.kube.apply.interrupts import Interrupted, StopSignal
from bot.kube.apply.object_applier import ObjectApplier
from bot.kube.apply.preflight import Preflight, find_objections
from bot.kube.apply.progress import ProgressLog
from bot.kube.apply.pruning import WaitLimit, prune
from bot.kube.apply.results import WHOLE_APPLY, ObjectResult, ResultStatus
from bot.kube.apply.secret_bodies import live_secrets, secret_bodies
from bot.kube.cluster import inventory
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.inventory import Inventory, Member
from bot.kube.health.object_health import HealthChecks, HealthState
from bot.kube.health.rollout import RolloutTiming, wait_for_rollout
from bot.kube.objects.apply_order import ApplyStage, apply_groups, stage_of
from bot.kube.objects.kube_object import ObjectRef
from bot.kube.objects.masking import Mask, secret_texts
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.render.helm_hooks import HookPhase

DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 3, 4
ESTABLISHED_SECONDS = 60.0
POLL_SECONDS = 0.1
THREADS = 16
SENDING_VERBS = frozenset({Verb.CREATE, Verb.CHANGE, Verb.REPLACE})
LAST_PHASES = frozenset({HookPhase.POST_INSTALL, HookPhase.POST_UPGRADE})
EARLIER_FAILURE = "what comes before it did not go well"


def main(argv: Sequence[str]) -> int:
    """Apply what the config at `argv[1]` names; the exit status is one of DONE, FAILED, REFUSED and INTERRUPTED."""
    config = ChildConfig.from_json(Path(argv[1]).read_bytes())
    artifact = ApplyArtifact.from_json(Path(config.artifact).read_bytes())
    stop = StopSignal()
    signal.signal(signal.SIGINT, lambda *_: stop.event.set())
    progress = ProgressLog(Path(config.results), secret_texts(secret_bodies(artifact)))
    try:
        kubeconfig = Path(config.kubeconfig)
        cluster = Cluster.open(artifact.cluster, kubeconfig, config.context, config.timeout, config.manager, THREADS)
        progress.secrets |= secret_texts(live_secrets(cluster, artifact))
        return _ApplyRun(cluster, artifact, config, progress, stop).run()
    except (Refused, ToolFailed, Transient) as error:
        if not progress.changes_begun:
            progress.refuse(str(error))
            return REFUSED
        progress.record(ObjectResult("the apply", WHOLE_APPLY, ResultStatus.FAILED, str(error)))
        return FAILED
    finally:
        progress.write()


@dataclass(frozen=True, slots=True)
class _ApplyRun:
    """One apply, from its last look to the exact inventory."""

    cluster: Cluster
    artifact: ApplyArtifact
    config: ChildConfig
    progress: ProgressLog
    stop: StopSignal
    unfinished: set[ObjectRef] = field(default_factory=set)

    def run(self) -> int:
        """Apply; returns the exit status. Raises Refused, ToolFailed and Transient for what the cluster refuses."""
        artifact = self.artifact
        recorded = self._read_inventory()
        label = inventory.label_of(artifact.project, self.config.inventory_namespace)
        namespaces = [change.ref.name for change in artifact.changes if stage_of(change.ref) is ApplyStage.NAMESPACES]
        preflight = Preflight(
            cluster=self.cluster,
            mask=Mask(artifact.mask_key),
            label=label,
            confirmed=self.config.confirm,
            new_namespaces=frozenset(namespaces),
            coming=frozenset(change.ref for change in artifact.changes if change.verb in SENDING_VERBS),
        )
        if objections := find_objections(preflight, artifact.changes):
            self.progress.refuse("; ".join(objections))
            return REFUSED
        widened = self._widen_inventory(recorded, label)
        try:
            succeeded = self._apply_all(widened)
        except Interrupted:
            succeeded = False
        self._narrow_inventory(widened, succeeded)
        return DONE if succeeded else INTERRUPTED if self.stop.requested else FAILED

    def _apply_all(self, widened: Inventory) -> bool:
        """Hooks, objects, their health, hooks again, and what goes. True when all of it went well."""
        deletions = [change for change in self.artifact.changes if change.verb is Verb.DELETE]
        before, after = _due_phases(widened)
        succeeded = self._run_hooks(before) and self._apply_stages()
        succeeded = succeeded and self._await_health() and self._run_hooks(after)
        if not succeeded or self.stop.requested:
            for change in deletions:
                self.progress.skip(change, EARLIER_FAILURE)
            return False
        prune(self.cluster, widened, deletions, self.progress.record, self._wait_limit)
        return self.progress.succeeded and not self.stop.requested

    @property
    def _wait_limit(self) -> WaitLimit:
        return WaitLimit(self.artifact.health.timeout, self.stop.wait)

    def _read_inventory(self) -> Inventory | None:
        kinds = {(version, ObjectRef.parse_id(id).kind) for id, version in self.artifact.members.items()}
        kinds |= {(change.api_version, change.ref.kind) for change in self.artifact.changes}
        project, namespace = self.artifact.project, self.config.inventory_namespace
        recorded = inventory.read(self.cluster, project, namespace)
        return recorded or inventory.rebuild(self.cluster, project, namespace, kinds)

    def _widen_inventory(self, recorded: Inventory | None, label: str) -> Inventory:
        """All that was and all that will be, at no commit, none of it seen well: written before anything changes."""
        old_members = recorded.members if recorded else {}
        api_versions = {ObjectRef.parse_id(id): version for id, version in self.artifact.members.items()}
        new_members = {
            ref: replace(old_members.get(ref, Member(version)), api_version=version)
            for ref, version in api_versions.items()
        }
        installed = recorded is not None and recorded.installed
        namespace, members = self.config.inventory_namespace, {**old_members, **new_members}
        widened = Inventory(self.artifact.project, namespace, "", members, label, installed=installed)
        self.unfinished.update(self._begun(widened), recorded.unfinished if recorded else ())
        widened = replace(widened, unfinished=frozenset(self.unfinished))
        self.progress.changes_begun = True
        inventory.write(self.cluster, widened)
        return widened

    def _begun(self, widened: Inventory) -> set[ObjectRef]:
        """What this apply is to see well: objects that change, and hooks that are due."""
        hooks = self._hook_refs(set(_due_phases(widened)))
        return hooks | {change.ref for change in self.artifact.changes if change.verb in SENDING_VERBS}

    def _narrow_inventory(self, widened: Inventory, succeeded: bool) -> None:
        """What bears the label now and belongs here, or could not be deleted; at the commit when all went well."""
        kinds = {(member.api_version, ref.kind) for ref, member in widened.members.items()}
        self.cluster.forget_resources()
        live = inventory.find_members(self.cluster, widened.label, kinds)
        members = {
            ref: replace(member, version="", generation=None) if ref.id in self.artifact.drifted else member
            for ref, member in live.items()
            if ref in widened.members
        }
        unfinished = frozenset() if succeeded else frozenset(self.unfinished)
        exact = replace(widened, members=members, installed=succeeded or widened.installed, unfinished=unfinished)
        committed = replace(exact, commit=self.artifact.commit, rendered=self.artifact.rendered_digest)
        inventory.write(self.cluster, committed if succeeded else exact)

    def _run_hooks(self, phase: HookPhase) -> bool:
        progress = self.progress
        runner = HookRunner(
            self.cluster,
            self.artifact.hooks,
            frozenset(map(ObjectRef.parse_id, self.artifact.members)),
            self._wait_limit,
            self._health_checks,
            progress.scrub,
            progress.print_line,
        )
        if self.stop.requested or not runner.run(phase, progress.record):
            return False
        # A name may be that of a later hook, or of an object, too: that one is still to be seen well.
        pending = self._hook_refs(LAST_PHASES).union(change.ref for change in self.artifact.changes)
        self.unfinished.difference_update(self._hook_refs({phase}) - (set() if phase in LAST_PHASES else pending))
        return True

    def _hook_refs(self, phases: AbstractSet[HookPhase]) -> set[ObjectRef]:
        return {hook.kube_object.ref for hook in self.artifact.hooks if phases & hook.phases}

    def _apply_stages(self) -> bool:
        """Apply stage after stage; within one a failure keeps nothing else from being tried."""
        last_stage = ApplyStage.DEFINITIONS
        changes = [change for change in self.artifact.changes if change.verb not in (Verb.DELETE, Verb.AWAIT)]
        for stage, group in apply_groups(changes):
            if stage is not last_stage and not self._finish_stage(last_stage, changes):
                self._skip_from(stage, changes)
                return False
            last_stage = stage
            self.cluster.map_concurrently(self._apply_object, group)
        return self.progress.succeeded and not self.stop.requested

    def _skip_from(self, stage: ApplyStage, changes: Sequence[ObjectChange]) -> None:
        for later_stage, group in apply_groups(changes):
            for change in group if later_stage >= stage else ():
                self.progress.skip(change, EARLIER_FAILURE)

    def _finish_stage(self, stage: ApplyStage, changes: Sequence[ObjectChange]) -> bool:
        """All of the stage went well, and what it defined is served."""
        if not self.progress.succeeded or self.stop.requested:
            return False
        if stage is not ApplyStage.DEFINITIONS:
            return True
        groups = [group for group_stage, group in apply_groups(changes) if group_stage is stage]
        crds = [(change.api_version, change.ref) for group in groups for change in group]
        timing = RolloutTiming(ESTABLISHED_SECONDS, 0.0, time.monotonic, self.stop.wait)
        scrub, report = self.progress.scrub, self.progress.print_line
        healths = wait_for_rollout(self.cluster, crds, timing, checks={}, scrub=scrub, report=report)
        return all(health.state is HealthState.READY for _, health in healths) and self._await_discovery(changes)

    def _await_discovery(self, changes: Sequence[ObjectChange]) -> bool:
        """A definition is established before discovery knows it: look until it does."""
        crds = [change for change in changes if stage_of(change.ref) is ApplyStage.DEFINITIONS]
        specs = [change.send["spec"] for change in crds if change.send]
        deadline = time.monotonic() + ESTABLISHED_SECONDS
        while True:
            self.cluster.forget_resources()
            if all(self.cluster.resource(version, kind) for spec in specs for version, kind in _served_kinds(spec)):
                return True
            if time.monotonic() > deadline:
                return False
            self.stop.wait(POLL_SECONDS)

    def _apply_object(self, change: ObjectChange) -> None:
        if self.stop.requested:
            self.progress.skip(change, "interrupted before it began")
        else:
            self.progress.record(ObjectApplier(self.cluster, self.config.manager, self._wait_limit).apply(change))

    def _await_health(self) -> bool:
        targets = [(change.api_version, change.ref) for change in self.artifact.changes if self._is_awaited(change)]
        if not targets:
            return True
        options, progress, started = self.artifact.health, self.progress, time.monotonic()
        timing = RolloutTiming(options.timeout, options.stable, time.monotonic, self.stop.wait)
        checks, scrub, report = self._health_checks, progress.scrub, progress.print_line
        healths = wait_for_rollout(self.cluster, targets, timing, checks=checks, scrub=scrub, report=report)
        self.unfinished.difference_update(
            {ref for ref, health in healths if health.is_well} - self._hook_refs(LAST_PHASES)
        )
        for ref, health in healths:
            if health.state is HealthState.FAILED:
                message = "\n".join((health.reason, *health.detail))
                progress.record(ObjectResult(str(ref), "health", ResultStatus.UNHEALTHY, message))
        if progress.succeeded:
            progress.results = replace(progress.results, healthy=time.monotonic() - started)
        return progress.succeeded

    def _is_awaited(self, change: ObjectChange) -> bool:
        """What was sent now, and what was sent before unless a person takes it as it is."""
        if change.verb is Verb.AWAIT:
            return change.ref.path not in self.config.confirm
        return change.verb in SENDING_VERBS

    @property
    def _health_checks(self) -> HealthChecks:
        return self.artifact.health.checks_by_kind


def _due_phases(widened: Inventory) -> tuple[HookPhase, HookPhase]:
    """Before and after the objects."""
    if widened.installed:
        return HookPhase.PRE_UPGRADE, HookPhase.POST_UPGRADE
    return HookPhase.PRE_INSTALL, HookPhase.POST_INSTALL


def _served_kinds(spec: Mapping[str, Any]) -> list[tuple[str, str]]:
    names = [version["name"] for version in spec["versions"] if version.get("served")]
    return [(f"{spec['group']}/{name}", str(spec["names"]["kind"])) for name in names]
