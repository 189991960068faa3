"""Health by the bodies alone: a table a kind, each line a status as clusters write it."""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.core.errors import Refused
from bot.kube.health import pods
from bot.kube.health.health_expressions import parse_expression
from bot.kube.health.object_health import HealthChecks, HealthState, judge_health
from bot.kube.objects.kube_object import ObjectRef

READY, WAITING, FAILED, WARNING = HealthState.READY, HealthState.WAITING, HealthState.FAILED, HealthState.WARNING
Body = dict[str, Any]
Judged = tuple[HealthState, str]


def seen(spec: Body, status: Body, generation: int = 2) -> Body:
    """An object whose controller has seen generation 2."""
    return {"metadata": {"generation": generation}, "spec": spec, "status": {"observedGeneration": 2} | status}


def judged(kind: str, body: Body, checks: HealthChecks | None = None) -> Judged:
    group, _, name = kind.rpartition("/")
    said = judge_health(ObjectRef(group, name, "shop", "web"), body, checks or {})
    return said.state, said.reason


def conditions(*, observed: int | None = None, **states: str) -> Body:
    """A status of conditions: `Ready="False Because the rest"` is status, reason and message."""
    made = []
    for type, words in states.items():
        status, reason, message = (words + "  ").split(" ", 2)
        one = {"type": type, "status": status, "reason": reason, "message": message.strip()}
        made.append(one if observed is None else one | {"observedGeneration": observed})
    return {"conditions": made}


THREE = {"replicas": 3}
DONE = {"replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3}
LATE = conditions(Progressing="False ProgressDeadlineExceeded ReplicaSet web-1 has timed out")


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        (THREE, DONE, (READY, "3 of 3 pods are ready")),
        (THREE, DONE | {"updatedReplicas": 1}, (WAITING, "1 of 3 pods are of the new revision")),
        (THREE, DONE | {"replicas": 4}, (WAITING, "1 pods of the old revision remain")),
        (THREE, DONE | {"availableReplicas": 2}, (WAITING, "2 of 3 pods are ready")),
        (THREE, {}, (WAITING, "0 of 3 pods are of the new revision")),
        ({}, {}, (WAITING, "0 of 1 pods are of the new revision")),
        ({"replicas": 0}, {}, (READY, "0 of 0 pods are ready")),
        (THREE, DONE | LATE, (FAILED, "ProgressDeadlineExceeded: ReplicaSet web-1 has timed out")),
        (THREE | {"paused": True}, DONE, (WARNING, "is paused: the change is not rolled out")),
    ],
)
def test_a_deployment(spec: Body, status: Body, expected: Judged) -> None:
    assert judged("apps/Deployment", seen(spec, status)) == expected


MOVING = {"replicas": 3, "availableReplicas": 3, "updateRevision": "new", "currentRevision": "old"}


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        (THREE, MOVING | {"updatedReplicas": 3}, (READY, "3 of 3 pods are ready")),
        (THREE, MOVING | {"currentRevision": "new"}, (READY, "3 of 3 pods are ready")),
        (THREE, MOVING, (WAITING, "0 of 3 pods are of the new revision")),
        (THREE, MOVING | {"updatedReplicas": 2}, (WAITING, "2 of 3 pods are of the new revision")),
        (THREE, MOVING | {"updatedReplicas": 3, "availableReplicas": 2}, (WAITING, "2 of 3 pods are ready")),
        (THREE, MOVING | {"replicas": 4}, (WAITING, "1 pods are still to go")),
        (THREE | {"updateStrategy": {"type": "OnDelete"}}, MOVING, (READY, "3 of 3 pods are ready")),
        (
            THREE | {"updateStrategy": {"rollingUpdate": {"partition": 2}}},
            MOVING | {"updatedReplicas": 1},
            (READY, "3 of 3 pods are ready"),
        ),
        (
            THREE | {"updateStrategy": {"rollingUpdate": {"partition": 0}}},
            MOVING | {"updatedReplicas": 1},
            (WAITING, "1 of 3 pods are of the new revision"),
        ),
    ],
)
def test_a_stateful_set(spec: Body, status: Body, expected: Judged) -> None:
    assert judged("apps/StatefulSet", seen(spec, status)) == expected


