"""Following workloads of a real API server, whose controllers are real; pods are moved by writing their status.

Time is the story's: each pause of the follower is one step of what happens meanwhile, and a step ends when the
controllers have taken it in.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient

from bot.core.errors import Transient
from bot.kube.health.object_health import HealthState
from bot.kube.health.rollout import RolloutTiming, wait_for_rollout
from bot.kube.objects.kube_object import ObjectRef
from tests.kube.watching import APP, KEY, READY_POD, SECRET, UNREADY, Body, Reader, Step, Story, workload
from tests.rig.access import Access
from tests.sandbox.running import until


def container(state: Body, restarts: int = 0, **more: Any) -> Body:
    one = {"name": "web", "image": "one", "imageID": "", "ready": False, "restartCount": restarts, "state": state}
    return {"phase": "Pending", "conditions": [UNREADY], "containerStatuses": [one | more]}


def waiting(reason: str, message: str = "", restarts: int = 0) -> Body:
    return container({"waiting": {"reason": reason, "message": message}}, restarts)


@pytest.fixture
def story(cluster: Access, namespace: str) -> Iterator[Story]:
    with cluster.client() as api:
        yield Story(api, namespace, Reader(api))


def test_a_deployment_is_green_after_it_was_ready_for_the_stable_seconds(story: Story) -> None:
    story.deployment()
    story.steps = [story.comes_up]
    [found] = story.follow("apps/v1/Deployment", stable=10)
    assert (found.state, found.reason) == (HealthState.READY, "1 of 1 pods are ready")
    assert story.now >= 10.5
    name = f"Deployment {story.namespace}/web"
    assert story.lines == [f"{name}: waiting: 0 of 1 pods are ready", f"{name}: ready: 1 of 1 pods are ready"]


def test_a_break_begins_the_stable_seconds_anew(story: Story) -> None:
    story.deployment()
    story.steps = [story.comes_up, lambda: None, lambda: None, story.goes_down, story.comes_up]
    [found] = story.follow("apps/v1/Deployment", stable=10)
    assert found.state is HealthState.READY
    assert story.now >= 0.5 + 0.65 + 0.845 + 1.0985 + 1.428 + 10
    assert [line.split(": ")[1] for line in story.lines] == ["waiting", "ready", "waiting", "ready"]


def test_an_image_that_cannot_be_pulled_fails_at_the_second_look_with_the_warnings(story: Story) -> None:
    story.deployment()
    [name] = story.pods("one")
    pod = client.CoreV1Api(story.api).read_namespaced_pod(name, story.namespace)
    told = {
        "metadata": {"name": "pull", "namespace": story.namespace},
        "involvedObject": {"kind": "Pod", "namespace": story.namespace, "name": name, "uid": pod.metadata.uid},
        "type": "Warning",
        "reason": "Failed",
        "message": f"pull with {SECRET} was denied",
        "lastTimestamp": "2024-05-01T10:00:00Z",
    }
    client.CoreV1Api(story.api).create_namespaced_event(story.namespace, told)
    story.steps = [
        lambda: story.say("one", waiting("ErrImagePull", f"denied: {SECRET}")),
        lambda: story.say("one", waiting("ImagePullBackOff", f"denied: {SECRET}")),
    ]
    [found] = story.follow("apps/v1/Deployment")
    assert found.state is HealthState.FAILED
    assert found.reason == f"pod {name}: container web: ImagePullBackOff: denied: •••"
    assert found.detail == ("2024-05-01T10:00:00Z Failed: pull with ••• was denied",)
    assert story.now == pytest.approx(0.5 + 0.65)


def test_pulls_that_failed_once_are_forgiven(story: Story) -> None:
    story.deployment()

    def fails() -> None:
        story.say("one", waiting("ErrImagePull") | {"phase": "Pending"})
        story.available(0)

    story.steps = [fails, story.comes_up, fails, story.comes_up]
    assert [one.state for one in story.follow("apps/v1/Deployment")] == [HealthState.READY]


def test_a_crash_loop_of_the_old_revision_does_not_fail_the_new_one(story: Story) -> None:
    story.deployment()
    story.say("one", waiting("CrashLoopBackOff", restarts=7))
    story.roll()

    def new_comes_up() -> None:
        story.say("two", READY_POD)
        until(lambda: not story.pods("one") and story.status("deployment").replicas == 1)

    story.steps = [lambda: None, lambda: None, new_comes_up]
    assert [one.state for one in story.follow("apps/v1/Deployment")] == [HealthState.READY]


def test_a_crash_loop_of_the_new_revision_fails_at_once_with_the_log_of_its_last_run(story: Story) -> None:
    story.deployment()
    story.comes_up()
    story.roll()
    story.say("two", waiting("CrashLoopBackOff", restarts=2))
    story.reader.written = f"panic: {SECRET}\n{KEY}"
    [found] = story.follow("apps/v1/Deployment")
    [name] = story.pods("two")
    assert found.state is HealthState.FAILED
    assert found.reason == f"pod {name}: container web: CrashLoopBackOff: restarted 2 times"
    assert found.detail == ("log of container web:", "panic: •••", "•••• of web before")
    assert story.now == 0


def test_a_log_that_cannot_be_read_does_not_hide_the_reason(story: Story) -> None:
    story.deployment()
    story.say("one", waiting("CrashLoopBackOff", restarts=2))
    [found] = story.follow("apps/v1/Deployment")
    assert "CrashLoopBackOff" in found.reason
    assert found.detail == ("the log of container web could not be read: the kubelet does not answer",)


def test_a_pod_that_cannot_be_scheduled_fails_after_thirty_seconds(story: Story) -> None:
    story.deployment()
    nowhere = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    story.say("one", {"phase": "Pending", "conditions": [nowhere]})
    [found] = story.follow("apps/v1/Deployment", timeout=300)
    assert (found.state, found.reason.split(": ", 1)[1]) == (HealthState.FAILED, "cannot be scheduled: 0/3 nodes")
    assert 30 <= story.now < 34


def test_a_quota_that_forbids_the_pods_fails_a_deployment(story: Story) -> None:
    story.forbid_pods()
    story.make("apps/v1", "Deployment", workload())
    until(lambda: any(one.type == "ReplicaFailure" for one in story.status("deployment").conditions or ()))
    [found] = story.follow("apps/v1/Deployment", timeout=300)
    assert found.state is HealthState.FAILED
    assert found.reason.startswith("FailedCreate: its pods cannot be created: ")
    assert "exceeded quota: web" in found.reason
    assert story.now < 10


def test_a_quota_that_forbids_the_pods_fails_a_stateful_set(story: Story) -> None:
    story.forbid_pods()
    made = story.make("apps/v1", "StatefulSet", workload() | {"serviceName": "web"})
    until(lambda: story.reader.events(story.namespace, made.metadata.uid))
    [found] = story.follow("apps/v1/StatefulSet", timeout=300)
    assert found.state is HealthState.FAILED
    assert "exceeded quota: web" in found.reason
    assert story.now < 10


def test_a_stateful_set_is_judged_by_its_new_pods_alone(story: Story) -> None:
    story.make("apps/v1", "StatefulSet", workload(2) | {"serviceName": "web", "podManagementPolicy": "Parallel"})
    until(lambda: len(story.pods("one")) == 2)
    story.say("one", READY_POD)
    until(lambda: story.status("stateful_set").available_replicas == 2)
    template = {"spec": {"containers": [{"name": "web", "image": "two"}]}}
    client.AppsV1Api(story.api).patch_namespaced_stateful_set("web", story.namespace, {"spec": {"template": template}})
    until(lambda: story.status("stateful_set").update_revision != story.status("stateful_set").current_revision)
    story.say("one", waiting("CrashLoopBackOff", restarts=9))

    def the_new_one_is_made() -> None:
        for name in story.pods("one"):
            client.CoreV1Api(story.api).delete_namespaced_pod(name, story.namespace, grace_period_seconds=0)
        until(lambda: story.pods("two"))

    bad = waiting("CreateContainerConfigError", "no secret", restarts=0)
    story.steps = [lambda: None, the_new_one_is_made, lambda: story.say("two", bad)]
    [found] = story.follow("apps/v1/StatefulSet", timeout=300)
    assert found.state is HealthState.FAILED
    assert "container web: CreateContainerConfigError: no secret" in found.reason
    assert story.now > 0.5 + 0.65 + 0.845


def test_a_failing_readiness_probe_is_named_when_time_is_up(story: Story) -> None:
    story.deployment()
    story.say("one", container({"running": {}}, started=True))
    story.reader.written = "listening on 81"
    [found] = story.follow("apps/v1/Deployment", timeout=20)
    [name] = story.pods("one")
    lack = f"pod {name}: container web runs but its readiness probe fails"
    assert (found.state, found.reason) == (HealthState.FAILED, f"0 of 1 pods are ready after 20 s; {lack}")
    assert found.detail == ("log of container web:", "listening on 81 of web")
    assert 20 <= story.now < 23.1


def test_what_became_ready_just_before_time_was_up_is_given_its_stable_seconds(story: Story) -> None:
    story.deployment()
    story.steps = [story.comes_up]
    assert [one.state for one in story.follow("apps/v1/Deployment", timeout=2, stable=10)] == [HealthState.READY]
    assert story.now >= 10


def test_a_load_balancer_without_an_address_is_a_warning_when_time_is_up(story: Story) -> None:
    story.make("v1", "Service", {"type": "LoadBalancer", "ports": [{"port": 80}], "selector": APP})
    story.deployment()
    story.comes_up()
    service, deployment = story.follow("v1/Service", "apps/v1/Deployment", timeout=20)
    assert (service.state, service.reason) == (HealthState.WARNING, "has no address")
    assert deployment.state is HealthState.READY
    assert story.now >= 20


def job(**more: Any) -> Body:
    spec = {"restartPolicy": "Never", "containers": [{"name": "web", "image": "one"}]}
    return {"backoffLimit": 0, "template": {"spec": spec}} | more


def complete(story: Story, type: str) -> None:
    batch = client.BatchV1Api(story.api)

    def reached() -> bool:
        listed = batch.read_namespaced_job("web", story.namespace).status.conditions or ()
        return any(one.type == type and one.status == "True" for one in listed)

    until(reached)


def test_a_resumed_job_is_done_when_it_is_complete_and_not_before(story: Story) -> None:
    story.make("batch/v1", "Job", job(suspend=True))
    complete(story, "Suspended")

    def resume() -> None:
        client.BatchV1Api(story.api).patch_namespaced_job("web", story.namespace, {"spec": {"suspend": False}})
        until(lambda: story.pods("one"))

    def succeed() -> None:
        story.say("one", {"phase": "Succeeded"})
        complete(story, "Complete")

    story.steps = [resume, *[lambda: None] * 5, succeed]
    [found] = story.follow("batch/v1/Job", stable=2, timeout=300)
    assert (found.state, found.reason) == (HealthState.READY, "complete")
    assert [line.split(": ")[1] for line in story.lines] == ["warning", "waiting", "ready"]


def test_a_failed_job_tells_how_its_pod_ended(story: Story) -> None:
    story.make("batch/v1", "Job", job())
    until(lambda: story.pods("one"))
    ended = {"terminated": {"exitCode": 3, "reason": "Error", "message": "no database"}}
    story.say("one", container(ended) | {"phase": "Failed"})
    complete(story, "Failed")
    story.reader.written = "migrating"
    [found] = story.follow("batch/v1/Job")
    assert found.state is HealthState.FAILED
    assert found.reason.startswith("BackoffLimitExceeded: ")
    [name] = story.pods("one")
    said = f"pod {name}: container web, ended with exit code 3 (Error): no database"
    assert found.detail[:3] == (said, "log of container web:", "migrating of web")


def test_a_job_that_is_cleared_away_when_done_is_ready(story: Story) -> None:
    story.make("batch/v1", "Job", job(ttlSecondsAfterFinished=600))
    story.steps = [lambda: gone(story, "batch/v1", "Job")]
    [found] = story.follow("batch/v1/Job")
    assert (found.state, found.reason) == (HealthState.READY, "ended and was cleared away")


def gone(story: Story, version: str, kind: str) -> None:
    resource = DynamicClient(story.api).resources.get(api_version=version, kind=kind)
    resource.delete(name="web", namespace=story.namespace, body={"propagationPolicy": "Background"})
    until(lambda: not resource.get(namespace=story.namespace, field_selector="metadata.name=web").items)


def test_what_is_deleted_meanwhile_has_failed(story: Story) -> None:
    story.make("v1", "ConfigMap")
    story.steps = [lambda: gone(story, "v1", "ConfigMap")]
    [found] = story.follow("v1/ConfigMap")
    assert (found.state, found.reason) == (HealthState.FAILED, "was deleted meanwhile")


def test_what_never_comes_has_failed_when_time_is_up(story: Story) -> None:
    [found] = story.follow("v1/ConfigMap", timeout=10)
    assert (found.state, found.reason) == (HealthState.FAILED, "does not exist after 10 s")


def test_a_custom_resource_is_followed_by_its_declared_check(story: Story) -> None:
    group = f"{story.namespace}.acme.org"
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema, "subresources": {"status": {}}}
    crd = {
        "metadata": {"name": f"widgets.{group}"},
        "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": [version]},
    }
    extensions = client.ApiextensionsV1Api(story.api)
    extensions.create_custom_resource_definition(crd)
    try:
        until(lambda: widget(story, group))
        checks = {f"{group}/Widget": {"ready": "status.phase=Running", "failed": "status.phase=Error"}}
        custom = client.CustomObjectsApi(story.api)
        place = (group, "v1", story.namespace, "widgets", "web")

        def phase(said: str, seen: int) -> Step:
            status = {"status": {"phase": said, "observedGeneration": seen}}
            return lambda: custom.patch_namespaced_custom_object_status(*place, status)

        story.steps = [phase("Error", 0), phase("Running", 1)]
        [found] = story.follow(f"{group}/v1/Widget", checks=checks)
        assert (found.state, found.reason) == (HealthState.READY, "status.phase=Running")
        story.steps = [phase("Error", 1)]
        [found] = story.follow(f"{group}/v1/Widget", checks=checks)
        assert (found.state, found.reason) == (HealthState.FAILED, "status.phase=Error")
    finally:
        extensions.delete_custom_resource_definition(f"widgets.{group}")


def widget(story: Story, group: str) -> bool:
    """Make it, as soon as its kind is served."""
    custom = client.CustomObjectsApi(story.api)
    body = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "web"}}
    try:
        custom.create_namespaced_custom_object(group, "v1", story.namespace, "widgets", body)
    except ApiException as error:
        if error.status != 404:
            raise
        return False
    return True


def test_many_objects_of_a_kind_are_one_list_a_look(story: Story) -> None:
    core = client.CoreV1Api(story.api)
    for number in range(20):
        core.create_namespaced_config_map(story.namespace, {"metadata": {"name": f"web-{number}"}})
    targets = [("v1", ObjectRef("", "ConfigMap", story.namespace, f"web-{number}")) for number in range(20)]
    pace = RolloutTiming(60, 1, lambda: story.now, story.wait)
    found = wait_for_rollout(story.reader, targets, pace, checks={}, scrub=str, report=story.lines.append)
    assert {one.state for _, one in found} == {HealthState.READY}
    assert story.reader.asked == [("ConfigMap", story.namespace)] * 3


def test_a_cluster_that_does_not_answer_for_a_while_is_asked_again(story: Story) -> None:
    story.make("v1", "ConfigMap")
    story.reader.cut = True
    story.steps = [lambda: None, lambda: setattr(story.reader, "cut", False)]
    assert [one.state for one in story.follow("v1/ConfigMap")] == [HealthState.READY]


def test_seconds_without_an_answer_are_not_stable_ones(story: Story) -> None:
    story.make("v1", "ConfigMap")
    story.steps = [lambda: setattr(story.reader, "cut", True), *[lambda: None] * 5]
    story.steps.append(lambda: setattr(story.reader, "cut", False))
    assert [one.state for one in story.follow("v1/ConfigMap", stable=5)] == [HealthState.READY]
    assert story.now >= sum(0.5 * 1.3**look for look in range(7)) + 5


def test_a_cluster_that_never_answers_is_said_to_when_time_is_up(story: Story) -> None:
    story.reader.cut = True
    with pytest.raises(Transient, match="the connection was reset"):
        story.follow("v1/ConfigMap", timeout=20)
    assert story.now >= 20
