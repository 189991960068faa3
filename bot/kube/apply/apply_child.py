"""The child that applies: `python -P -m bot.kube.apply.apply_child ERRAND`. It alone has the credentials that write.

Does what the artifact lists and nothing else, each object told of as it ends. Begun by the bot's supervisor, so that it
outlives the bot; interrupted by SIGINT, it begins nothing more, finishes what it is at, and tells how far it came.
"""

import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot import process
from bot.core.errors import Refused, ToolFailed, Transient
from bot.kube.apply.artifact import Work
from bot.kube.apply.child_config import Errand
from bot.kube.apply.hook_runs import Hooks
from bot.kube.apply.interrupts import Interrupted, Stop
from bot.kube.apply.preflight import Look, objections
from bot.kube.apply.progress import Telling
from bot.kube.apply.pruning import Patience, prune
from bot.kube.apply.results import WHOLE, End, Result
from bot.kube.apply.sending import Sending
from bot.kube.cluster import inventory
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.inventory import Inventory, Member
from bot.kube.health.rules import Checks, State
from bot.kube.health.watching import Pace, follow
from bot.kube.objects.masking import Mask, secrets_of
from bot.kube.objects.model import Ref
from bot.kube.objects.order import Stage, groups, stage
from bot.kube.objects.outcomes import Outcome, Verb
from bot.kube.render.hooks import Phase

DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 3, 4
ESTABLISHED_SECONDS = 60.0
LOOK_SECONDS = 0.1
THREADS = 16
NOT_WELL = "what comes before it did not go well"


def main(argv: Sequence[str]) -> int:
    process.conceal()
    errand = Errand.loaded(Path(argv[1]).read_bytes())
    work = Work.loaded(Path(errand.artifact).read_bytes())
    stop = Stop()
    signal.signal(signal.SIGINT, lambda *_: stop.event.set())
    telling = Telling(Path(errand.results), secrets_of(_bodies(work)))
    try:
        kubeconfig = Path(errand.kubeconfig)
        cluster = Cluster.open(work.cluster, kubeconfig, errand.context, errand.timeout, errand.manager, THREADS)
        telling.secrets |= secrets_of(_live_secrets(cluster, work))
        return _Apply(cluster, work, errand, telling, stop).run()
    except (Refused, ToolFailed, Transient) as why:
        if not telling.begun:
            telling.refuse(str(why))
            return REFUSED
        telling.tell(Result("the apply", WHOLE, End.FAILED, str(why)))
        return FAILED
    finally:
        telling.write()