NODES = {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({}, NODES, (READY, "2 of 2 pods are ready")),
        ({}, NODES | {"updatedNumberScheduled": 1}, (WAITING, "1 of 2 pods are of the new revision")),
        ({}, NODES | {"numberAvailable": 1}, (WAITING, "1 of 2 pods are ready")),
        (
            {"updateStrategy": {"type": "OnDelete"}},
            NODES | {"updatedNumberScheduled": 0},
            (READY, "2 of 2 pods are ready"),
        ),
    ],
)
def test_a_daemon_set(spec: Body, status: Body, expected: Judged) -> None:
    assert judged("apps/DaemonSet", seen(spec, status)) == expected


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({}, {}, (WAITING, "0 pods run, 0 of 1 succeeded")),
        ({"completions": 3}, {"active": 2, "succeeded": 1}, (WAITING, "2 pods run, 1 of 3 succeeded")),
        ({}, conditions(Suspended="False JobResumed") | {"active": 1}, (WAITING, "1 pods run, 0 of 1 succeeded")),
        ({"suspend": True}, conditions(Suspended="True JobSuspended"), (WARNING, "is suspended: it has not run")),
        ({}, conditions(SuccessCriteriaMet="True", Complete="True") | {"succeeded": 1}, (READY, "complete")),
        ({}, conditions(Complete="False"), (WAITING, "0 pods run, 0 of 1 succeeded")),
        ({}, conditions(Failed="True BackoffLimitExceeded too often"), (FAILED, "BackoffLimitExceeded: too often")),
        (
            {},
            conditions(Suspended="False JobResumed", Failed="True DeadlineExceeded x"),
            (FAILED, "DeadlineExceeded: x"),
        ),
    ],
)
def test_a_job(spec: Body, status: Body, expected: Judged) -> None:
    assert judged("batch/Job", {"metadata": {"generation": 1}, "spec": spec, "status": status}) == expected


