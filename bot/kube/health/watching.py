"""Follows objects after an apply until they stay ready, one fails, or time is up; the apply's child calls it.

One LIST a kind and namespace per look; pods, ReplicaSets and revisions only where a workload is not ready. The rules
are in `health` and `pods`. It changes nothing in the cluster, and every word of the cluster's goes through `scrub`.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from bot.core.errors import Refused, ToolFailed, Transient
from bot.kube.health import pods
from bot.kube.health.pods import Trouble
from bot.kube.health.rules import Body, Checks, Health, State, health, observed
from bot.kube.objects.model import Ref

logger = logging.getLogger(__name__)

_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE = 0.5, 1.3, 3.0
_LOG_LINES, _EVENTS, _NAMED_PODS = 20, 5, 3

T = TypeVar("T")
R = TypeVar("R")
Target = tuple[str, Ref]
Place = tuple[str, str, str]  # API version, kind, namespace
Result = tuple[Ref, Health]


class Reads(Protocol):
    """What is needed of `client.Cluster`."""

    def log(self, namespace: str, pod: str, container: str, lines: int, previous: bool = False) -> str: ...
    def events(self, namespace: str, uid: str) -> tuple[Body, ...]: ...
    def each(self, work: Callable[[T], R], things: Sequence[T]) -> list[R]: ...
    def list(self, api_version: str, kind: str, namespace: str | None, selector: str = "") -> tuple[Body, ...]: ...


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds to wait at most, and to stay ready; a clock that counts them and a way to let them pass."""

    timeout: float
    stable: float
    clock: Callable[[], float]
    wait: Callable[[float], object]


def follow(
    cluster: Reads,
    objects: Sequence[Target],
    pace: Pace,
    *,
    checks: Checks,
    scrub: Callable[[str], str],
    report: Callable[[str], object],
) -> tuple[Result, ...]:
    """Look until all were READY for the stable seconds without a break; the last health of each, in the order given.

    Ends at once when one has FAILED (the others may then still be WAITING). When time is up, what is WAITING has FAILED
    and a WARNING stays one; what became ready just before is still given its stable seconds. `report` is told one line
    a change of state. A cluster that does not answer is asked again until time is up, then Transient.
    """
    watch = _Watch(cluster, tuple(objects), pace, checks, scrub, report)
    start, pause = pace.clock(), _FIRST_PAUSE
    while True:
        out = pace.clock() - start >= pace.timeout
        if watch.look(last=out) and (done := watch.verdict(out=out)) is not None:
            return done
        pace.wait(pause)
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)


