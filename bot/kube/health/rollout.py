"""Follows objects after an apply until they stay ready, one fails, or time is up; the apply's child calls it.

One LIST a kind and namespace per poll; pods, ReplicaSets and revisions only where a workload is not ready. The rules
are in `object_health` and `pods`. It changes nothing in the cluster, and every word of the cluster's goes through
`scrub`.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from bot.core.errors import Refused, ToolFailed, Transient
from bot.kube.health import pods
from bot.kube.health.object_health import HealthChecks, HealthState, ObjectHealth, is_observed, judge_health
from bot.kube.health.pods import RolloutProblem
from bot.kube.objects.body import Body
from bot.kube.objects.kube_object import ObjectRef

logger = logging.getLogger(__name__)

_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE = 0.5, 1.3, 3.0
_LOG_LINES, _EVENTS, _NAMED_PODS = 20, 5, 3

T = TypeVar("T")
R = TypeVar("R")
RolloutTarget = tuple[str, ObjectRef]
ListKey = tuple[str, str, str]  # API version, kind, namespace
RolloutResult = tuple[ObjectRef, ObjectHealth]


class ClusterReader(Protocol):
    """What is needed of `client.Cluster`."""

    def log(self, namespace: str, pod: str, container: str, lines: int, previous: bool = False) -> str: ...
    def events(self, namespace: str, uid: str) -> tuple[Body, ...]: ...
    def map_concurrently(self, work: Callable[[T], R], inputs: Sequence[T]) -> list[R]: ...
    def list(self, api_version: str, kind: str, namespace: str | None, selector: str = "") -> tuple[Body, ...]: ...


@dataclass(frozen=True, slots=True)
class RolloutTiming:
    """Seconds to wait at most, and to stay ready; a clock that counts them and a way to let them pass."""

    timeout: float
    stable: float
    clock: Callable[[], float]
    wait: Callable[[float], object]


def wait_for_rollout(
    cluster: ClusterReader,
    targets: Sequence[RolloutTarget],
    timing: RolloutTiming,
    *,
    checks: HealthChecks,
    scrub: Callable[[str], str],
    report: Callable[[str], object],
) -> tuple[RolloutResult, ...]:
    """Poll until all were READY for the stable seconds without a break; the last health of each, in their order.

    Ends at once when one has FAILED (the others may then still be WAITING). When time is up, what is WAITING has FAILED
    and a WARNING stays one; what became ready just before is still given its stable seconds. `report` gets one line a
    change of state. A cluster that does not answer is asked again until time is up; then this raises Transient.
    """
    watch = _RolloutWatch(cluster, tuple(targets), timing, checks, scrub, report)
    start, pause = timing.clock(), _FIRST_PAUSE
    while True:
        timed_out = timing.clock() - start >= timing.timeout
        if watch.poll(last=timed_out) and (healths := watch.verdict(timed_out=timed_out)) is not None:
            return healths
        timing.wait(pause)
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)


@dataclass
class _RolloutWatch:
    """What was seen so far. `ready_since`: when all became ready; `settled_since`: when none was waiting any more.

    `problems_seen` maps an object and a problem's key to when that was first seen.
    """

    cluster: ClusterReader
    targets: tuple[RolloutTarget, ...]
    timing: RolloutTiming
    checks: HealthChecks
    scrub: Callable[[str], str]
    report: Callable[[str], object]
    bodies: dict[ObjectRef, Body] = field(default_factory=dict)
    healths: dict[ObjectRef, ObjectHealth] = field(default_factory=dict)
    problems_seen: dict[tuple[ObjectRef, str], float] = field(default_factory=dict)
    children: "dict[ObjectRef, _Children]" = field(default_factory=dict)
    ready_since: float | None = None
    settled_since: float | None = None

    def poll(self, *, last: bool) -> bool:
        """Judge every object once; False when the cluster did not answer and there is time to ask again.

        Raises Transient when the cluster did not answer the `last` time, Refused and ToolFailed when it refuses.
        """
        try:
            self._judge()
        except Transient as error:
            self.ready_since = self.settled_since = None
            if last:
                raise
            logger.warning("cluster not read while watching: %s", error)
            return False
        return True

    def verdict(self, *, timed_out: bool) -> tuple[RolloutResult, ...] | None:
        """Return every object as the last poll left it, if the rollout has ended."""
        states = {health.state for health in self.healths.values()}
        self.ready_since = self._since_when(self.ready_since, still=states <= {HealthState.READY})
        self.settled_since = self._since_when(self.settled_since, still=HealthState.WAITING not in states)
        if HealthState.FAILED in states or self._is_stable(self.ready_since):
            return self._results()
        if not timed_out or (self.settled_since is not None and not self._is_stable(self.settled_since)):
            return None
        for ref, health in tuple(self.healths.items()):
            if health.state is HealthState.WAITING:
                self._record(ref, self._judge_overdue(ref, health))
        return self._results()

    def _since_when(self, since: float | None, *, still: bool) -> float | None:
        now = self.timing.clock() if since is None else since
        return now if still else None

    def _is_stable(self, since: float | None) -> bool:
        return since is not None and self.timing.clock() - since >= self.timing.stable

    def _results(self) -> tuple[RolloutResult, ...]:
        return tuple((ref, self.healths[ref]) for _, ref in self.targets)

    def _judge(self) -> None:
        previous_bodies = self.bodies
        self.bodies = self._read()
        own_healths = {ref: self._judge_own(ref, previous_bodies.get(ref)) for _, ref in self.targets}
        waiting = [ref for ref, health in own_healths.items() if health.state is HealthState.WAITING]
        self.children = self._children(waiting)
        problem_keys: set[tuple[ObjectRef, str]] = set()
        for ref, health in own_healths.items():
            children = self.children.get(ref)
            if children and (problem := self._lasting_problem(ref, children, problem_keys)):
                health = ObjectHealth(HealthState.FAILED, problem.message, self._evidence(ref, problem, children))
            elif health.state is HealthState.FAILED:
                health = replace(health, detail=self._evidence_of_failure(ref))
            self._record(ref, health)
        self.problems_seen = {key: first_seen for key, first_seen in self.problems_seen.items() if key in problem_keys}

    def _judge_own(self, ref: ObjectRef, previous: Body | None) -> ObjectHealth:
        """By its own body. One that is gone has failed, but for a Job that the cluster clears away when done."""
        if body := self.bodies.get(ref):
            return judge_health(ref, body, self.checks)
        if previous is None:
            return ObjectHealth(HealthState.WAITING, "does not exist")
        self.bodies[ref] = previous
        if ref.kind == "Job" and (previous.get("spec") or {}).get("ttlSecondsAfterFinished") is not None:
            return ObjectHealth(HealthState.READY, "ended and was cleared away")
        return ObjectHealth(HealthState.FAILED, "was deleted meanwhile")

    def _record(self, ref: ObjectRef, health: ObjectHealth) -> None:
        health = ObjectHealth(health.state, self.scrub(health.reason), tuple(map(self.scrub, health.detail)))
        previous, self.healths[ref] = self.healths.get(ref), health
        if previous is None or previous.state is not health.state:
            self.report(f"{ref}: {health.state}: {health.reason}")

    def _read(self) -> dict[ObjectRef, Body]:
        refs = {((version, ref.kind, ref.namespace), ref.name): ref for version, ref in self.targets}
        lists = self._lists(tuple(dict.fromkeys(list_key for list_key, _ in refs)))
        bodies_by_ref: dict[ObjectRef, Body] = {}
        for list_key, bodies in lists.items():
            for body in bodies:
                if ref := refs.get((list_key, str(body["metadata"]["name"]))):
                    bodies_by_ref[ref] = body
        return bodies_by_ref

    def _lists(self, list_keys: Sequence[ListKey]) -> dict[ListKey, tuple[Body, ...]]:
        lists = self.cluster.map_concurrently(lambda key: self.cluster.list(key[0], key[1], key[2] or None), list_keys)
        return dict(zip(list_keys, lists, strict=True))

    def _children(self, waiting: Sequence[ObjectRef]) -> dict[ObjectRef, "_Children"]:
        """Of the workloads among them: their past and the pods of their new revision."""
        workloads = [
            ref for ref in waiting if pods.has_pods(ref) and ref in self.bodies and is_observed(ref, self.bodies[ref])
        ]
        list_keys = {("v1", "Pod", ref.namespace) for ref in workloads}
        list_keys |= {history_key for ref in workloads if (history_key := _history_list(ref))}
        lists = self._lists(sorted(list_keys))
        return {ref: self._children_of(ref, lists) for ref in workloads}

    def _children_of(self, ref: ObjectRef, lists: Mapping[ListKey, tuple[Body, ...]]) -> "_Children":
        history_key = _history_list(ref)
        history = lists[history_key] if history_key else ()
        new_pods = pods.new_revision_pods(ref, self.bodies[ref], history, lists["v1", "Pod", ref.namespace])
        return _Children(history, new_pods)

    def _lasting_problem(
        self, ref: ObjectRef, children: "_Children", problem_keys: set[tuple[ObjectRef, str]]
    ) -> RolloutProblem | None:
        """The problem that has lasted for its patience; adds the keys of all that there are."""
        for problem in self._problems_of(ref, children):
            problem_keys.add((ref, problem.key))
            first_seen = self.problems_seen.get((ref, problem.key))
            self.problems_seen.setdefault((ref, problem.key), self.timing.clock())
            if problem.patience is None:
                return problem
            if first_seen is not None and self.timing.clock() - first_seen >= problem.patience:
                return problem
        return None

    def _problems_of(self, ref: ObjectRef, children: "_Children") -> Sequence[RolloutProblem]:
        body = self.bodies[ref]
        problems = [pods.pod_problem(pod, of_job=ref.kind == "Job") for pod in children.pods]
        if ref.kind in ("Deployment", "ReplicaSet"):
            problems.append(pods.replica_refusal(body, children.history))
        elif ref.kind != "Pod" and not any(map(pods.waiting_reason, children.pods)):
            problems.append(pods.pod_refusal(body, children.pods, self._events(ref, body)))
        return [problem for problem in problems if problem]

    def _evidence_of_failure(self, ref: ObjectRef) -> tuple[str, ...]:
        """Of one that said itself that it failed: what the last pod to end badly left behind."""
        children = self._children([ref]).get(ref, _Children((), ()))
        failures = [failure for pod in children.pods if (failure := pods.failed_container(pod))]
        if not failures:
            return self._evidence(ref, None, children)
        return (f"pod {failures[-1].pod}: {failures[-1].reason}", *self._evidence(ref, failures[-1], children))

    def _evidence(self, ref: ObjectRef, problem: RolloutProblem | None, children: "_Children") -> tuple[str, ...]:
        """The last lines of the log of the container to blame, and the newest warnings about its pod and the object."""
        pods_by_name = {str(pod["metadata"]["name"]): pod for pod in children.pods}
        pod = pods_by_name.get(problem.pod) if problem else None
        subjects = [body for body in (self.bodies.get(ref), pod) if body]
        events = {str(event["metadata"]["uid"]): event for body in subjects for event in self._events(ref, body)}
        warnings = sorted((event for event in events.values() if event.get("type") == "Warning"), key=pods.event_time)
        warning_lines = (
            f"{pods.event_time(warning)} {warning.get('reason')}: {warning.get('message')}"
            for warning in warnings[-_EVENTS:]
        )
        return (*(self._log(ref, problem) if problem and problem.has_log else ()), *warning_lines)

    def _log(self, ref: ObjectRef, problem: RolloutProblem) -> tuple[str, ...]:
        """Scrubbed as a whole, for a secret may have many lines."""
        try:
            log = self.cluster.log(ref.namespace, problem.pod, problem.container, _LOG_LINES, problem.restarted)
            text = self.scrub(log)
        except (Refused, ToolFailed, Transient) as error:
            return (f"the log of container {problem.container} could not be read: {error}",)
        return (f"log of container {problem.container}:", *text.splitlines()[-_LOG_LINES:]) if text.strip() else ()

    def _events(self, ref: ObjectRef, body: Body) -> tuple[Body, ...]:
        """None where they cannot be had: a failure is told without them."""
        try:
            return self.cluster.events(ref.namespace or "default", str(body["metadata"]["uid"]))
        except (Refused, ToolFailed, Transient) as error:
            logger.warning("events of %s could not be read: %s", ref, error)
            return ()

    def _judge_overdue(self, ref: ObjectRef, health: ObjectHealth) -> ObjectHealth:
        """Say what an object waits for when time is up. A claim that waits for a pod to use it is in order."""
        children = self.children.get(ref, _Children((), ()))
        body = self.bodies.get(ref)
        if ref.kind == "PersistentVolumeClaim" and body and any(map(_awaits_pod, self._events(ref, body))):
            return ObjectHealth(HealthState.WARNING, "has no volume: no pod uses it yet")
        waiting_pods = [pod for pod in children.pods if pods.waiting_reason(pod)]
        reasons = [pods.waiting_reason(pod) for pod in waiting_pods[:_NAMED_PODS]]
        reason = "; ".join([f"{health.reason} after {self.timing.timeout:g} s", *reasons])
        suspect = pods.unready_container(waiting_pods[0]) if waiting_pods else None
        return ObjectHealth(HealthState.FAILED, reason, self._evidence(ref, suspect, children))


@dataclass(frozen=True, slots=True)
class _Children:
    """`history` are all ReplicaSets or ControllerRevisions of the namespace; `pods` those of the new revision."""

    history: tuple[Body, ...]
    pods: tuple[Body, ...]


def _history_list(ref: ObjectRef) -> ListKey | None:
    kind = pods.HISTORY_KINDS.get((ref.group, ref.kind))
    return ("apps/v1", kind, ref.namespace) if kind else None


def _awaits_pod(event: Body) -> bool:
    return event.get("reason") == "WaitForFirstConsumer"