@dataclass(frozen=True, slots=True)
class _Apply:
    """One apply, from its last look to the exact inventory."""

    cluster: Cluster
    work: Work
    errand: Errand
    telling: Telling
    stop: Stop

    def run(self) -> int:
        known, label = self._known(), inventory.label_of(self.work.project, self.errand.inventory_namespace)
        made = frozenset(one.ref.name for one in self.work.outcomes if stage(one.ref) is Stage.NAMESPACES)
        look = Look(self.cluster, Mask(self.work.key), label, self.errand.confirm, made)
        if why := objections(look, self.work.outcomes):
            self.telling.refuse("; ".join(why))
            return REFUSED
        wider = self._widened(known, label)
        try:
            well = self._all(wider)
        except Interrupted:
            well = False
        self._narrowed(wider, well)
        return DONE if well else INTERRUPTED if self.stop.asked else FAILED

    def _all(self, wider: Inventory) -> bool:
        """Hooks, objects, their health, hooks again, and what goes. True when all of it went well."""
        gone = [one for one in self.work.outcomes if one.verb is Verb.DELETE]
        again = wider.installed
        well = self._phase(Phase.PRE_UPGRADE if again else Phase.PRE_INSTALL) and self._objects()
        well = well and self._healthy() and self._phase(Phase.POST_UPGRADE if again else Phase.POST_INSTALL)
        if not well or self.stop.asked:
            for one in gone:
                self.telling.skipped(one, NOT_WELL)
            return False
        prune(self.cluster, wider, gone, self.telling.tell, self._patience)
        return self.telling.all_well and not self.stop.asked

    @property
    def _patience(self) -> Patience:
        return Patience(self.work.health.timeout, self.stop.wait)

    def _known(self) -> Inventory | None:
        kinds = {(version, Ref.of_id(id).kind) for id, version in self.work.members.items()}
        kinds |= {(one.api_version, one.ref.kind) for one in self.work.outcomes}
        project, namespace = self.work.project, self.errand.inventory_namespace
        known = inventory.read(self.cluster, project, namespace)
        return known or inventory.rebuilt(self.cluster, project, namespace, kinds)

    def _widened(self, known: Inventory | None, label: str) -> Inventory:
        """All that was and all that will be, at no commit: written before anything changes."""
        old = known.members if known else {}
        new = {Ref.of_id(id): version for id, version in self.work.members.items()}
        now = {ref: replace(old.get(ref, Member(version)), api_version=version) for ref, version in new.items()}
        installed = known is not None and known.installed
        space = self.errand.inventory_namespace
        wider = Inventory(self.work.project, space, "", {**old, **now}, label, installed=installed)
        self.telling.begun = True
        inventory.write(self.cluster, wider)
        return wider

    def _narrowed(self, wider: Inventory, well: bool) -> None:
        """What bears the label now and belongs here, or could not be deleted; at the commit when all went well."""
        kinds = {(member.api_version, ref.kind) for ref, member in wider.members.items()}
        self.cluster.forget()
        live = inventory.labelled(self.cluster, wider.label, kinds)
        members = {ref: member for ref, member in live.items() if ref in wider.members}
        exact = replace(wider, members=members, installed=well or wider.installed)
        done = replace(exact, commit=self.work.commit, rendered=self.work.rendered)
        inventory.write(self.cluster, done if well else exact)

    def _phase(self, phase: Phase) -> bool:
        its, telling = self.work, self.telling
        hooks = Hooks(self.cluster, its.hooks, self._patience, self._checks, telling.scrubbed, telling.say)
        return not self.stop.asked and hooks.run(phase, self.telling.tell)

    def _objects(self) -> bool:
        """Apply stage after stage; within one a failure keeps nothing else from being tried."""
        before = Stage.DEFINITIONS
        applied = [one for one in self.work.outcomes if one.verb is not Verb.DELETE]
        for now, group in groups(applied):
            if now is not before and not self._stage_done(before, applied):
                for later in (one for found, these in groups(applied) if found >= now for one in these):
                    self.telling.skipped(later, NOT_WELL)
                return False
            before = now
            self.cluster.each(self._one, group)
        return self.telling.all_well and not self.stop.asked

    def _stage_done(self, ended: Stage, applied: Sequence[Outcome]) -> bool:
        """All of the stage went well, and what it defined is served."""
        if not self.telling.all_well or self.stop.asked:
            return False
        if ended is not Stage.DEFINITIONS:
            return True
        crds = [(one.api_version, one.ref) for found, group in groups(applied) if found is ended for one in group]
        pace = Pace(ESTABLISHED_SECONDS, 0.0, time.monotonic, self.stop.wait)
        how = follow(self.cluster, crds, pace, checks={}, scrub=self.telling.scrubbed, report=self.telling.say)
        return all(health.state is State.READY for _, health in how) and self._discovered(applied)

    def _discovered(self, applied: Sequence[Outcome]) -> bool:
        """A definition is established before discovery knows it: look until it does."""
        specs = [one.send["spec"] for one in applied if one.send and stage(one.ref) is Stage.DEFINITIONS]
        until = time.monotonic() + ESTABLISHED_SECONDS
        while True:
            self.cluster.forget()
            if all(self.cluster.resource(version, kind) for spec in specs for version, kind in _served(spec)):
                return True
            if time.monotonic() > until:
                return False
            self.stop.wait(LOOK_SECONDS)

    def _one(self, one: Outcome) -> None:
        if self.stop.asked:
            self.telling.skipped(one, "interrupted before it began")
        else:
            self.telling.tell(Sending(self.cluster, self.errand.manager, self._patience).sent(one))

    def _healthy(self) -> bool:
        changed = (Verb.CREATE, Verb.CHANGE, Verb.REPLACE)
        targets = [(one.api_version, one.ref) for one in self.work.outcomes if one.verb in changed]
        if not targets:
            return True
        options, telling, began = self.work.health, self.telling, time.monotonic()
        pace = Pace(options.timeout, options.stable, time.monotonic, self.stop.wait)
        found = follow(self.cluster, targets, pace, checks=self._checks, scrub=telling.scrubbed, report=telling.say)
        for ref, how in found:
            if how.state is State.FAILED:
                telling.tell(Result(str(ref), "health", End.UNHEALTHY, "\n".join((how.reason, *how.detail))))
        if telling.all_well:
            telling.so_far = replace(telling.so_far, healthy=time.monotonic() - began)
        return telling.all_well

    @property
    def _checks(self) -> Checks:
        """By `group/Kind`, as gitops.yaml writes them: `Kind.group`."""
        parts = [(one.kind.partition("."), one) for one in self.work.health.checks]
        return {
            f"{group}/{kind}": {"ready": one.ready} | ({"failed": one.failed} if one.failed else {})
            for (kind, _, group), one in parts
        }


def _served(spec: Mapping[str, Any]) -> list[tuple[str, str]]:
    versions = [one["name"] for one in spec["versions"] if one.get("served")]
    return [(f"{spec['group']}/{version}", str(spec["names"]["kind"])) for version in versions]


def _bodies(work: Work) -> list[Mapping[str, Any]]:
    """Everything in the artifact that may hold what nobody is to see."""
    sent = [one.send for one in work.outcomes if one.send]
    return [*sent, *(hook.object.body for hook in work.hooks), *work.secrets]


def _live_secrets(cluster: Cluster, work: Work) -> list[Mapping[str, Any]]:
    """Those of the namespaces that are worked in, as they are now, since a pod's log may hold any of them."""
    spaces = sorted({one.ref.namespace for one in work.outcomes} - {""})
    return [body for bodies in cluster.each(lambda space: _secrets_in(cluster, space), spaces) for body in bodies]


def _secrets_in(cluster: Cluster, namespace: str) -> tuple[Mapping[str, Any], ...]:
    """None where the identity that applies may not list them."""
    try:
        found = cluster.list("v1", "Secret", namespace)
    except ToolFailed:
        return ()
    return tuple({**body, "kind": "Secret"} for body in found)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
