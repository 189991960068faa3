"""Whether an object of a cluster does what was asked of it: pure rules, told from the object's own body.

Asked by `watching`. Never looks at pods (that is `pods`), never asks a cluster, never judges a generation that the
object's controller has not seen yet. The rules are kstatus' and Argo CD's, less what is wrong with them: a Job that
runs or was resumed is not done, and a load balancer that never names an address is a warning.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from bot.core.errors import Refused
from bot.kube.objects.model import Ref

Body = Mapping[str, Any]
# `group/Kind` (core kinds: `/Kind`) -> {"ready": expression, "failed": expression}
Checks = Mapping[str, Mapping[str, str]]

_SEGMENT = r"[\w-]+(?:\[[\w-]+=[^\]=]+\])?"
_EXPRESSION = re.compile(rf"\s*(?P<path>{_SEGMENT}(?:\.{_SEGMENT})*)\s*(?P<sign>!?=)\s*(?P<value>.*?)\s*")
_OBSERVED_ALWAYS = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "PodDisruptionBudget"}


class State(StrEnum):
    """WARNING is waited for like WAITING, but is no failure when time is up."""

    READY = "ready"
    WAITING = "waiting"
    FAILED = "failed"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Health:
    """`reason` is a clause about the object (`2 of 3 pods are ready`); `detail` lines of logs and events."""

    state: State
    reason: str
    detail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expression:
    """`path=value` or `path!=value`, compared as text (`true`, `3`).

    A path is names joined by dots; `name[key=value]` is the first member of a list whose `key` is `value`:
    `status.phase=Running`, `status.conditions[type=Synced].status=True`. A path that leads nowhere, or to a
    mapping or a list, holds neither `=` nor `!=`: nothing is known yet.
    """

    path: str
    equal: bool
    value: str

    def holds(self, body: Body) -> bool:
        found: object = body
        for segment in re.findall(_SEGMENT, self.path):
            found = _step(found, segment)
        if found is None or isinstance(found, dict | list):
            return False
        text = str(found).lower() if isinstance(found, bool) else str(found)
        return (text == self.value) is self.equal


def expression(text: str) -> Expression:
    """Read one. Refused, in words, when it is none."""
    if not (match := _EXPRESSION.fullmatch(text)):
        raise Refused(f"`{text}` is not a health check: write `path=value` or `path!=value`, as `status.phase=Running`")
    return Expression(match["path"], match["sign"] == "=", match["value"])


def health(ref: Ref, body: Body, checks: Checks) -> Health:
    """Judge one object by its body; `ref` says what it is, as members of a list do not."""
    if (body.get("metadata") or {}).get("deletionTimestamp"):
        return _waiting("being deleted")
    if not observed(ref, body):
        return _waiting("its controller has not seen the change yet")
    if declared := checks.get(f"{ref.group}/{ref.kind}"):
        return _declared(body, declared)
    return _RULES.get((ref.group, ref.kind), _conditions)(body)


def observed(ref: Ref, body: Body) -> bool:
    """Whether its controller has seen the generation that is written now."""
    generation = int((body.get("metadata") or {}).get("generation") or 0)
    seen = _status(body).get("observedGeneration")
    if not isinstance(seen, int | str) or not str(seen).isdigit():
        return not (ref.kind in _OBSERVED_ALWAYS and ref.group in ("apps", "policy"))
    return int(seen) >= generation


def condition(body: Body, type: str) -> Mapping[str, str]:
    """The condition of that type; empty where there is none. Authors write statuses too, in any shape."""
    told = _status(body).get("conditions")
    rows = told if isinstance(told, list) else []
    return next((one for one in rows if isinstance(one, Mapping) and one.get("type") == type), {})


def _step(found: object, segment: str) -> object:
    name, _, choice = segment.rstrip("]").partition("[")
    found = found.get(name) if isinstance(found, Mapping) else None
    if not choice:
        return found
    key, _, value = choice.partition("=")
    members = found if isinstance(found, list) else []
    return next((one for one in members if isinstance(one, Mapping) and str(one.get(key)) == value), None)


def _declared(body: Body, declared: Mapping[str, str]) -> Health:
    if (failed := declared.get("failed")) and expression(failed).holds(body):
        return _failed(failed)
    if not (ready := declared.get("ready")):
        return _conditions(body)
    return _ready(ready) if expression(ready).holds(body) else _waiting(f"waiting for {ready}")


def _deployment(body: Body) -> Health:
    status, wanted = _status(body), _wanted(body)
    progressing = condition(body, "Progressing")
    if _spec(body).get("paused"):
        return Health(State.WARNING, "is paused: the change is not rolled out")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return _failed(f"ProgressDeadlineExceeded: {progressing.get('message', '')}")
    updated = _count(status, "updatedReplicas")
    if updated < wanted:
        return _waiting(f"{updated} of {wanted} pods are of the new revision")
    if (old := _count(status, "replicas") - updated) > 0:
        return _waiting(f"{old} pods of the old revision remain")
    return _available(_count(status, "availableReplicas"), wanted)


def _stateful_set(body: Body) -> Health:
    status, wanted, strategy = _status(body), _wanted(body), _spec(body).get("updateStrategy") or {}
    partition = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
    if (extra := _count(status, "replicas") - wanted) > 0:
        return _waiting(f"{extra} pods are still to go")
    due = 0 if strategy.get("type") == "OnDelete" else max(wanted - partition, 0)
    # updatedReplicas is left out once the update is over in some releases: the revisions then are the same.
    same = status.get("updateRevision") == status.get("currentRevision")
    updated = _count(status, "updatedReplicas")
    if updated < due and not (same and "updatedReplicas" not in status):
        return _waiting(f"{updated} of {due} pods are of the new revision")
    return _available(_count(status, "availableReplicas"), wanted)


def _daemon_set(body: Body) -> Health:
    status = _status(body)
    wanted, updated = _count(status, "desiredNumberScheduled"), _count(status, "updatedNumberScheduled")
    if (_spec(body).get("updateStrategy") or {}).get("type") != "OnDelete" and updated < wanted:
        return _waiting(f"{updated} of {wanted} pods are of the new revision")
    return _available(_count(status, "numberAvailable"), wanted)


def _job(body: Body) -> Health:
    failed = condition(body, "Failed")
    if failed.get("status") == "True":
        return _failed(f"{failed.get('reason', 'Failed')}: {failed.get('message', '')}")
    if condition(body, "Complete").get("status") == "True":
        return _ready("complete")
    if _spec(body).get("suspend"):
        return Health(State.WARNING, "is suspended: it has not run")
    active, done = _count(_status(body), "active"), _count(_status(body), "succeeded")
    return _waiting(f"{active} pods run, {done} of {_spec(body).get('completions') or 1} succeeded")


def _pod(body: Body) -> Health:
    status = _status(body)
    phase = str(status.get("phase") or "Pending")
    if phase == "Succeeded":
        return _ready("ended well")
    if phase == "Failed":
        return _failed(f"{status.get('reason') or 'Failed'}: {status.get('message') or 'a container ended badly'}")
    if _spec(body).get("restartPolicy", "Always") != "Always":
        return _waiting(f"is {phase}, has not ended")
    ready = phase == "Running" and condition(body, "Ready").get("status") == "True"
    return _ready("ready") if ready else _waiting(f"is {phase}, not ready")


def _claim(body: Body) -> Health:
    phase = str(_status(body).get("phase") or "Pending")
    if phase == "Lost":
        return _failed("its volume is lost")
    return _ready("bound") if phase == "Bound" else _waiting(f"is {phase}, has no volume yet")


def _address(body: Body) -> Health:
    if (_status(body).get("loadBalancer") or {}).get("ingress"):
        return _ready("has an address")
    return Health(State.WARNING, "has no address")


def _autoscaler(body: Body) -> Health:
    able, active = condition(body, "AbleToScale"), condition(body, "ScalingActive")
    if "InvalidSelector" in (able.get("reason"), active.get("reason")):
        return _failed(f"InvalidSelector: {active.get('message', '')}")
    if able.get("status") == "False" and able.get("reason") != "BackoffBoth":
        return _waiting(f"{able.get('reason', '')}: {able.get('message', '')}")
    if active.get("status") == "False" and active.get("reason") != "ScalingDisabled":
        return Health(State.WARNING, f"{active.get('reason', '')}: {active.get('message', '')}")
    return _ready("scales") if able else _waiting("its controller has not looked at it yet")


def _definition(body: Body) -> Health:
    names = condition(body, "NamesAccepted")
    if names.get("status") == "False":
        return _failed(f"{names.get('reason', 'names are taken')}: {names.get('message', '')}")
    established = condition(body, "Established").get("status") == "True" and names.get("status") == "True"
    return _ready("established") if established else _waiting("not established yet")


def _api_service(body: Body) -> Health:
    available = condition(body, "Available")
    if available.get("status") == "True":
        return _ready("available")
    return _waiting(f"{available.get('reason', 'not available yet')}: {available.get('message', '')}".rstrip(": "))


def _budget(body: Body) -> Health:
    allowed = condition(body, "DisruptionAllowed")
    if allowed.get("reason") == "SyncFailed":
        return Health(State.WARNING, f"SyncFailed: {allowed.get('message', '')}")
    return _ready("counted")


def _namespace(body: Body) -> Health:
    phase = str(_status(body).get("phase") or "Pending")
    return _ready("active") if phase == "Active" else _waiting(f"is {phase}")


def _conditions(body: Body) -> Health:
    """kstatus: what any resource may say by Stalled, Reconciling and Ready; one that says nothing is ready."""
    stalled, reconciling, ready = (_fresh(body, type) for type in ("Stalled", "Reconciling", "Ready"))
    if stalled.get("status") == "True":
        return _failed(f"Stalled: {stalled.get('reason', '')}: {stalled.get('message', '')}")
    if reconciling.get("status") == "True":
        return _waiting(f"Reconciling: {reconciling.get('message') or reconciling.get('reason', '')}")
    if ready.get("status") == "True":
        return _ready("Ready")
    if condition(body, "Ready"):
        words = ready.get("message") or ready.get("reason") or "its controller has not seen the change yet"
        return _waiting(f"not Ready: {words}")
    return _ready(_NOTHING)


def _fresh(body: Body, type: str) -> Mapping[str, str]:
    """The condition, unless it is about an older generation."""
    found = condition(body, type)
    seen, generation = found.get("observedGeneration"), (body.get("metadata") or {}).get("generation")
    fresh = seen is None or (str(seen).isdigit() and int(seen) >= int(generation or 0))
    return found if fresh else {}


def _available(available: int, wanted: int) -> Health:
    if available < wanted:
        return _waiting(f"{available} of {wanted} pods are ready")
    return _ready(f"{wanted} of {wanted} pods are ready")


def _wanted(body: Body) -> int:
    replicas = _spec(body).get("replicas")
    return 1 if replicas is None else int(replicas)


def _count(status: Body, name: str) -> int:
    return int(status.get(name) or 0)


def _status(body: Body) -> Body:
    status = body.get("status")
    return status if isinstance(status, Mapping) else {}


def _spec(body: Body) -> Body:
    return body.get("spec") or {}


_ready = partial(Health, State.READY)
_waiting = partial(Health, State.WAITING)
_failed = partial(Health, State.FAILED)
_NOTHING = "nothing to wait for"
_RULES: Mapping[tuple[str, str], Callable[[Body], Health]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "ReplicaSet"): lambda body: _available(_count(_status(body), "availableReplicas"), _wanted(body)),
    ("batch", "Job"): _job,
    ("batch", "CronJob"): lambda body: _ready("is suspended" if _spec(body).get("suspend") else "is scheduled"),
    ("", "Pod"): _pod,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Service"): lambda body: _address(body) if _spec(body).get("type") == "LoadBalancer" else _ready(_NOTHING),
    ("networking.k8s.io", "Ingress"): _address,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    ("policy", "PodDisruptionBudget"): _budget,
    ("", "Namespace"): _namespace,
}
