"""The child that applies: `python -P -m bot.kube.carry_out ERRAND`. It alone has the credentials that write.

Does what the artifact lists and nothing else, each object told of as it ends. Begun by the bot's supervisor, so that it
outlives the bot; interrupted by SIGINT, it begins nothing more, finishes what it is at, and tells how far it came.
"""

import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot import process
from bot.core.errors import Refused, ToolFailed, Transient
from bot.kube import inventory, results
from bot.kube.adoption import migrated
from bot.kube.artifact import Work
from bot.kube.client import Cluster
from bot.kube.errand import Errand
from bot.kube.health import Checks, State
from bot.kube.hook_runs import Hooks
from bot.kube.hooks import Phase
from bot.kube.inventory import Inventory, Member
from bot.kube.lastlook import Look, objections
from bot.kube.masking import Mask, scrub, secrets_of
from bot.kube.objects import Ref
from bot.kube.order import Stage, groups, stage
from bot.kube.outcomes import Outcome, Verb
from bot.kube.pruning import prune, wait_gone
from bot.kube.results import End, Result, Results
from bot.kube.watching import Pace, follow

DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 3, 4
WRITE_SECONDS = 0.2
ESTABLISHED_SECONDS = 60.0


def main(argv: Sequence[str]) -> int:
    process.conceal()
    errand = Errand.loaded(Path(argv[1]).read_bytes())
    work = Work.loaded(Path(errand.artifact).read_bytes())
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    telling = _Telling(Path(errand.results), secrets_of(_bodies(work)))
    try:
        context, threads = errand.context, 16
        cluster = Cluster.open(work.cluster, Path(errand.kubeconfig), context, errand.timeout, errand.manager, threads)
        return _Apply(cluster, work, errand, telling, stop).run()
    except (Refused, ToolFailed, Transient) as why:
        telling.say(f"it cannot go on: {why}")
        telling.tell(Result("the apply", "apply", End.FAILED, telling.scrubbed(str(why))))
        return FAILED
    finally:
        telling.write()


@dataclass
class _Telling:
    """Says each result once, in the log and in the file; nothing leaves without being scrubbed."""

    path: Path
    secrets: frozenset[str]
    so_far: Results = field(default_factory=Results)
    lock: threading.Lock = field(default_factory=threading.Lock)
    written: float = 0.0

    def scrubbed(self, text: str) -> str:
        return scrub(text, self.secrets)

    def say(self, line: str) -> None:
        sys.stdout.write(f"{self.scrubbed(line)}\n")
        sys.stdout.flush()

    def tell(self, result: Result) -> None:
        told = replace(result, message=self.scrubbed(result.message))
        with self.lock:
            self.so_far = replace(self.so_far, results=(*self.so_far.results, told))
            if time.monotonic() - self.written > WRITE_SECONDS:
                self.write()
            self.say(str(told))

    def write(self) -> None:
        results.write(self.path, self.so_far)
        self.written = time.monotonic()

    @property
    def all_well(self) -> bool:
        return all(one.end is End.DONE for one in self.so_far.results)