@pytest.mark.parametrize(
    ("kind", "spec", "status", "expected"),
    [
        ("batch/CronJob", {}, {}, (READY, "is scheduled")),
        ("batch/CronJob", {"suspend": True}, {}, (READY, "is suspended")),
        ("/Pod", {}, {"phase": "Running"} | conditions(Ready="True"), (READY, "ready")),
        ("/Pod", {}, {"phase": "Running"} | conditions(Ready="False"), (WAITING, "is Running, not ready")),
        ("/Pod", {}, {}, (WAITING, "is Pending, not ready")),
        ("/Pod", {}, {"phase": "Failed", "reason": "Evicted", "message": "no disk"}, (FAILED, "Evicted: no disk")),
        ("/Pod", {"restartPolicy": "Never"}, {"phase": "Succeeded"}, (READY, "ended well")),
        (
            "/Pod",
            {"restartPolicy": "Never"},
            {"phase": "Running"} | conditions(Ready="True"),
            (WAITING, "is Running, has not ended"),
        ),
        ("/PersistentVolumeClaim", {}, {"phase": "Bound"}, (READY, "bound")),
        ("/PersistentVolumeClaim", {}, {"phase": "Pending"}, (WAITING, "is Pending, has no volume yet")),
        ("/PersistentVolumeClaim", {}, {"phase": "Lost"}, (FAILED, "its volume is lost")),
        ("/Service", {"type": "ClusterIP"}, {"loadBalancer": {}}, (READY, "nothing to wait for")),
        ("/Service", {"type": "LoadBalancer"}, {"loadBalancer": {}}, (WARNING, "has no address")),
        (
            "/Service",
            {"type": "LoadBalancer"},
            {"loadBalancer": {"ingress": [{"ip": "::1"}]}},
            (READY, "has an address"),
        ),
        ("networking.k8s.io/Ingress", {}, {}, (WARNING, "has no address")),
        ("networking.k8s.io/Ingress", {}, {"loadBalancer": {"ingress": [{}]}}, (READY, "has an address")),
        ("/Namespace", {}, {"phase": "Active"}, (READY, "active")),
        ("/Namespace", {}, {"phase": "Terminating"}, (WAITING, "is Terminating")),
        ("/ConfigMap", {}, {}, (READY, "nothing to wait for")),
    ],
)
def test_what_is_not_a_workload(kind: str, spec: Body, status: Body, expected: Judged) -> None:
    assert judged(kind, {"metadata": {}, "spec": spec, "status": status}) == expected


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("autoscaling/HorizontalPodAutoscaler", {}, (WAITING, "its controller has not looked at it yet")),
        (
            "autoscaling/HorizontalPodAutoscaler",
            conditions(AbleToScale="True x", ScalingActive="True ValidMetricFound"),
            (READY, "scales"),
        ),
        (
            "autoscaling/HorizontalPodAutoscaler",
            conditions(AbleToScale="True x", ScalingActive="False ScalingDisabled of 0"),
            (READY, "scales"),
        ),
        (
            "autoscaling/HorizontalPodAutoscaler",
            conditions(AbleToScale="True x", ScalingActive="False FailedGetResourceMetric no metrics"),
            (WARNING, "FailedGetResourceMetric: no metrics"),
        ),
        (
            "autoscaling/HorizontalPodAutoscaler",
            conditions(AbleToScale="False FailedGetScale no such deployment"),
            (WAITING, "FailedGetScale: no such deployment"),
        ),
        (
            "autoscaling/HorizontalPodAutoscaler",
            conditions(AbleToScale="True x", ScalingActive="False InvalidSelector two autoscalers"),
            (FAILED, "InvalidSelector: two autoscalers"),
        ),
        (
            "apiextensions.k8s.io/CustomResourceDefinition",
            conditions(NamesAccepted="True", Established="True"),
            (READY, "established"),
        ),
        (
            "apiextensions.k8s.io/CustomResourceDefinition",
            conditions(NamesAccepted="True", Established="False Installing"),
            (WAITING, "not established yet"),
        ),
        ("apiextensions.k8s.io/CustomResourceDefinition", {}, (WAITING, "not established yet")),
        (
            "apiextensions.k8s.io/CustomResourceDefinition",
            conditions(NamesAccepted="False PluralConflict is taken", Established="True"),
            (FAILED, "PluralConflict: is taken"),
        ),
        ("apiregistration.k8s.io/APIService", conditions(Available="True Passed"), (READY, "available")),
        (
            "apiregistration.k8s.io/APIService",
            conditions(Available="False MissingEndpoints none"),
            (WAITING, "MissingEndpoints: none"),
        ),
        ("apiregistration.k8s.io/APIService", {}, (WAITING, "not available yet")),
        ("policy/PodDisruptionBudget", conditions(DisruptionAllowed="False InsufficientPods"), (READY, "counted")),
        (
            "policy/PodDisruptionBudget",
            conditions(DisruptionAllowed="False SyncFailed no scale"),
            (WARNING, "SyncFailed: no scale"),
        ),
    ],
)
def test_what_speaks_by_its_own_conditions(kind: str, status: Body, expected: Judged) -> None:
    assert judged(kind, seen({}, status)) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({}, (READY, "nothing to wait for")),
        (conditions(Synced="True"), (READY, "nothing to wait for")),
        (conditions(Ready="True"), (READY, "Ready")),
        (conditions(Ready="Unknown Reconciling is on its way"), (WAITING, "not Ready: is on its way")),
        (conditions(Ready="False Missing"), (WAITING, "not Ready: Missing")),
        (conditions(Ready="True", Reconciling="True Progressing new"), (WAITING, "Reconciling: new")),
        (conditions(Ready="False", Stalled="True Denied no access"), (FAILED, "Stalled: Denied: no access")),
        (conditions(Ready="True", Stalled="False"), (READY, "Ready")),
        (conditions(Ready="True", observed=1), (WAITING, "not Ready: its controller has not seen the change yet")),
        (conditions(Stalled="True Old news", observed=1), (READY, "nothing to wait for")),
    ],
)
def test_a_custom_resource_speaks_by_the_conditions_of_kstatus(status: Body, expected: Judged) -> None:
    assert judged("acme.org/Widget", seen({}, status)) == expected


