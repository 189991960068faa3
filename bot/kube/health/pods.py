"""What the pods of a workload's new revision say about it: pure rules, told from the bodies of pods and their owners.

Asked by `rollout` about workloads that are not ready. Never judges a pod of an older revision, a pod being deleted,
or how often a Job's pods end: how many tries those have is the Job's to say (`backoffLimit`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.kube.health.object_health import find_condition
from bot.kube.objects.body import Body
from bot.kube.objects.kube_object import ObjectRef

# The kinds whose bodies tell which pods of a workload are new.
HISTORY_KINDS = {("apps", "Deployment"): "ReplicaSet", ("apps", "DaemonSet"): "ControllerRevision"}

_WORKLOADS = {
    ("", "Pod"),
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    ("apps", "ReplicaSet"),
    ("batch", "Job"),
}
_IMAGE_REASONS = {"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
_CREATE_REASONS = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
_MAX_RESTARTS = 3
_UNSCHEDULABLE_SECONDS = 30.0
_NOT_CREATED_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class RolloutProblem:
    """Why a workload will not come up.

    It counts when seen twice under the same `key`, at least `patience` seconds apart; with a patience of None, at once.
    `container` is empty where none is to blame; `restarted` says that the log to read is its last run's.
    """

    key: str
    reason: str
    patience: float | None
    pod: str = ""
    container: str = ""
    restarted: bool = False

    @property
    def message(self) -> str:
        """The reason with the pod that has the problem."""
        return f"pod {self.pod}: {self.reason}" if self.pod else self.reason

    @property
    def has_log(self) -> bool:
        """Whether its container may have written a log."""
        return bool(self.container) and self.key != "image" and (self.key != "container" or self.restarted)


def has_pods(ref: ObjectRef) -> bool:
    """Tell whether the kind makes pods, or is one."""
    return (ref.group, ref.kind) in _WORKLOADS


def new_revision_pods(ref: ObjectRef, body: Body, history: Sequence[Body], pods: Sequence[Body]) -> tuple[Body, ...]:
    """Return the pods of what was applied last. `history`: ReplicaSets or ControllerRevisions of the namespace."""
    if ref.kind == "Pod":
        return (body,)
    revisions = [revision for revision in history if _owner(revision) == _metadata(body).get("uid")]
    owner, hash = _metadata(body).get("uid"), ""
    if ref.kind == "Deployment":
        owner = _metadata(newest).get("uid") if (newest := _newest_replica_set(revisions)) else "none yet"
    elif ref.kind == "StatefulSet":
        hash = str((body.get("status") or {}).get("updateRevision") or "none yet")
    elif ref.kind == "DaemonSet":
        latest = max(revisions, key=lambda revision: int(revision.get("revision") or 0), default={})
        hash = str((_metadata(latest).get("labels") or {}).get("controller-revision-hash") or "none yet")
    return tuple(pod for pod in pods if _owner(pod) == owner and _has_hash(pod, hash) and not _is_deleting(pod))


def replica_refusal(body: Body, history: Sequence[Body]) -> RolloutProblem | None:
    """Tell what keeps a Deployment's new ReplicaSet from making pods: a quota or a webhook.

    A ReplicaSet says so of itself.
    """
    uid = _metadata(body).get("uid")
    newest_set = _newest_replica_set([replica_set for replica_set in history if _owner(replica_set) == uid])
    failure = find_condition(newest_set or body, "ReplicaFailure")
    if failure.get("status") != "True" or failure.get("reason") == "FailedDelete":
        return None
    return _creation_problem(failure.get("message", ""))


def pod_refusal(body: Body, pods: Sequence[Body], events: Sequence[Body]) -> RolloutProblem | None:
    """Tell the same of kinds without such a condition: by a FailedCreate event after the change and every new pod."""
    newest_pod = max((str(_metadata(pod).get("creationTimestamp") or "") for pod in pods), default="")
    changed_since = last_changed(body)
    for event in events:
        event_at = event_time(event)
        if event.get("reason") == "FailedCreate" and event_at >= changed_since and event_at > newest_pod:
            return _creation_problem(str(event.get("message") or ""))
    return None


def pod_problem(pod: Body, *, of_job: bool = False) -> RolloutProblem | None:
    """Find the first problem that keeps this pod from coming up and that waiting does not mend."""
    name = str(_metadata(pod).get("name"))
    scheduled = find_condition(pod, "PodScheduled")
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        reason = f"cannot be scheduled: {scheduled.get('message', '')}"
        return RolloutProblem("unschedulable", reason, _UNSCHEDULABLE_SECONDS, name)
    problems = (_container_problem(name, status, of_job) for status in _container_statuses(pod))
    return next((problem for problem in problems if problem), None)


def waiting_reason(pod: Body) -> str:
    """Say what a pod without a problem still waits for; empty when it is ready or has ended well."""
    status = pod.get("status") or {}
    if status.get("phase") == "Succeeded" or find_condition(pod, "Ready").get("status") == "True":
        return ""
    name = _metadata(pod).get("name")
    if status.get("phase") == "Failed":
        return f"pod {name} failed: {status.get('reason') or status.get('message') or 'a container ended badly'}"
    for container in _container_statuses(pod):
        state = container.get("state") or {}
        if container.get("ready") or "terminated" in state:
            continue
        if waiting := state.get("waiting"):
            reason = waiting.get("reason", "no reason given")
            return f"pod {name}: container {container.get('name')} is waiting: {reason}"
        if "running" in state and not _is_init(pod, container):
            started = container.get("started") is not False
            reason = "its readiness probe fails" if started else "its startup probe has not succeeded"
            return f"pod {name}: container {container.get('name')} runs but {reason}"
    return f"pod {name} is {status.get('phase') or 'Pending'}"


def failed_container(pod: Body) -> RolloutProblem | None:
    """Find the container that made this pod end badly, for its log; of any pod, also one that will be tried again."""
    for status in _container_statuses(pod):
        terminated = (status.get("state") or {}).get("terminated")
        restarted = not terminated
        terminated = terminated or (status.get("lastState") or {}).get("terminated") or {}
        if terminated.get("exitCode"):
            pod_name, container = str(_metadata(pod).get("name")), str(status.get("name"))
            reason = f"container {status.get('name')}{_describe_last_end(status)}"
            return RolloutProblem("ended", reason, None, pod_name, container, restarted)
    return None


def unready_container(pod: Body) -> RolloutProblem | None:
    """Find the first container that runs or ran and is not ready, for its log."""
    for status in _container_statuses(pod):
        if not status.get("ready") and (status.get("state") or {}).get("running"):
            return RolloutProblem("slow", "", None, str(_metadata(pod).get("name")), str(status.get("name")))
    return failed_container(pod)


def last_changed(body: Body) -> str:
    """Return when somebody last wrote what is wanted (not the status) of it, by the server's clock."""
    write_times = [
        str(entry.get("time") or "")
        for entry in _metadata(body).get("managedFields") or ()
        if not entry.get("subresource") and entry.get("manager") != "kube-controller-manager"
    ]
    return max([str(_metadata(body).get("creationTimestamp") or ""), *write_times])


