"""Kinds that are no Deployments, followed on a real API server until they are ready or say why not."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from kubernetes import client
from kubernetes.dynamic import DynamicClient

from bot.kube.health.object_health import HealthState
from tests.kube.watching import APP, READY_POD, Reader, Story, workload
from tests.rig.access import Access
from tests.sandbox.running import until

POD = {"containers": [{"name": "web", "image": "one"}]}
SCALES = {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": ""}
CRON = {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": {"spec": POD | {"restartPolicy": "Never"}}}}}
INGRESS = {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}


@pytest.fixture
def story(cluster: Access, namespace: str) -> Iterator[Story]:
    with cluster.client() as api:
        yield Story(api, namespace, Reader(api))


def said(story: Story, version: str, kind: str, status: Mapping[str, Any]) -> None:
    """Write a status, as nobody does here."""
    resource = DynamicClient(story.api).resources.get(api_version=version, kind=kind)
    body, merge = {"status": status}, "application/merge-patch+json"
    resource.status.patch(name="web", namespace=story.namespace, body=body, content_type=merge)


def test_a_pod_is_ready_when_its_containers_are(story: Story) -> None:
    story.make("v1", "Pod", POD)
    story.steps = [lambda: None, lambda: said(story, "v1", "Pod", READY_POD)]
    [found] = story.follow("v1/Pod")
    assert (found.state, [line.split(": ")[1] for line in story.lines]) == (HealthState.READY, ["waiting", "ready"])


def test_a_claim_is_ready_when_a_volume_is_bound_to_it(story: Story) -> None:
    story.make("v1", "PersistentVolumeClaim", CLAIM)
    volume = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": "/nowhere"},
        "claimRef": {"namespace": story.namespace, "name": "web"},
    }
    core = client.CoreV1Api(story.api)
    made = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": story.namespace}, "spec": volume}

    def bind() -> None:
        core.create_persistent_volume(made)
        until(lambda: core.read_namespaced_persistent_volume_claim("web", story.namespace).status.phase == "Bound")

    story.steps = [bind]
    [found] = story.follow("v1/PersistentVolumeClaim")
    core.delete_persistent_volume(story.namespace)
    assert (found.state, found.reason) == (HealthState.READY, "bound")
    assert "is Pending, has no volume yet" in story.lines[0]


def test_a_cron_job_is_ready_once_it_is_scheduled(story: Story) -> None:
    story.make("batch/v1", "CronJob", CRON)
    [found] = story.follow("batch/v1/CronJob")
    assert (found.state, found.reason) == (HealthState.READY, "is scheduled")


def test_an_ingress_is_ready_once_it_has_an_address(story: Story) -> None:
    story.make("networking.k8s.io/v1", "Ingress", INGRESS)
    address = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    story.steps = [lambda: said(story, "networking.k8s.io/v1", "Ingress", address)]
    [found] = story.follow("networking.k8s.io/v1/Ingress")
    assert (found.state, found.reason) == (HealthState.READY, "has an address")


def test_a_disruption_budget_is_ready_once_it_is_counted(story: Story) -> None:
    story.make("policy/v1", "PodDisruptionBudget", {"minAvailable": 1, "selector": {"matchLabels": APP}})
    story.steps = [lambda: until(lambda: _conditions(story, "policy/v1", "PodDisruptionBudget"))]
    [found] = story.follow("policy/v1/PodDisruptionBudget")
    assert (found.state, found.reason) == (HealthState.READY, "counted")


def test_an_autoscaler_without_its_workload_says_what_is_missing(story: Story) -> None:
    story.make("autoscaling/v2", "HorizontalPodAutoscaler", SCALES)
    until(lambda: _conditions(story, "autoscaling/v2", "HorizontalPodAutoscaler"), patience=60)
    [found] = story.follow("autoscaling/v2/HorizontalPodAutoscaler", timeout=5)
    assert found.state is HealthState.FAILED
    assert "FailedGetScale" in found.reason


def test_a_daemon_set_is_ready_when_its_pod_on_each_node_is(story: Story) -> None:
    core = client.CoreV1Api(story.api)
    core.create_node({"metadata": {"name": story.namespace, "labels": {"only": story.namespace}}})
    spec = {key: value for key, value in workload().items() if key != "replicas"}
    spec["template"]["spec"]["nodeSelector"] = {"only": story.namespace}
    try:
        story.make("apps/v1", "DaemonSet", spec)
        until(lambda: story.pods("one") and story.status("daemon_set").desired_number_scheduled == 1)

        def ready() -> None:
            story.say("one", READY_POD)
            until(lambda: story.status("daemon_set").number_available == 1)

        story.steps = [lambda: None, ready]
        [found] = story.follow("apps/v1/DaemonSet")
    finally:
        core.delete_node(story.namespace)
    assert (found.state, [line.split(": ")[1] for line in story.lines]) == (HealthState.READY, ["waiting", "ready"])


def _conditions(story: Story, version: str, kind: str) -> Any:
    resource = DynamicClient(story.api).resources.get(api_version=version, kind=kind)
    return (resource.get(name="web", namespace=story.namespace).to_dict().get("status") or {}).get("conditions")