CHECKS = {"acme.org/Widget": {"ready": "status.phase=Running", "failed": "status.phase=Error"}}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"phase": "Running"}, (READY, "status.phase=Running")),
        ({"phase": "Error"}, (FAILED, "status.phase=Error")),
        ({"phase": "Starting"} | conditions(Ready="True"), (WAITING, "waiting for status.phase=Running")),
        ({}, (WAITING, "waiting for status.phase=Running")),
    ],
)
def test_a_declared_check_decides_alone(status: Body, expected: Judged) -> None:
    assert judged("acme.org/Widget", seen({}, status), CHECKS) == expected


@pytest.mark.parametrize(
    "kind", ["apps/Deployment", "apps/StatefulSet", "apps/DaemonSet", "acme.org/Widget", "policy/PodDisruptionBudget"]
)
def test_an_old_generation_is_never_judged(kind: str) -> None:
    stale = seen(THREE, DONE | NODES | MOVING | LATE | {"phase": "Error"}, generation=3)
    assert judged(kind, stale, CHECKS) == (WAITING, "its controller has not seen the change yet")


def test_a_deployment_that_no_controller_has_seen_waits() -> None:
    new = {"metadata": {"generation": 1}, "spec": {"replicas": 0}}
    assert judged("apps/Deployment", new) == (WAITING, "its controller has not seen the change yet")


@pytest.mark.parametrize("kind", ["apps/Deployment", "/Namespace", "/ConfigMap", "acme.org/Widget", "/Service"])
def test_what_is_being_deleted_waits(kind: str) -> None:
    body = {"metadata": {"deletionTimestamp": "2024-05-01T10:00:00Z"}, "status": {"phase": "Running"}}
    assert judged(kind, body, CHECKS) == (WAITING, "being deleted")


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("status.phase=Running", True),
        ("status.phase = Running", True),
        ("status.phase!=Running", False),
        ("status.phase!=Error", True),
        ("status.count=3", True),
        ("status.on=true", True),
        ("status.nowhere=x", False),
        ("status.nowhere!=x", False),
        ("status.conditions!=x", False),
        ("status.phase.deeper=x", False),
        ("status.conditions[type=Synced].status=True", True),
        ("status.conditions[type=Lost].status=True", False),
        ("status.words=a=b", True),
    ],
)
def test_what_an_expression_holds_of(text: str, holds: bool) -> None:
    listed = [{"type": "Ready", "status": "False"}, {"type": "Synced", "status": "True"}]
    status = {"phase": "Running", "count": 3, "on": True, "conditions": listed, "words": "a=b"}
    assert parse_expression(text).holds({"status": status}) is holds


@pytest.mark.parametrize("text", ["", "status.phase", "=Running", "a..b=c", "a[b].c=d", "__import__('os')=x"])
def test_what_is_no_expression_is_refused_by_name(text: str) -> None:
    with pytest.raises(Refused, match="is not a health check: write `path=value`"):
        parse_expression(text)


def pod(*, init: Mapping[str, Any] | None = None, web: Mapping[str, Any] | None = None, **more: Any) -> Body:
    """A pod of an init container `prepare` and a container `web`, by their statuses."""
    fresh = {"ready": False, "restartCount": 0}
    status = {
        "initContainerStatuses": [{"name": "prepare", **fresh, **init}] if init else [],
        "containerStatuses": [{"name": "web", **fresh, **web}] if web else [],
    }
    return {"metadata": {"name": "web-1"}, "status": status | more}


