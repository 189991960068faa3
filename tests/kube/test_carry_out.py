"""Applies by the real child process on the real API server: all of it, and nothing else."""

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from bot.kube.cluster import inventory
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.inventory import Inventory, Member
from bot.kube.objects.kube_object import ObjectRef, object_of
from bot.kube.objects.normalization import MEMBER_LABEL
from bot.kube.objects.object_changes import Verb
from tests.kube.carrying import Ground, only
from tests.kube.planning import another, configmap, deployment
from tests.kube.wire import Wire
from tests.rig.access import Access
from tests.sandbox.running import until


@pytest.fixture
def ground(api: Cluster, cluster: Access, namespace: str, tmp_path: Path) -> Ground:
    return Ground(api, cluster.kubeconfig, tmp_path, namespace)


def data(ground: Ground, name: str = "settings") -> object:
    answer = ground.api.get("v1", ObjectRef("", "ConfigMap", ground.namespace, name))
    return answer.body.get("data") if answer.ok else None


def test_objects_are_created_changed_and_deleted_and_the_inventory_is_exact(ground: Ground) -> None:
    space = ground.namespace
    first = ground.apply(configmap(space, a="1"), configmap(space, "other"), deployment(space))
    assert first.results.summary().startswith("3 created; healthy after")
    assert ground.members() == {"ConfigMap/settings", "ConfigMap/other", "Deployment/web"}
    second = ground.apply(configmap(space, a="2"), deployment(space))
    assert second.results.summary() == "1 changed, 1 deleted; healthy after 0 s"
    assert data(ground) == {"a": "2"}
    assert data(ground, "other") is None
    assert ground.members() == {"ConfigMap/settings", "Deployment/web"}
    known = ground.known()
    assert known
    assert (known.commit, known.rebuilt) == ("c0ffee", False)
    assert all(change.verb is Verb.UNCHANGED or change.verb is None for change in ground.plan(*ground.before).changes)


def test_members_bear_the_label_by_which_kubectl_finds_them(ground: Ground) -> None:
    ground.apply(configmap(ground.namespace, a="1"))
    known = ground.known()
    assert known
    selector = f"{MEMBER_LABEL}={known.label}"
    assert [meta.ref.name for meta in ground.api.metadata("v1", "ConfigMap", None, selector)] == ["settings"]
    parents = ground.api.metadata("v1", "ConfigMap", ground.namespace, f"applyset.kubernetes.io/id={known.label}")
    assert len(parents) == 1
    assert parents[0].annotations["applyset.kubernetes.io/contains-group-kinds"] == "ConfigMap"


def test_what_changed_since_the_plan_is_refused_before_anything_is_done(ground: Ground) -> None:
    space = ground.namespace
    ground.apply(configmap(space, a="1"), configmap(space, "other", b="1"))
    work = ground.plan(configmap(space, a="2"), configmap(space, "other", b="2"))
    moved = {**configmap(space, "other", c="9")}
    assert another(ground.api, "somebody").apply(moved, dry_run=False).ok
    carried = ground.carry(work)
    assert carried.exit == 3
    assert f"ConfigMap {space}/other changed since the plan" in carried.results.refused
    assert data(ground) == {"a": "1"}


def test_an_object_made_since_the_plan_is_refused(ground: Ground) -> None:
    work = ground.plan(configmap(ground.namespace, a="1"))
    assert another(ground.api, "somebody").apply(configmap(ground.namespace, a="7"), dry_run=False).ok
    carried = ground.carry(work)
    assert (carried.exit, data(ground)) == (3, {"a": "7"})
    assert "was made since the plan" in carried.results.refused


def test_a_conflict_fails_its_object_and_leaves_the_others_done(ground: Ground) -> None:
    space = ground.namespace
    ground.apply(configmap(space, a="1"), configmap(space, "other", b="1"))
    work = ground.plan(configmap(space, a="2"), configmap(space, "other", b="2"))
    blind = [change if change.ref.name != "settings" else replace(change, result="") for change in work.changes]
    assert another(ground.api, "somebody").apply(configmap(space, a="9"), dry_run=False, force=True).ok
    carried = ground.carry(only(work, blind))
    assert carried.exit == 1
    assert carried.ends() == {f"ConfigMap {space}/other": "done", f"ConfigMap {space}/settings": "failed"}
    assert data(ground, "other") == {"b": "2"}
    known = ground.known()
    assert known
    assert known.commit == ""


def test_a_replacement_is_deleted_and_made_again(ground: Ground) -> None:
    space = ground.namespace
    ground.apply(deployment(space))
    ref = ObjectRef("apps", "Deployment", space, "web")
    before = ground.api.get("apps/v1", ref).body["metadata"]["uid"]
    carried = ground.apply(deployment(space, app="other"))
    assert carried.results.summary().startswith("1 replaced; healthy")
    live = ground.api.get("apps/v1", ref).body
    assert live["metadata"]["uid"] != before
    assert live["spec"]["selector"] == {"matchLabels": {"app": "other"}}


def test_a_killed_child_leaves_work_that_a_second_apply_finishes(ground: Ground) -> None:
    bodies = [configmap(ground.namespace, f"c{number}", a="1") for number in range(200)]
    child = ground.begin(ground.plan(*bodies))
    assert child.stdout
    for _ in range(20):
        child.stdout.readline()
    child.kill()
    killed = ground.ended(child)
    assert killed.exit == -signal.SIGKILL
    half = len(ground.api.metadata("v1", "ConfigMap", ground.namespace))
    assert half > 10
    assert len(ground.members()) == 200
    second = ground.carry(ground.plan(*bodies))
    assert second.exit == 0
    assert (
        len([meta for meta in ground.api.metadata("v1", "ConfigMap", ground.namespace) if meta.ref.name[0] == "c"])
        == 200
    )


