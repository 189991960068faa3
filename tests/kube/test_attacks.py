"""Attacks on what is applied and deleted: each is a way in which a pull request might do more than it showed."""

import signal
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import ToolFailed
from bot.kube.cluster import inventory
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.deletions import list_contents
from bot.kube.objects.kube_object import ObjectRef, object_of
from bot.kube.objects.normalization import MEMBER_LABEL
from bot.kube.objects.object_changes import Verb
from bot.kube.options import Allowance, HealthOptions
from bot.kube.plan.plan_request import PlanRequest
from tests.kube.bodies import hook
from tests.kube.carrying import Ground, there
from tests.kube.door import Door
from tests.kube.planning import another, applied, configmap, deployment, planned
from tests.kube.toys import toy, toys
from tests.rig.access import Access

REF = ObjectRef("apps", "Deployment", "", "web")


@pytest.fixture
def ground(api: Cluster, cluster: Access, namespace: str, tmp_path: Path) -> Ground:
    return Ground(api, cluster.kubeconfig, tmp_path, namespace)


def annotated(ground: Ground, ref: ObjectRef, api_version: str, name: str, value: str) -> None:
    """As a person does it, by `kubectl annotate`."""
    operation = {"op": "add", "path": "/metadata/annotations", "value": {name: value}}
    assert another(ground.api, "kubectl-annotate").patch(api_version, ref, [operation], dry_run=False).ok


def test_a_hook_named_like_an_object_of_others_does_not_delete_it(ground: Ground) -> None:
    space = ground.namespace
    theirs = configmap(space, "theirs", precious="1")
    assert another(ground.api, "them").apply(theirs, dry_run=False).ok
    before = ground.api.get("v1", object_of(theirs).ref).body["metadata"]["uid"]
    work = ground.plan(configmap(space, a="1"), hook(configmap(space, "theirs"), "pre-install"))
    carried = ground.carry(work)
    after = ground.api.get("v1", object_of(theirs).ref).body
    assert (after["metadata"]["uid"], after["data"]) == (before, {"precious": "1"})
    assert carried.exit != 0
    assert "is there, and was not made by a hook" in carried.output


def test_a_hook_that_somebody_protects_is_not_cleared_away(ground: Ground) -> None:
    space = ground.namespace
    mine = hook(configmap(space, "mine"), "pre-install,pre-upgrade")
    ground.apply(configmap(space, a="1"), mine)
    ref = object_of(mine).ref
    path = "/metadata/annotations/helm.sh~1resource-policy"
    operation = {"op": "add", "path": path, "value": "keep"}
    assert another(ground.api, "somebody").patch("v1", ref, [operation], dry_run=False).ok
    carried = ground.carry(ground.plan(configmap(space, a="2"), mine))
    assert there(ground, "mine")
    assert "is protected: helm.sh/resource-policy: keep" in carried.output


def test_a_protection_put_on_after_the_plan_keeps_an_object_from_being_replaced(ground: Ground) -> None:
    ground.apply(deployment(ground.namespace))
    ref = ObjectRef("apps", "Deployment", ground.namespace, "web")
    before = ground.api.get("apps/v1", ref).body["metadata"]["uid"]
    work = ground.plan(deployment(ground.namespace, app="other"))
    assert [change.verb for change in work.changes] == [Verb.REPLACE]
    operation = {"op": "add", "path": "/metadata/annotations/gitops-bot~1prune", "value": "false"}
    assert another(ground.api, "somebody").patch("apps/v1", ref, [operation], dry_run=False).ok
    carried = ground.carry(work)
    assert ground.api.get("apps/v1", ref).body["metadata"]["uid"] == before
    assert carried.exit == 3
    assert "is protected now: gitops-bot/prune: false" in carried.results.refused


def test_what_others_put_into_a_namespace_after_the_plan_keeps_it(ground: Ground) -> None:
    name = f"old-{uuid.uuid4().hex[:10]}"
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    keep = configmap(ground.namespace, a="1")
    ground.apply(space, keep)
    work = ground.plan(keep)
    assert [(change.verb, change.ref.name) for change in work.changes] == [(Verb.DELETE, name)]
    assert another(ground.api, "them").apply(configmap(name, "theirs"), dry_run=False).ok
    carried = ground.carry(work, f"Namespace/{name}")
    assert ground.api.get("v1", ObjectRef("", "ConfigMap", name, "theirs")).ok
    assert carried.exit == 3
    assert f"holds what is not this project's: ConfigMap {name}/theirs" in carried.results.refused
    live = ground.api.get("v1", object_of(space).ref).body
    assert ground.api.delete("v1", object_of(space).ref, uid=live["metadata"]["uid"], dry_run=False).ok


def test_an_interrupt_does_not_lose_an_object_between_its_end_and_its_new_beginning(ground: Ground) -> None:
    held = deployment(ground.namespace)
    held["metadata"]["finalizers"] = ["tests.example/held"]
    ground.apply(held)
    ref = ObjectRef("apps", "Deployment", ground.namespace, "web")
    child = ground.begin(ground.plan(deployment(ground.namespace, app="other")))
    while not ground.api.get("apps/v1", ref).body["metadata"].get("deletionTimestamp"):
        assert child.poll() is None
    child.send_signal(signal.SIGINT)
    operation = {"op": "remove", "path": "/metadata/finalizers"}
    assert another(ground.api, "somebody").patch("apps/v1", ref, [operation], dry_run=False).ok
    carried = ground.ended(child)
    live = ground.api.get("apps/v1", ref)
    assert live.ok, carried.output
    assert live.body["spec"]["selector"] == {"matchLabels": {"app": "other"}}
    assert carried.ends()[str(ref)] == "done"