def waits(reason: str, message: str = "") -> Body:
    return {"state": {"waiting": {"reason": reason, "message": message}}}


RUNS: Body = {"state": {"running": {}}}
ENDED: Body = {"lastState": {"terminated": {"exitCode": 3, "reason": "Error", "message": "no database"}}}


@pytest.mark.parametrize(
    ("body", "key", "patience", "reason"),
    [
        (pod(web=waits("ErrImagePull", "no such tag")), "image", 0, "container web: ErrImagePull: no such tag"),
        (pod(web=waits("ImagePullBackOff")), "image", 0, "container web: ImagePullBackOff"),
        (pod(web=waits("InvalidImageName")), "image", 0, "container web: InvalidImageName"),
        (pod(init=waits("ErrImagePull")), "image", 0, "container prepare: ErrImagePull"),
        (pod(web=waits("CreateContainerConfigError", "no secret")), "container", 0, "ConfigError: no secret"),
        (pod(web=waits("CreateContainerError")), "container", 0, "container web: CreateContainerError"),
        (
            pod(web=waits("CrashLoopBackOff") | ENDED | {"restartCount": 1}),
            "crash",
            None,
            "container web: CrashLoopBackOff: restarted 1 times, ended with exit code 3 (Error): no database",
        ),
        (pod(init=waits("CrashLoopBackOff") | ENDED), "crash", None, "container prepare: CrashLoopBackOff"),
        (pod(web=RUNS | {"restartCount": 3}), "crash", None, "container web: crash loop: restarted 3 times"),
        (
            pod(**conditions(PodScheduled="False Unschedulable 0/3 nodes are available")),
            "unschedulable",
            30,
            "cannot be scheduled: 0/3 nodes are available",
        ),
    ],
)
def test_a_pod_that_will_not_come_up(body: Body, key: str, patience: float | None, reason: str) -> None:
    found = pods.pod_problem(body)
    assert found is not None
    assert (found.key, found.patience, found.pod) == (key, patience, "web-1")
    assert reason in found.reason


@pytest.mark.parametrize(
    "body",
    [
        pod(),
        pod(web=waits("ContainerCreating")),
        pod(init=RUNS, web=waits("PodInitializing")),
        pod(web=RUNS | {"restartCount": 2}),
        pod(web=RUNS | {"restartCount": 9, "ready": True}),
        pod(**conditions(PodScheduled="False SchedulerError")),
    ],
)
def test_a_pod_that_may_yet_come_up(body: Body) -> None:
    assert pods.pod_problem(body) is None


def test_how_often_a_jobs_pod_ends_is_the_jobs_to_judge_but_not_its_image() -> None:
    assert pods.pod_problem(pod(web=waits("CrashLoopBackOff") | {"restartCount": 5}), of_job=True) is None
    assert pods.pod_problem(pod(web=waits("ImagePullBackOff")), of_job=True) is not None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (pod(web=RUNS), "pod web-1: container web runs but its readiness probe fails"),
        (pod(web=RUNS | {"started": False}), "pod web-1: container web runs but its startup probe has not succeeded"),
        (pod(web=waits("ContainerCreating")), "pod web-1: container web is waiting: ContainerCreating"),
        (pod(), "pod web-1 is Pending"),
        (pod(init=RUNS, web=waits("PodInitializing")), "pod web-1: container web is waiting: PodInitializing"),
        (pod(phase="Failed", reason="Evicted"), "pod web-1 failed: Evicted"),
        (pod(phase="Succeeded"), ""),
        (pod(web=RUNS | {"ready": True}, **conditions(Ready="True")), ""),
    ],
)
def test_what_a_pod_waits_for(body: Body, said: str) -> None:
    assert pods.waiting_reason(body) == said


