"""What the pods of a workload's new revision say about it: pure rules, told from the bodies of pods and their owners.

Asked by `watching` about workloads that are not ready. Never judges a pod of an older revision, a pod being deleted,
or how often a Job's pods end: how many tries those have is the Job's to say (`backoffLimit`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.kube.health.rules import Body, condition
from bot.kube.objects.model import Ref

# The kinds whose bodies tell which pods of a workload are new.
HISTORY = {("apps", "Deployment"): "ReplicaSet", ("apps", "DaemonSet"): "ControllerRevision"}

_OWN_PODS = {
    ("", "Pod"),
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    ("apps", "ReplicaSet"),
    ("batch", "Job"),
}
_PULL = {"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
_CREATE = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
_RESTARTS = 3
_UNSCHEDULABLE = 30.0
_NOT_CREATED = 5.0


@dataclass(frozen=True, slots=True)
class Trouble:
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
    def said(self) -> str:
        return f"pod {self.pod}: {self.reason}" if self.pod else self.reason

    @property
    def logged(self) -> bool:
        """Whether its container may have written a log."""
        return bool(self.container) and self.key != "image" and (self.key != "container" or self.restarted)


def has_pods(ref: Ref) -> bool:
    return (ref.group, ref.kind) in _OWN_PODS


def of_new_revision(ref: Ref, body: Body, history: Sequence[Body], pods: Sequence[Body]) -> tuple[Body, ...]:
    """The pods of what was applied last. `history`: ReplicaSets or ControllerRevisions of the namespace."""
    if ref.kind == "Pod":
        return (body,)
    revisions = [one for one in history if _owner(one) == _metadata(body).get("uid")]
    owner, hash = _metadata(body).get("uid"), ""
    if ref.kind == "Deployment":
        owner = _metadata(newest).get("uid") if (newest := _newest_set(revisions)) else "none yet"
    elif ref.kind == "StatefulSet":
        hash = str((body.get("status") or {}).get("updateRevision") or "none yet")
    elif ref.kind == "DaemonSet":
        latest = max(revisions, key=lambda one: int(one.get("revision") or 0), default={})
        hash = str((_metadata(latest).get("labels") or {}).get("controller-revision-hash") or "none yet")
    return tuple(pod for pod in pods if _owner(pod) == owner and _has_hash(pod, hash) and not _leaving(pod))


def refused_replicas(body: Body, history: Sequence[Body]) -> Trouble | None:
    """Quota or a webhook keep a Deployment's new ReplicaSet from making pods (a ReplicaSet says so of itself)."""
    owned = _newest_set([one for one in history if _owner(one) == _metadata(body).get("uid")])
    failure = condition(owned or body, "ReplicaFailure")
    if failure.get("status") != "True" or failure.get("reason") == "FailedDelete":
        return None
    return _not_created(failure.get("message", ""))


def refused_pods(body: Body, pods: Sequence[Body], events: Sequence[Body]) -> Trouble | None:
    """The same of kinds without such a condition: a FailedCreate event younger than the change and every new pod."""
    newest_pod = max((str(_metadata(pod).get("creationTimestamp") or "") for pod in pods), default="")
    changed = changed_at(body)
    for event in events:
        at = when(event)
        if event.get("reason") == "FailedCreate" and at >= changed and at > newest_pod:
            return _not_created(str(event.get("message") or ""))
    return None


def trouble(pod: Body, *, of_job: bool = False) -> Trouble | None:
    """The first thing that keeps this pod from coming up and that waiting does not mend."""
    name = str(_metadata(pod).get("name"))
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        return Trouble("unschedulable", f"cannot be scheduled: {scheduled.get('message', '')}", _UNSCHEDULABLE, name)
    return next((found for status in _statuses(pod) if (found := _of_container(name, status, of_job))), None)