@dataclass(frozen=True, slots=True)
class _Apply:
    """One apply, from its last look to the exact inventory."""

    cluster: Cluster
    work: Work
    errand: Errand
    telling: _Telling
    stop: threading.Event

    def run(self) -> int:
        known, label = self._known(), inventory.label_of(self.work.project, self.errand.inventory_namespace)
        made = frozenset(one.ref.name for one in self.work.outcomes if stage(one.ref) is Stage.NAMESPACES)
        look = Look(self.cluster, Mask(self.work.key), label, self.errand.confirm, made)
        if why := objections(look, self.work.outcomes):
            refused = self.telling.scrubbed("; ".join(why))
            self.telling.so_far = Results(refused=refused)
            self.telling.say(refused)
            return REFUSED
        wider = self._widened(known, label)
        well = self._phase(Phase.PRE_UPGRADE if known else Phase.PRE_INSTALL) and self._objects()
        well = well and self._healthy() and self._phase(Phase.POST_UPGRADE if known else Phase.POST_INSTALL)
        if well and not self.stop.is_set():
            gone = [one for one in self.work.outcomes if one.verb is Verb.DELETE]
            prune(self.cluster, wider, gone, self.telling.tell)
        well = well and self.telling.all_well and not self.stop.is_set()
        self._narrowed(wider, well)
        return DONE if well else INTERRUPTED if self.stop.is_set() else FAILED

    def _known(self) -> Inventory | None:
        kinds = {(version, Ref.of_id(id).kind) for id, version in self.work.members.items()}
        kinds |= {(one.api_version, one.ref.kind) for one in self.work.outcomes}
        project, namespace = self.work.project, self.errand.inventory_namespace
        known = inventory.read(self.cluster, project, namespace)
        return known or inventory.rebuilt(self.cluster, project, namespace, kinds)

    def _widened(self, known: Inventory | None, label: str) -> Inventory:
        """All that was and all that will be, at no commit: written before anything changes."""
        new = {Ref.of_id(id): Member(version) for id, version in self.work.members.items()}
        members = {**new, **(known.members if known else {})}
        wider = Inventory(self.work.project, self.errand.inventory_namespace, "", members, label)
        inventory.write(self.cluster, wider)
        return wider

    def _narrowed(self, wider: Inventory, well: bool) -> None:
        """What bears the label now and belongs here, or could not be deleted; at the commit when all went well."""
        kinds = {(member.api_version, ref.kind) for ref, member in wider.members.items()}
        self.cluster.forget()
        live = inventory.labelled(self.cluster, wider.label, kinds)
        members = {ref: member for ref, member in live.items() if ref in wider.members}
        inventory.write(self.cluster, replace(wider, commit=self.work.commit if well else "", members=members))

    def _phase(self, phase: Phase) -> bool:
        its, telling = self.work, self.telling
        hooks = Hooks(self.cluster, its.hooks, its.health.timeout, self._checks, telling.scrubbed, telling.say)
        return not self.stop.is_set() and hooks.run(phase, self.telling.tell)

    def _objects(self) -> bool:
        """Apply stage after stage; within one a failure keeps nothing else from being tried."""
        before = Stage.DEFINITIONS
        applied = [one for one in self.work.outcomes if one.verb is not Verb.DELETE]
        for now, group in groups(applied):
            if now is not before and not self._stage_done(before, applied):
                self._skip(now, applied)
                return False
            before = now
            self.cluster.each(self._one, group)
        return self.telling.all_well and not self.stop.is_set()

    def _stage_done(self, ended: Stage, applied: Sequence[Outcome]) -> bool:
        """All of the stage went well, and what it defined is served."""
        if not self.telling.all_well or self.stop.is_set():
            return False
        if ended is Stage.DEFINITIONS:
            crds = [(one.api_version, one.ref) for found, group in groups(applied) if found is ended for one in group]
            pace = Pace(ESTABLISHED_SECONDS, 0.0, time.monotonic, time.sleep)
            how = follow(self.cluster, crds, pace, checks={}, scrub=self.telling.scrubbed, report=self.telling.say)
            self.cluster.forget()
            return all(health.state is State.READY for _, health in how)
        return True

    def _skip(self, first: Stage, applied: Sequence[Outcome]) -> None:
        for later, group in groups(applied):
            for one in group if later >= first else ():
                self.telling.tell(Result(str(one.ref), one.verb, End.SKIPPED, "what comes before it did not go well"))

    def _one(self, one: Outcome) -> None:
        if self.stop.is_set():
            self.telling.tell(Result(str(one.ref), one.verb, End.SKIPPED, "interrupted before it began"))
            return
        try:
            message = self._sent(one)
        except (Refused, ToolFailed, Transient) as why:
            message = str(why)
        self.telling.tell(Result(str(one.ref), one.verb, End.FAILED if message else End.DONE, message))

    def _sent(self, one: Outcome) -> str:
        """Why it was not taken; empty when it was."""
        assert one.send is not None
        if one.verb is Verb.REPLACE:
            return self._replaced(one)
        if one.takes and (message := self._taken_over(one)):
            return message
        answer = self.cluster.apply(one.send, dry_run=False, force=one.force)
        return "" if answer.ok else answer.message

    def _taken_over(self, one: Outcome) -> str:
        """Make fields of others ours, so that those which left Git go."""
        answer = self.cluster.get(one.api_version, one.ref)
        patch = migrated(answer.body, one.takes, self.errand.manager) if answer.ok else None
        if not patch:
            return ""
        done = self.cluster.patch(one.api_version, one.ref, patch, dry_run=False)
        return "" if done.ok else f"fields of {', '.join(one.takes)} cannot be taken over: {done.message}"

    def _replaced(self, one: Outcome) -> str:
        gone = self.cluster.delete(one.api_version, one.ref, uid=one.uid, dry_run=False, propagation="Foreground")
        if not gone.ok and gone.status != 404:
            return gone.message
        end, message = wait_gone(self.cluster, one)
        if end is not End.DONE:
            return message
        answer = self.cluster.apply(one.send or {}, dry_run=False)
        return "" if answer.ok else f"it is deleted, and could not be made again: {answer.message}"

    def _healthy(self) -> bool:
        changed = (Verb.CREATE, Verb.CHANGE, Verb.REPLACE)
        targets = [(one.api_version, one.ref) for one in self.work.outcomes if one.verb in changed]
        if not targets:
            return True
        options, began = self.work.health, time.monotonic()
        pace = Pace(options.timeout, options.stable, time.monotonic, self._wait)
        try:
            found = follow(
                self.cluster, targets, pace, checks=self._checks, scrub=self.telling.scrubbed, report=self.telling.say
            )
        except _Interrupted:
            return False
        for ref, how in found:
            if how.state is State.FAILED:
                self.telling.tell(Result(str(ref), "health", End.UNHEALTHY, "\n".join((how.reason, *how.detail))))
        if self.telling.all_well:
            self.telling.so_far = replace(self.telling.so_far, healthy=time.monotonic() - began)
        return self.telling.all_well

    def _wait(self, seconds: float) -> None:
        if self.stop.wait(seconds):
            raise _Interrupted

    @property
    def _checks(self) -> Checks:
        """By `group/Kind`, as gitops.yaml writes them: `Kind.group`."""
        parts = [(one.kind.partition("."), one) for one in self.work.health.checks]
        return {
            f"{group}/{kind}": {"ready": one.ready} | ({"failed": one.failed} if one.failed else {})
            for (kind, _, group), one in parts
        }


class _Interrupted(Exception):
    pass


def _bodies(work: Work) -> list[dict[str, object]]:
    """Everything that may hold what nobody is to see."""
    return [dict(one.send) for one in work.outcomes if one.send] + [dict(hook.object.body) for hook in work.hooks]


if __name__ == "__main__":
    sys.exit(main(sys.argv))