@dataclass
class _Watch:
    """What was seen so far. `since` is when all became ready; `calm`, when none was waiting any more."""

    cluster: Reads
    targets: tuple[Target, ...]
    pace: Pace
    checks: Checks
    scrub: Callable[[str], str]
    report: Callable[[str], object]
    bodies: dict[Ref, Body] = field(default_factory=dict)
    found: dict[Ref, Health] = field(default_factory=dict)
    troubles: dict[tuple[Ref, str], float] = field(default_factory=dict)
    children: "dict[Ref, _Children]" = field(default_factory=dict)
    since: float | None = None
    calm: float | None = None

    def look(self, *, last: bool) -> bool:
        """Judge every object once; False when the cluster did not answer and there is time to ask again."""
        try:
            self._judge()
        except Transient as unanswered:
            self.since = self.calm = None
            if last:
                raise
            logger.warning("cluster not read while watching: %s", unanswered)
            return False
        return True

    def verdict(self, *, out: bool) -> tuple[Result, ...] | None:
        """The end of it, if this is the end: every object as the last look left it. `out`: time is up."""
        states = {one.state for one in self.found.values()}
        self.since = self._began(self.since, still=states <= {State.READY})
        self.calm = self._began(self.calm, still=State.WAITING not in states)
        if State.FAILED in states or self._lasts(self.since):
            return self._results()
        if not out or (self.calm is not None and not self._lasts(self.calm)):
            return None
        for ref, one in tuple(self.found.items()):
            if one.state is State.WAITING:
                self._settle(ref, self._overdue(ref, one))
        return self._results()

    def _began(self, before: float | None, *, still: bool) -> float | None:
        now = self.pace.clock() if before is None else before
        return now if still else None

    def _lasts(self, since: float | None) -> bool:
        return since is not None and self.pace.clock() - since >= self.pace.stable

    def _results(self) -> tuple[Result, ...]:
        return tuple((ref, self.found[ref]) for _, ref in self.targets)

    def _judge(self) -> None:
        before = self.bodies
        self.bodies = self._read()
        judged = {ref: self._own(ref, before.get(ref)) for _, ref in self.targets}
        self.children = self._children([ref for ref, one in judged.items() if one.state is State.WAITING])
        seen: set[tuple[Ref, str]] = set()
        for ref, one in judged.items():
            children = self.children.get(ref)
            if children and (why := self._why(ref, children, seen)):
                one = Health(State.FAILED, why.said, self._evidence(ref, why, children))
            elif one.state is State.FAILED:
                one = replace(one, detail=self._evidence_of_failed(ref))
            self._settle(ref, one)
        self.troubles = {key: at for key, at in self.troubles.items() if key in seen}

    def _own(self, ref: Ref, before: Body | None) -> Health:
        """By its own body. One that is gone has failed, but for a Job that the cluster clears away when done."""
        if body := self.bodies.get(ref):
            return health(ref, body, self.checks)
        if before is None:
            return Health(State.WAITING, "does not exist")
        self.bodies[ref] = before
        if ref.kind == "Job" and (before.get("spec") or {}).get("ttlSecondsAfterFinished") is not None:
            return Health(State.READY, "ended and was cleared away")
        return Health(State.FAILED, "was deleted meanwhile")

    def _settle(self, ref: Ref, one: Health) -> None:
        one = Health(one.state, self.scrub(one.reason), tuple(map(self.scrub, one.detail)))
        before, self.found[ref] = self.found.get(ref), one
        if before is None or before.state is not one.state:
            self.report(f"{ref}: {one.state}: {one.reason}")

    def _read(self) -> dict[Ref, Body]:
        places: dict[Place, set[Ref]] = {}
        for version, ref in self.targets:
            places.setdefault((version, ref.kind, ref.namespace), set()).add(ref)
        named = {(place, ref.name): ref for place, refs in places.items() for ref in refs}
        lists = self._lists(tuple(places))
        read = (((place, str(body["metadata"]["name"])), body) for place, bodies in lists.items() for body in bodies)
        return {named[key]: body for key, body in read if key in named}

    def _lists(self, places: Sequence[Place]) -> dict[Place, tuple[Body, ...]]:
        answers = self.cluster.each(lambda place: self.cluster.list(place[0], place[1], place[2] or None), places)
        return dict(zip(places, answers, strict=True))

    def _children(self, waiting: Sequence[Ref]) -> dict[Ref, "_Children"]:
        """Of the workloads among them: their past and the pods of their new revision."""
        asked = [
            ref for ref in waiting if pods.has_pods(ref) and ref in self.bodies and observed(ref, self.bodies[ref])
        ]
        places = {("v1", "Pod", ref.namespace) for ref in asked}
        places |= {past for ref in asked if (past := _past(ref))}
        lists = self._lists(sorted(places))
        return {ref: self._of(ref, lists) for ref in asked}

    def _of(self, ref: Ref, lists: Mapping[Place, tuple[Body, ...]]) -> "_Children":
        past = _past(ref)
        history = lists[past] if past else ()
        new = pods.of_new_revision(ref, self.bodies[ref], history, lists["v1", "Pod", ref.namespace])
        return _Children(history, new)

    def _why(self, ref: Ref, children: "_Children", seen: set[tuple[Ref, str]]) -> Trouble | None:
        """The trouble that has lasted for its patience."""
        for one in self._all_troubles(ref, children):
            seen.add((ref, one.key))
            first = self.troubles.get((ref, one.key))
            self.troubles.setdefault((ref, one.key), self.pace.clock())
            if one.patience is None or (first is not None and self.pace.clock() - first >= one.patience):
                return one
        return None

    def _all_troubles(self, ref: Ref, children: "_Children") -> Sequence[Trouble]:
        body = self.bodies[ref]
        found = [pods.trouble(pod, of_job=ref.kind == "Job") for pod in children.pods]
        if ref.kind in ("Deployment", "ReplicaSet"):
            found.append(pods.refused_replicas(body, children.history))
        elif ref.kind != "Pod" and not any(map(pods.pending, children.pods)):
            found.append(pods.refused_pods(body, children.pods, self._events(ref, body)))
        return [one for one in found if one]

    def _evidence_of_failed(self, ref: Ref) -> tuple[str, ...]:
        """Of one that said itself that it failed: what the last pod to end badly left behind."""
        children = self._children([ref]).get(ref, _Children((), ()))
        blamed = [one for pod in children.pods if (one := pods.ended_badly(pod))]
        said = (f"pod {blamed[-1].pod}: {blamed[-1].reason}",) if blamed else ()
        return said + self._evidence(ref, blamed[-1] if blamed else None, children)

    def _evidence(self, ref: Ref, why: Trouble | None, children: "_Children") -> tuple[str, ...]:
        """The last lines of the log of the container to blame, and the newest warnings about its pod and the object."""
        pod = next((one for one in children.pods if why and one["metadata"]["name"] == why.pod), None)
        asked = [body for body in (self.bodies.get(ref), pod) if body]
        events = {str(event["metadata"]["uid"]): event for body in asked for event in self._events(ref, body)}
        warnings = sorted((one for one in events.values() if one.get("type") == "Warning"), key=pods.when)
        words = (f"{pods.when(one)} {one.get('reason')}: {one.get('message')}" for one in warnings[-_EVENTS:])
        return (*(self._log(ref, why) if why and why.logged else ()), *words)

    def _log(self, ref: Ref, why: Trouble) -> tuple[str, ...]:
        """Scrubbed as a whole, for a secret may have many lines."""
        try:
            text = self.scrub(self.cluster.log(ref.namespace, why.pod, why.container, _LOG_LINES, why.restarted))
        except (Refused, ToolFailed, Transient) as unread:
            return (f"the log of container {why.container} could not be read: {unread}",)
        return (f"log of container {why.container}:", *text.splitlines()[-_LOG_LINES:]) if text.strip() else ()

    def _events(self, ref: Ref, body: Body) -> tuple[Body, ...]:
        """None where they cannot be had: a failure is told without them."""
        try:
            return self.cluster.events(ref.namespace or "default", str(body["metadata"]["uid"]))
        except (Refused, ToolFailed, Transient) as unread:
            logger.warning("events of %s could not be read: %s", ref, unread)
            return ()

    def _overdue(self, ref: Ref, one: Health) -> Health:
        """Time is up for one that waits: what for. A claim that waits for a pod to use it is in order."""
        children = self.children.get(ref, _Children((), ()))
        body = self.bodies.get(ref)
        if ref.kind == "PersistentVolumeClaim" and body and any(map(_awaits_pod, self._events(ref, body))):
            return Health(State.WARNING, "has no volume: no pod uses it yet")
        waits = [(pod, words) for pod in children.pods if (words := pods.pending(pod))]
        reason = "; ".join(
            [f"{one.reason} after {self.pace.timeout:g} s", *(words for _, words in waits[:_NAMED_PODS])]
        )
        blamed = pods.suspect(waits[0][0]) if waits else None
        return Health(State.FAILED, reason, self._evidence(ref, blamed, children))


@dataclass(frozen=True, slots=True)
class _Children:
    """`history` are all ReplicaSets or ControllerRevisions of the namespace; `pods` those of the new revision."""

    history: tuple[Body, ...]
    pods: tuple[Body, ...]


def _past(ref: Ref) -> Place | None:
    kind = pods.HISTORY.get((ref.group, ref.kind))
    return ("apps/v1", kind, ref.namespace) if kind else None


def _awaits_pod(event: Body) -> bool:
    return event.get("reason") == "WaitForFirstConsumer"