def test_an_object_of_another_project_is_not_taken_from_it_unsaid(
    question: PlanRequest, api: Cluster, namespace: str
) -> None:
    body = configmap(namespace, a="1", b="1")
    theirs = {**body, "metadata": {**body["metadata"], "labels": {MEMBER_LABEL: "applyset-of-another-v1"}}}
    assert api.apply(theirs, dry_run=False).ok
    one = planned(question, configmap(namespace, a="2"))["ConfigMap/settings"]
    assert one.verb is Verb.CONFLICT
    assert "belongs to another project" in one.problem
    allowed = replace(question, rules=replace(question.rules, allow=frozenset({Allowance.CONFLICTS})))
    one = planned(allowed, configmap(namespace, a="2"))["ConfigMap/settings"]
    assert one.verb is Verb.CHANGE
    assert any("is taken from another project" in note for note in one.notes)


def test_a_project_may_have_what_another_of_its_repository_had_and_says_so(
    question: PlanRequest, api: Cluster, namespace: str
) -> None:
    old = f"forge 1 old/{namespace}:default"
    its = inventory.Inventory(old, namespace, "", label=inventory.label_of(old, namespace))
    inventory.write(api, its)
    body = configmap(namespace, a="1")
    theirs = {**body, "metadata": {**body["metadata"], "labels": {MEMBER_LABEL: its.label}}}
    assert api.apply(theirs, dry_run=False).ok
    moved = replace(question, project=f"forge 1 new/{namespace}:default")
    one = planned(moved, configmap(namespace, a="1"))["ConfigMap/settings"]
    assert one.verb is Verb.ADOPT
    assert one.notes == (f"moves from `old/{namespace}`, which gives it up",)
    stranger = replace(question, project=f"forge 2 new/{namespace}:default")
    assert planned(stranger, configmap(namespace, a="1"))["ConfigMap/settings"].verb is Verb.CONFLICT


def test_no_project_renders_an_inventory(question: PlanRequest, api: Cluster, namespace: str) -> None:
    forged = configmap(namespace, "gitops-bot-other", commit="--output=/tmp/x")
    forged["metadata"]["labels"] = {inventory.ID_LABEL: "applyset-of-another-v1"}
    one = planned(question, forged)["ConfigMap/gitops-bot-other"]
    assert one.verb is Verb.UNKNOWN
    assert "is an inventory" in one.problem


@pytest.mark.parametrize("annotation", [("helm.sh/resource-policy", "Keep"), ("gitops-bot/prune", "False")])
def test_a_protection_counts_however_it_is_spelled(
    annotation: tuple[str, str], question: PlanRequest, api: Cluster, namespace: str
) -> None:
    guarded = configmap(namespace, "guarded")
    guarded["metadata"]["annotations"] = dict([annotation])
    keep = configmap(namespace, a="1")
    known = applied(api, keep, guarded)
    # The helper's label takes the place of labels only; annotations are applied as they are.
    one = planned(question, keep, before=(keep, guarded), inventory=known)["ConfigMap/guarded"]
    assert one.verb is Verb.UNCHANGED
    assert "stays in the cluster" in one.stays


def test_what_was_applied_in_a_version_that_is_gone_is_not_forgotten_when_it_leaves_git(ground: Ground) -> None:
    group = f"{ground.namespace}.example"
    ground.apply(toys(group, "v1", "v2"), toy(group, "v1", ground.namespace))
    assert another(ground.api, "them").apply(toys(group, "v2"), dry_run=False, force=True).ok
    ground.api.forget_resources()
    work = ground.plan(toys(group, "v2"))
    assert [change.verb for change in work.changes if change.ref.kind == "Toy"] == [Verb.DELETE]
    carried = ground.carry(work)
    assert carried.exit == 0, carried.output
    assert not ground.api.get(f"{group}/v2", object_of(toy(group, "v2", ground.namespace)).ref).ok


def test_an_aggregated_api_that_is_down_stops_no_plan_and_is_not_asked_again_and_again(
    question: PlanRequest, api: Cluster, cluster: Access, namespace: str, tmp_path: Path
) -> None:
    group = f"{namespace}.example"
    service = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"v1.{group}"},
        "spec": {
            "group": group,
            "version": "v1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
            "service": {"name": "nowhere", "namespace": namespace},
        },
    }
    made = api.apply(service, dry_run=False)
    assert made.ok, made.message
    try:
        with Door(cluster) as door:
            seen = Cluster.open("rig", door.kubeconfig(tmp_path))
            assert "apps/v1/Deployment" in seen.api_versions()
            planned_map = planned(replace(question, cluster=seen), configmap(namespace, a="1"))["ConfigMap/settings"]
            assert planned_map.verb is Verb.CREATE
            assert sum(group in asked for asked in door.asked) <= 1, door.asked
        api.forget_resources()
        with pytest.raises(ToolFailed, match=f"the API {group}/v1 does not answer"):
            list_contents(api, namespace)
    finally:
        assert api.delete(
            "apiregistration.k8s.io/v1",
            object_of(service).ref,
            uid=made.body["metadata"]["uid"],
            dry_run=False,
        ).ok


def test_a_pod_in_a_namespace_of_the_same_apply_does_not_race_its_account(ground: Ground) -> None:
    name = f"new-{uuid.uuid4().hex[:10]}"
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    spec = {"restartPolicy": "Never", "containers": [{"name": "one", "image": "none"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one", "namespace": name}, "spec": spec}
    ground.health = HealthOptions(timeout=0.1, stable=0)
    try:
        carried = ground.carry(ground.plan(space, pod))
        assert carried.ends()[f"Pod {name}/one"] != "failed", carried.output
    finally:
        live = ground.api.get("v1", object_of(space).ref).body
        assert ground.api.delete("v1", object_of(space).ref, uid=live["metadata"]["uid"], dry_run=False).ok
