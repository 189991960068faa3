"""What a plan says of objects that leave Git, held against the real API server."""

import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from kubernetes import client

from bot.core.errors import Refused
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.inventory import Inventory, Member
from bot.kube.objects.kube_object import object_of
from bot.kube.objects.normalization import MEMBER_LABEL
from bot.kube.objects.object_changes import Verb
from bot.kube.plan.plan_request import PlanRequest
from tests.kube.planning import LABEL, Body, another, applied, configmap, deployment, planned
from tests.rig.access import Access
from tests.rig.kubelet import READY, Kubelet
from tests.sandbox.running import until


def test_what_leaves_git_is_deleted_with_what_goes_along(question: PlanRequest, api: Cluster, namespace: str) -> None:
    inventory = applied(api, configmap(namespace, a="1"), configmap(namespace, "other", b="1"))
    keep = configmap(namespace, a="1")
    one = planned(question, keep, before=(keep,), inventory=inventory)["ConfigMap/other"]
    assert one.verb is Verb.DELETE
    assert one.uid
    assert any(loss.startswith("created") for loss in one.losses)


def test_a_protection_counts_as_the_live_object_has_it(question: PlanRequest, api: Cluster, namespace: str) -> None:
    guarded = configmap(namespace, "guarded")
    guarded["metadata"]["annotations"] = {"helm.sh/resource-policy": "keep"}
    keep = configmap(namespace, a="1")
    members = {**applied(api, keep).members}
    body = {**guarded, "metadata": {**guarded["metadata"], "labels": {MEMBER_LABEL: LABEL}}}
    made = api.apply(body, dry_run=False).body["metadata"]
    members[object_of(guarded).ref] = Member("v1", made["uid"], made["resourceVersion"])
    inventory = Inventory("test", "gitops-bot", "c0ffee", members, LABEL)
    one = planned(question, keep, before=(keep,), inventory=inventory)["ConfigMap/guarded"]
    assert one.verb is Verb.UNCHANGED
    assert one.stays == "left Git and stays in the cluster: helm.sh/resource-policy: keep"


def test_more_than_a_share_at_once_is_not_deleted(question: PlanRequest, api: Cluster, namespace: str) -> None:
    bodies = [configmap(namespace, f"c{number}") for number in range(6)]
    inventory = applied(api, *bodies)
    made = planned(question, *bodies[:3], before=tuple(bodies), inventory=inventory)
    assert "3 of 6 objects would be deleted, and 1 may be" in made["ConfigMap/c5"].problem
    fewer = planned(question, *bodies[:5], before=tuple(bodies), inventory=inventory)
    assert fewer["ConfigMap/c5"].verb is Verb.DELETE


def test_an_empty_rendering_is_refused(question: PlanRequest, api: Cluster, namespace: str) -> None:
    inventory = applied(api, configmap(namespace))
    with pytest.raises(Refused, match="it renders to nothing, which would delete all 1 objects"):
        planned(question, before=(configmap(namespace),), inventory=inventory)


def test_a_namespace_that_holds_others_objects_is_not_deleted(
    question: PlanRequest, api: Cluster, namespace: str
) -> None:
    name = f"old-{uuid.uuid4().hex[:10]}"
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    keep = configmap(namespace, a="1")
    inventory = applied(api, space, keep, configmap(name, "ours"), configmap(namespace, "more"))
    generous = replace(question, rules=replace(question.rules, prune_most=100))
    one = planned(generous, keep, before=(keep,), inventory=inventory)[f"Namespace/{name}"]
    assert (one.verb, one.confirm) == (Verb.DELETE, True)
    assert any("everything in it, 1 object" in loss for loss in one.losses)
    assert another(api, "them").apply(configmap(name, "theirs"), dry_run=False).ok
    one = planned(generous, keep, before=(keep,), inventory=inventory)[f"Namespace/{name}"]
    assert one.verb is Verb.UNKNOWN
    assert f"holds what is not this project's: ConfigMap {name}/theirs" in one.problem
    assert api.delete("v1", object_of(space).ref, uid=one.uid, dry_run=False).ok


