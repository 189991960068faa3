"""Whether an object of a cluster does what was asked of it: pure rules, told from the object's own body.

Asked by `rollout`. Never looks at pods (that is `pods`), never asks a cluster, never judges a generation that the
object's controller has not seen yet. The rules are kstatus' and Argo CD's, less what is wrong with them: a Job that
runs or was resumed is not done, and a load balancer that never names an address is a warning.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from bot.kube.health.health_expressions import parse_expression
from bot.kube.objects.body import Body
from bot.kube.objects.kube_object import ObjectRef

# `group/Kind` (core kinds: `/Kind`) -> {"ready": expression, "failed": expression}
HealthChecks = Mapping[str, Mapping[str, str]]

_OBSERVED_ALWAYS = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "PodDisruptionBudget"}


class HealthState(StrEnum):
    """WARNING is waited for like WAITING, but is no failure when time is up."""

    READY = "ready"
    WAITING = "waiting"
    FAILED = "failed"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class ObjectHealth:
    """`reason` is a clause about the object (`2 of 3 pods are ready`); `detail` lines of logs and events."""

    state: HealthState
    reason: str
    detail: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        """Ready, or with a warning, which is no failure when time is up."""
        return self.state in (HealthState.READY, HealthState.WARNING)


def judge_health(ref: ObjectRef, body: Body, checks: HealthChecks) -> ObjectHealth:
    """Judge one object by its body; `ref` says what it is, as members of a list do not."""
    if (body.get("metadata") or {}).get("deletionTimestamp"):
        return _waiting("being deleted")
    if not is_observed(ref, body):
        return _waiting("its controller has not seen the change yet")
    if check := checks.get(f"{ref.group}/{ref.kind}"):
        return _judge_by_check(body, check)
    return _RULES.get((ref.group, ref.kind), _judge_by_conditions)(body)


def is_observed(ref: ObjectRef, body: Body) -> bool:
    """Tell whether the object's controller has seen the generation that is written now."""
    generation = int((body.get("metadata") or {}).get("generation") or 0)
    observed_generation = _status(body).get("observedGeneration")
    if not isinstance(observed_generation, int | str) or not str(observed_generation).isdigit():
        return not (ref.kind in _OBSERVED_ALWAYS and ref.group in ("apps", "policy"))
    return int(observed_generation) >= generation


def find_condition(body: Body, type: str) -> Mapping[str, str]:
    """Return the condition of that type; empty where there is none. Authors write statuses too, in any shape."""
    rows = _status(body).get("conditions")
    conditions = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return next((condition for condition in conditions if condition.get("type") == type), {})


def _judge_by_check(body: Body, check: Mapping[str, str]) -> ObjectHealth:
    if (failed := check.get("failed")) and parse_expression(failed).holds(body):
        return _failed(failed)
    if not (ready := check.get("ready")):
        return _judge_by_conditions(body)
    return _ready(ready) if parse_expression(ready).holds(body) else _waiting(f"waiting for {ready}")


def _deployment(body: Body) -> ObjectHealth:
    status, desired = _status(body), _desired_replicas(body)
    progressing = find_condition(body, "Progressing")
    if _spec(body).get("paused"):
        return ObjectHealth(HealthState.WARNING, "is paused: the change is not rolled out")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return _failed(f"ProgressDeadlineExceeded: {progressing.get('message', '')}")
    updated = _count(status, "updatedReplicas")
    if updated < desired:
        return _waiting(f"{updated} of {desired} pods are of the new revision")
    if (old := _count(status, "replicas") - updated) > 0:
        return _waiting(f"{old} pods of the old revision remain")
    return _judge_available(_count(status, "availableReplicas"), desired)


def _stateful_set(body: Body) -> ObjectHealth:
    status, desired, strategy = _status(body), _desired_replicas(body), _spec(body).get("updateStrategy") or {}
    partition = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
    if (surplus := _count(status, "replicas") - desired) > 0:
        return _waiting(f"{surplus} pods are still to go")
    due_replicas = 0 if strategy.get("type") == "OnDelete" else max(desired - partition, 0)
    # updatedReplicas is left out once the update is over in some releases: the revisions then are the same.
    same_revision = status.get("updateRevision") == status.get("currentRevision")
    updated = _count(status, "updatedReplicas")
    if updated < due_replicas and not (same_revision and "updatedReplicas" not in status):
        return _waiting(f"{updated} of {due_replicas} pods are of the new revision")
    return _judge_available(_count(status, "availableReplicas"), desired)


def _daemon_set(body: Body) -> ObjectHealth:
    status = _status(body)
    desired, updated = _count(status, "desiredNumberScheduled"), _count(status, "updatedNumberScheduled")
    if (_spec(body).get("updateStrategy") or {}).get("type") != "OnDelete" and updated < desired:
        return _waiting(f"{updated} of {desired} pods are of the new revision")
    return _judge_available(_count(status, "numberAvailable"), desired)


def _job(body: Body) -> ObjectHealth:
    failed = find_condition(body, "Failed")
    if failed.get("status") == "True":
        return _failed(f"{failed.get('reason', 'Failed')}: {failed.get('message', '')}")
    if find_condition(body, "Complete").get("status") == "True":
        return _ready("complete")
    if _spec(body).get("suspend"):
        return ObjectHealth(HealthState.WARNING, "is suspended: it has not run")
    active, succeeded = _count(_status(body), "active"), _count(_status(body), "succeeded")
    return _waiting(f"{active} pods run, {succeeded} of {_spec(body).get('completions') or 1} succeeded")