def event_time(event: Body) -> str:
    """Return when an event last happened, cut to seconds so that all of them compare."""
    series = event.get("series") or {}
    happened_at = series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    text = str(happened_at or _metadata(event).get("creationTimestamp") or "")
    return text[:19] + "Z" if text else ""


def _newest_replica_set(replica_sets: Sequence[Body]) -> Body | None:
    def revision(replica_set: Body) -> int:
        annotations = _metadata(replica_set).get("annotations") or {}
        return int(annotations.get("deployment.kubernetes.io/revision") or 0)

    return max(replica_sets, key=revision, default=None)


def _creation_problem(message: str) -> RolloutProblem:
    return RolloutProblem("not created", f"FailedCreate: its pods cannot be created: {message}", _NOT_CREATED_SECONDS)


def _container_problem(pod: str, status: Mapping[str, Any], of_job: bool) -> RolloutProblem | None:
    container, restarts = str(status.get("name")), int(status.get("restartCount") or 0)
    waiting = (status.get("state") or {}).get("waiting") or {}
    reason, message = str(waiting.get("reason") or ""), waiting.get("message")
    explanation = f"container {container}: {waiting.get('reason')}" + (f": {message}" if message else "")
    if reason in _IMAGE_REASONS:
        return RolloutProblem("image", explanation, 0, pod, container)
    if reason in _CREATE_REASONS:
        return RolloutProblem("container", explanation, 0, pod, container, restarts > 0)
    if of_job or status.get("ready"):
        return None
    if reason == "CrashLoopBackOff" or restarts >= _MAX_RESTARTS:
        end = _describe_last_end(status)
        explanation = f"container {container}: {reason or 'crash loop'}: restarted {restarts} times{end}"
        restarted = "terminated" not in (status.get("state") or {})
        return RolloutProblem("crash", explanation, None, pod, container, restarted)
    return None


def _describe_last_end(status: Mapping[str, Any]) -> str:
    terminated = (
        (status.get("lastState") or {}).get("terminated") or (status.get("state") or {}).get("terminated") or {}
    )
    if not terminated:
        return ""
    message = str(terminated.get("message") or "").strip()
    return (
        f", ended with exit code {terminated.get('exitCode')} ({terminated.get('reason')}){message and ': '}{message}"
    )


def _container_statuses(pod: Body) -> Iterator[Mapping[str, Any]]:
    """Of every container, those that start first first."""
    status = pod.get("status") or {}
    yield from status.get("initContainerStatuses") or ()
    yield from status.get("containerStatuses") or ()


def _is_init(pod: Body, status: Mapping[str, Any]) -> bool:
    return status in ((pod.get("status") or {}).get("initContainerStatuses") or ())


def _has_hash(pod: Body, hash: str) -> bool:
    labels = _metadata(pod).get("labels") or {}
    return not hash or labels.get("controller-revision-hash") == hash


def _owner(body: Body) -> str:
    owners = _metadata(body).get("ownerReferences") or ()
    return next((str(owner.get("uid")) for owner in owners if owner.get("controller")), "")


def _is_deleting(pod: Body) -> bool:
    return bool(_metadata(pod).get("deletionTimestamp"))


def _metadata(body: Body) -> Mapping[str, Any]:
    return body.get("metadata") or {}