NOT_READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}


@pytest.fixture
def live(api: Cluster) -> Callable[[Body], Body]:
    """An object as it is now."""
    return lambda body: api.get(body["apiVersion"], object_of(body).ref).body


@pytest.fixture
def going(question: PlanRequest, api: Cluster, namespace: str) -> Callable[[Body], str]:
    """What a plan says of the losses when this object leaves Git."""
    keep = configmap(namespace, a="1")

    def told(body: Body) -> str:
        generous = replace(question, rules=replace(question.rules, prune_most=100))
        one = object_of(body)
        member = Member(body["apiVersion"], api.get(one.api_version, one.ref).body["metadata"]["uid"])
        inventory = applied(api, keep)
        inventory = replace(inventory, members={**inventory.members, one.ref: member})
        made = planned(generous, keep, before=(keep,), inventory=inventory)[f"{one.ref.kind}/{one.ref.name}"]
        assert made.verb is Verb.DELETE, made.problem
        return "; ".join(made.losses)

    return told


def test_a_workload_that_goes_says_how_many_pods_go_along_and_how_many_serve(
    api: Cluster, cluster: Access, namespace: str, live: Callable[[Body], Body], going: Callable[[Body], str]
) -> None:
    web = deployment(namespace)
    web["spec"]["replicas"] = 3
    applied(api, web)
    with Kubelet(cluster, namespace):
        until(lambda: (live(web).get("status") or {}).get("readyReplicas") == 3)
    assert "3 pods, 3 ready" in going(web)
    with cluster.client() as raw:
        core = client.CoreV1Api(raw)
        pod = core.list_namespaced_pod(namespace).items[0].metadata.name
        core.patch_namespaced_pod_status(pod, namespace, {"status": NOT_READY})
    until(lambda: live(web)["status"].get("readyReplicas") == 2)
    assert "3 pods, 2 ready" in going(web)


def test_a_job_and_a_pod_that_go_say_what_runs(
    api: Cluster, cluster: Access, namespace: str, live: Callable[[Body], Body], going: Callable[[Body], str]
) -> None:
    spec = {"restartPolicy": "Never", "containers": [{"name": "one", "image": "none"}]}
    metadata = {"name": "once", "namespace": namespace}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": {"spec": spec}}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    applied(api, job, pod)
    until(lambda: (live(job).get("status") or {}).get("active") == 1)
    assert ("1 pod, 0 ready" in going(job), "1 pod, 0 ready" in going(pod)) == (True, True)
    with Kubelet(cluster, namespace, READY):
        until(lambda: live(job)["status"].get("ready") == 1)
    assert ("1 pod, 1 ready" in going(job), "1 pod, 1 ready" in going(pod)) == (True, True)
    with cluster.client() as raw:
        client.CoreV1Api(raw).patch_namespaced_pod_status("once", namespace, {"status": {"phase": "Succeeded"}})
    assert "pod" not in going(pod)


def test_a_namespace_that_goes_counts_the_pods_in_it(
    api: Cluster, cluster: Access, live: Callable[[Body], Body], going: Callable[[Body], str]
) -> None:
    name = f"old-{uuid.uuid4().hex[:10]}"
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    web = deployment(name)
    web["spec"]["replicas"] = 2
    applied(api, space, web)
    with Kubelet(cluster, name):
        until(lambda: (live(web).get("status") or {}).get("readyReplicas") == 2)
        told = going(space)
        assert "2 pods, 2 ready" in told
        assert "everything in it" in told
        assert api.delete("v1", object_of(space).ref, uid=live(space)["metadata"]["uid"], dry_run=False).ok
        until(lambda: not api.get("v1", object_of(space).ref).ok)