def owned(name: str, owner: str, *, hash: str = "", revision: str = "", **more: Any) -> Body:
    metadata = {
        "name": name,
        "uid": name,
        "labels": {"controller-revision-hash": hash},
        "annotations": {"deployment.kubernetes.io/revision": revision},
        "ownerReferences": [{"uid": owner, "controller": True}],
    }
    return {"metadata": metadata | more}


def new_pods(kind: str, status: Body, history: list[Body], listed: list[Body]) -> list[str]:
    group, _, name = kind.rpartition("/")
    body = {"metadata": {"uid": "me"}, "status": status}
    found = pods.new_revision_pods(ObjectRef(group, name, "shop", "web"), body, history, listed)
    return [str(one["metadata"]["name"]) for one in found]


def test_a_deployments_new_pods_are_those_of_the_newest_set_of_its_own() -> None:
    sets = [
        owned("old", "me", revision="9"),
        owned("new", "me", revision="10"),
        owned("other", "someone", revision="99"),
    ]
    listed = [owned("a", "old"), owned("b", "new"), owned("c", "new", deletionTimestamp="now"), owned("d", "other")]
    assert new_pods("apps/Deployment", {}, sets, listed) == ["b"]
    assert new_pods("apps/Deployment", {}, [], listed) == []


def test_a_stateful_sets_new_pods_have_its_update_revision() -> None:
    listed = [owned("a", "me", hash="old"), owned("b", "me", hash="new"), owned("c", "someone", hash="new")]
    assert new_pods("apps/StatefulSet", {"updateRevision": "new"}, [], listed) == ["b"]
    assert new_pods("apps/StatefulSet", {}, [], listed) == []


def test_a_daemon_sets_new_pods_have_the_hash_of_its_newest_revision() -> None:
    history = [owned("x", "me", hash="new") | {"revision": 10}, owned("y", "me", hash="old") | {"revision": 9}]
    listed = [owned("a", "me", hash="old"), owned("b", "me", hash="new")]
    assert new_pods("apps/DaemonSet", {}, history, listed) == ["b"]
    assert new_pods("apps/DaemonSet", {}, [], listed) == []


def refused(at: str) -> Body:
    return {"reason": "FailedCreate", "lastTimestamp": at, "message": "exceeded quota"}


@pytest.mark.parametrize(
    ("at", "counts"),
    [("2024-05-01T10:00:09Z", False), ("2024-05-01T10:00:15Z", False), ("2024-05-01T10:00:21Z", True)],
)
def test_a_refused_pod_counts_only_after_the_change_and_the_newest_pod(at: str, counts: bool) -> None:
    wrote = [
        {"manager": "gitops-bot", "time": "2024-05-01T10:00:10Z"},
        {"manager": "gitops-bot", "time": "2024-05-01T11:00:00Z", "subresource": "status"},
    ]
    body = {"metadata": {"creationTimestamp": "2024-05-01T09:00:00Z", "managedFields": wrote}}
    made = [owned("a", "me", creationTimestamp="2024-05-01T10:00:20Z")]
    assert (pods.pod_refusal(body, made, [refused(at)]) is not None) is counts
    assert (pods.pod_refusal(body, [], [refused(at)]) is not None) is (at != "2024-05-01T10:00:09Z")


@pytest.mark.parametrize(
    "status",
    [
        {"conditions": "none"},
        {"conditions": ["Ready", 1, None]},
        {"conditions": {"Ready": True}},
        {"conditions": [{"type": "Ready", "status": "True", "observedGeneration": "now"}]},
        {"observedGeneration": [1]},
        "well",
    ],
)
def test_a_status_of_any_shape_is_judged_and_breaks_nothing(status: object) -> None:
    body = {"metadata": {"name": "a", "generation": 2}, "status": status}
    assert judge_health(ObjectRef("example.test", "Thing", "default", "a"), body, {}).state in HealthState