def _pod(body: Body) -> ObjectHealth:
    status = _status(body)
    phase = str(status.get("phase") or "Pending")
    if phase == "Succeeded":
        return _ready("ended well")
    if phase == "Failed":
        return _failed(f"{status.get('reason') or 'Failed'}: {status.get('message') or 'a container ended badly'}")
    if _spec(body).get("restartPolicy", "Always") != "Always":
        return _waiting(f"is {phase}, has not ended")
    ready = phase == "Running" and find_condition(body, "Ready").get("status") == "True"
    return _ready("ready") if ready else _waiting(f"is {phase}, not ready")


def _volume_claim(body: Body) -> ObjectHealth:
    phase = str(_status(body).get("phase") or "Pending")
    if phase == "Lost":
        return _failed("its volume is lost")
    return _ready("bound") if phase == "Bound" else _waiting(f"is {phase}, has no volume yet")


def _load_balancer(body: Body) -> ObjectHealth:
    if (_status(body).get("loadBalancer") or {}).get("ingress"):
        return _ready("has an address")
    return ObjectHealth(HealthState.WARNING, "has no address")


def _autoscaler(body: Body) -> ObjectHealth:
    able, active = find_condition(body, "AbleToScale"), find_condition(body, "ScalingActive")
    if "InvalidSelector" in (able.get("reason"), active.get("reason")):
        return _failed(f"InvalidSelector: {active.get('message', '')}")
    if able.get("status") == "False" and able.get("reason") != "BackoffBoth":
        return _waiting(f"{able.get('reason', '')}: {able.get('message', '')}")
    if active.get("status") == "False" and active.get("reason") != "ScalingDisabled":
        return ObjectHealth(HealthState.WARNING, f"{active.get('reason', '')}: {active.get('message', '')}")
    return _ready("scales") if able else _waiting("its controller has not looked at it yet")


def _definition(body: Body) -> ObjectHealth:
    names = find_condition(body, "NamesAccepted")
    if names.get("status") == "False":
        return _failed(f"{names.get('reason', 'names are taken')}: {names.get('message', '')}")
    established = find_condition(body, "Established").get("status") == "True" and names.get("status") == "True"
    return _ready("established") if established else _waiting("not established yet")


def _api_service(body: Body) -> ObjectHealth:
    available = find_condition(body, "Available")
    if available.get("status") == "True":
        return _ready("available")
    return _waiting(f"{available.get('reason', 'not available yet')}: {available.get('message', '')}".rstrip(": "))


def _disruption_budget(body: Body) -> ObjectHealth:
    allowed = find_condition(body, "DisruptionAllowed")
    if allowed.get("reason") == "SyncFailed":
        return ObjectHealth(HealthState.WARNING, f"SyncFailed: {allowed.get('message', '')}")
    return _ready("counted")


def _namespace(body: Body) -> ObjectHealth:
    phase = str(_status(body).get("phase") or "Pending")
    return _ready("active") if phase == "Active" else _waiting(f"is {phase}")


def _judge_by_conditions(body: Body) -> ObjectHealth:
    """kstatus: what any resource may say by Stalled, Reconciling and Ready; one that says nothing is ready."""
    stalled, reconciling, ready = (_fresh_condition(body, type) for type in ("Stalled", "Reconciling", "Ready"))
    if stalled.get("status") == "True":
        return _failed(f"Stalled: {stalled.get('reason', '')}: {stalled.get('message', '')}")
    if reconciling.get("status") == "True":
        return _waiting(f"Reconciling: {reconciling.get('message') or reconciling.get('reason', '')}")
    if ready.get("status") == "True":
        return _ready("Ready")
    if find_condition(body, "Ready"):
        message = ready.get("message") or ready.get("reason") or "its controller has not seen the change yet"
        return _waiting(f"not Ready: {message}")
    return _ready(_NOTHING_TO_AWAIT)


def _fresh_condition(body: Body, type: str) -> Mapping[str, str]:
    """The condition, unless it is about an older generation."""
    condition = find_condition(body, type)
    observed = condition.get("observedGeneration")
    generation = int((body.get("metadata") or {}).get("generation") or 0)
    is_fresh = observed is None or (str(observed).isdigit() and int(observed) >= generation)
    return condition if is_fresh else {}


def _judge_available(available: int, desired: int) -> ObjectHealth:
    if available < desired:
        return _waiting(f"{available} of {desired} pods are ready")
    return _ready(f"{desired} of {desired} pods are ready")


def _desired_replicas(body: Body) -> int:
    replicas = _spec(body).get("replicas")
    return 1 if replicas is None else int(replicas)


def _count(status: Body, name: str) -> int:
    return int(status.get(name) or 0)


def _status(body: Body) -> Body:
    status = body.get("status")
    return status if isinstance(status, Mapping) else {}


def _spec(body: Body) -> Body:
    return body.get("spec") or {}


_ready = partial(ObjectHealth, HealthState.READY)
_waiting = partial(ObjectHealth, HealthState.WAITING)
_failed = partial(ObjectHealth, HealthState.FAILED)
_NOTHING_TO_AWAIT = "nothing to wait for"
_RULES: Mapping[tuple[str, str], Callable[[Body], ObjectHealth]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "ReplicaSet"): lambda body: _judge_available(
        _count(_status(body), "availableReplicas"), _desired_replicas(body)
    ),
    ("batch", "Job"): _job,
    ("batch", "CronJob"): lambda body: _ready("is suspended" if _spec(body).get("suspend") else "is scheduled"),
    ("", "Pod"): _pod,
    ("", "PersistentVolumeClaim"): _volume_claim,
    ("", "Service"): lambda body: (
        _load_balancer(body) if _spec(body).get("type") == "LoadBalancer" else _ready(_NOTHING_TO_AWAIT)
    ),
    ("networking.k8s.io", "Ingress"): _load_balancer,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    ("policy", "PodDisruptionBudget"): _disruption_budget,
    ("", "Namespace"): _namespace,
}