def pending(pod: Body) -> str:
    """What a pod without trouble still waits for; empty when it is ready or has ended well."""
    status = pod.get("status") or {}
    if status.get("phase") == "Succeeded" or condition(pod, "Ready").get("status") == "True":
        return ""
    name = _metadata(pod).get("name")
    if status.get("phase") == "Failed":
        return f"pod {name} failed: {status.get('reason') or status.get('message') or 'a container ended badly'}"
    unready = [one for one in _statuses(pod) if not one.get("ready") and "terminated" not in (one.get("state") or {})]
    for one in unready:
        state = one.get("state") or {}
        if waiting := state.get("waiting"):
            return f"pod {name}: container {one.get('name')} is waiting: {waiting.get('reason', 'no reason given')}"
        if "running" in state and not _is_init(pod, one):
            lack = "its startup probe has not succeeded" if one.get("started") is False else "its readiness probe fails"
            return f"pod {name}: container {one.get('name')} runs but {lack}"
    return f"pod {name} is {status.get('phase') or 'Pending'}"


def ended_badly(pod: Body) -> Trouble | None:
    """The container that made this pod end badly, for its log; of any pod, also one that will be tried again."""
    for status in _statuses(pod):
        ended = (status.get("state") or {}).get("terminated")
        restarted = not ended
        ended = ended or (status.get("lastState") or {}).get("terminated") or {}
        if ended.get("exitCode"):
            words = f"container {status.get('name')}{_last_end(status)}"
            return Trouble("ended", words, None, str(_metadata(pod).get("name")), str(status.get("name")), restarted)
    return None


def suspect(pod: Body) -> Trouble | None:
    """The first container that runs or ran and is not ready, for its log."""
    for status in _statuses(pod):
        if not status.get("ready") and (status.get("state") or {}).get("running"):
            return Trouble("slow", "", None, str(_metadata(pod).get("name")), str(status.get("name")))
    return ended_badly(pod)


def changed_at(body: Body) -> str:
    """When somebody last wrote what is wanted (not the status) of it, by the server's clock."""
    wrote = [
        str(entry.get("time") or "")
        for entry in _metadata(body).get("managedFields") or ()
        if not entry.get("subresource") and entry.get("manager") != "kube-controller-manager"
    ]
    return max([str(_metadata(body).get("creationTimestamp") or ""), *wrote])


def when(event: Body) -> str:
    """When an event last happened, cut to seconds so that all of them compare."""
    series = event.get("series") or {}
    at = series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    text = str(at or _metadata(event).get("creationTimestamp") or "")
    return text[:19] + "Z" if text else ""


def _newest_set(sets: Sequence[Body]) -> Body | None:
    key = "deployment.kubernetes.io/revision"
    return max(sets, key=lambda one: int((_metadata(one).get("annotations") or {}).get(key) or 0), default=None)


def _not_created(message: str) -> Trouble:
    return Trouble("not created", f"FailedCreate: its pods cannot be created: {message}", _NOT_CREATED)


def _of_container(pod: str, status: Mapping[str, Any], of_job: bool) -> Trouble | None:
    container, restarts = str(status.get("name")), int(status.get("restartCount") or 0)
    waiting = (status.get("state") or {}).get("waiting") or {}
    reason, words = str(waiting.get("reason") or ""), f"container {container}: {waiting.get('reason')}"
    if message := waiting.get("message"):
        words += f": {message}"
    if reason in _PULL:
        return Trouble("image", words, 0, pod, container)
    if reason in _CREATE:
        return Trouble("container", words, 0, pod, container, restarts > 0)
    if of_job or status.get("ready"):
        return None
    if reason == "CrashLoopBackOff" or restarts >= _RESTARTS:
        words = f"container {container}: {reason or 'crash loop'}: restarted {restarts} times{_last_end(status)}"
        return Trouble("crash", words, None, pod, container, restarted="terminated" not in (status.get("state") or {}))
    return None


def _last_end(status: Mapping[str, Any]) -> str:
    ended = (status.get("lastState") or {}).get("terminated") or (status.get("state") or {}).get("terminated") or {}
    if not ended:
        return ""
    message = str(ended.get("message") or "").strip()
    return f", ended with exit code {ended.get('exitCode')} ({ended.get('reason')}){message and ': '}{message}"


def _statuses(pod: Body) -> Iterator[Mapping[str, Any]]:
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
    return next((str(one.get("uid")) for one in owners if one.get("controller")), "")


def _leaving(pod: Body) -> bool:
    return bool(_metadata(pod).get("deletionTimestamp"))


def _metadata(body: Body) -> Mapping[str, Any]:
    return body.get("metadata") or {}