def test_an_interrupted_child_finishes_what_it_is_at_and_tells_the_rest(ground: Ground) -> None:
    bodies = [configmap(ground.namespace, f"c{number}", a="1") for number in range(300)]
    child = ground.begin(ground.plan(*bodies))
    assert child.stdout
    for _ in range(10):
        child.stdout.readline()
    child.send_signal(signal.SIGINT)
    carried = ground.ended(child)
    assert carried.exit == 4
    ends = carried.ends()
    assert set(ends.values()) == {"done", "skipped"}
    assert len(ends) == 300
    done = sum(end == "done" for end in ends.values())
    assert len(ground.members()) == done


def test_a_lost_inventory_is_rebuilt_from_labels_and_deletes_rightly(ground: Ground) -> None:
    space = ground.namespace
    ground.apply(configmap(space, a="1"), configmap(space, "other"))
    known = ground.known()
    assert known
    parent = next(
        meta for meta in ground.api.metadata("v1", "ConfigMap", space) if meta.ref.name.startswith("gitops-bot-")
    )
    assert ground.api.delete("v1", parent.ref, uid=parent.uid, dry_run=False).ok
    assert ground.known() is None
    work = ground.plan(configmap(space, a="1"))
    assert [(change.ref.name, change.verb) for change in work.changes] == [("other", Verb.DELETE)]
    assert ground.carry(work).exit == 0
    assert data(ground, "other") is None
    assert ground.members() == {"ConfigMap/settings"}


def test_an_inventory_of_two_thousand_objects_fits(ground: Ground) -> None:
    members = {
        ObjectRef("apps", "Deployment", "a" * 60, f"{number}-{'x' * 200}"): Member(
            "apps/v1", f"{number:036d}", str(number), 1
        )
        for number in range(2000)
    }
    label = inventory.label_of(ground.project, ground.namespace)
    made = Inventory(ground.project, ground.namespace, "c0ffee", members, label)
    inventory.write(ground.api, made)
    assert ground.known() == made


def test_names_with_underscores_are_members_too() -> None:
    ref = ObjectRef("rbac.authorization.k8s.io", "ClusterRole", "", "system:a_b_c")
    assert ObjectRef.parse_id(ref.id) == ref
    assert ObjectRef.parse_id(ObjectRef("", "Secret", "space", "a_b").id).name == "a_b"


def test_a_definition_and_its_object_go_in_one_apply(ground: Ground) -> None:
    group = f"{ground.namespace}.example"
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "Toy", "plural": "toys", "singular": "toy", "listKind": "ToyList"}
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"toys.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
    toy = {
        "apiVersion": f"{group}/v1",
        "kind": "Toy",
        "metadata": {"name": "ball", "namespace": ground.namespace},
        "spec": {"size": 3},
    }
    ground.apply(crd, toy)
    ground.api.forget_resources()
    assert ground.api.get(f"{group}/v1", object_of(toy).ref).body["spec"] == {"size": 3}
    gone = ground.carry(ground.plan(), f"CustomResourceDefinition/toys.{group}")
    assert gone.exit == 0, gone.output
    until(lambda: not ground.api.get("apiextensions.k8s.io/v1", object_of(crd).ref).ok)


def test_what_is_precious_goes_only_when_a_person_named_it(ground: Ground) -> None:
    name = f"{ground.namespace}-more"
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    ground.apply(space, configmap(name, a="1"), configmap(ground.namespace))
    work = ground.plan(configmap(ground.namespace))
    refused = ground.carry(work)
    assert refused.exit == 3
    assert f"Namespace/{name} was not confirmed" in refused.results.refused
    carried = ground.carry(work, f"Namespace/{name}")
    assert carried.exit == 0, carried.output
    assert ground.api.get("v1", object_of(space).ref).status == 404


def test_a_keep_annotation_put_on_after_the_plan_keeps_the_object(ground: Ground) -> None:
    space = ground.namespace
    ground.apply(configmap(space, a="1"), configmap(space, "other"))
    work = ground.plan(configmap(space, a="1"))
    other = ObjectRef("", "ConfigMap", space, "other")
    guard = [{"op": "add", "path": "/metadata/annotations", "value": {"gitops-bot/prune": "false"}}]
    assert ground.api.patch("v1", other, guard, dry_run=False).ok
    carried = ground.carry(work)
    assert carried.exit == 3
    assert "is protected now: gitops-bot/prune: false" in carried.results.refused
    assert ground.api.get("v1", other).ok


def test_an_unhealthy_workload_fails_the_apply_and_prunes_nothing(ground: Ground) -> None:
    space = ground.namespace
    ground.health = replace(ground.health, timeout=2)
    ground.apply(configmap(space))
    body = deployment(space)
    body["spec"]["replicas"] = 1
    carried = ground.carry(ground.plan(body))
    assert carried.exit == 1
    assert carried.ends()[f"Deployment {space}/web"] == "unhealthy"
    assert ground.api.get("v1", ObjectRef("", "ConfigMap", space, "settings")).ok


def test_a_connection_lost_halfway_is_told_and_a_second_apply_finishes_it(ground: Ground, tmp_path: Path) -> None:
    bodies = [configmap(ground.namespace, f"c{number}", a="1") for number in range(200)]
    work = ground.plan(*bodies)
    with Wire(ground.kubeconfig, tmp_path) as wire:
        child = replace(ground, kubeconfig=wire.kubeconfig, timeout=2.0).begin(work)
        assert child.stdout
        for _ in range(20):
            child.stdout.readline()
        wire.cut()
        lost = ground.ended(child)
    assert lost.exit == 1
    assert "does not answer" in lost.output
    assert len(ground.members()) == 200
    assert ground.carry(ground.plan(*bodies)).exit == 0
