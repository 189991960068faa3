"""What an apply promises of its order and of what it deletes."""

from pathlib import Path

import pytest

from bot.kube.apply import pruning
from bot.kube.apply.results import ResultStatus
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.inventory import Inventory
from bot.kube.objects.apply_order import apply_groups, deletion_groups
from bot.kube.objects.kube_object import ObjectRef, object_of
from bot.kube.objects.normalization import MEMBER_LABEL
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.options import HealthOptions
from bot.kube.plan.plan_request import PlanRequest
from tests.kube.carrying import Ground, there
from tests.kube.planning import LABEL, Body, another, applied, configmap, planned
from tests.kube.toys import toy, toys
from tests.rig.access import Access

RBAC = "rbac.authorization.k8s.io"
ORDER = (
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("", "Namespace"),
    (RBAC, "ClusterRole"),
    ("", "Secret"),
    ("", "ConfigMap"),
    ("", "Service"),
    ("apps", "Deployment"),
    ("example.test", "Thing"),
)


@pytest.fixture
def ground(api: Cluster, cluster: Access, namespace: str, tmp_path: Path) -> Ground:
    return Ground(api, cluster.kubeconfig, tmp_path, namespace)


def kinds(found: object) -> list[str]:
    return [str(one[0].ref.kind) for one in found]  # type: ignore[attr-defined]


def test_what_others_need_is_applied_first_and_deleted_last() -> None:
    mixed = [ObjectChange(ObjectRef(group, kind, "", "a"), "v1", Verb.CREATE) for group, kind in sorted(ORDER)]
    assert kinds(group for _, group in apply_groups(mixed)) == [kind for _, kind in ORDER]
    assert kinds(deletion_groups(mixed)) == [kind for _, kind in reversed(ORDER)]


def test_what_lost_its_label_after_the_plan_is_not_deleted(ground: Ground) -> None:
    space = ground.namespace
    ground.apply(configmap(space, a="1"), configmap(space, "other"))
    work = ground.plan(configmap(space, a="1"))
    operation = {"op": "remove", "path": f"/metadata/labels/{MEMBER_LABEL.replace('/', '~1')}"}
    ref = ObjectRef("", "ConfigMap", space, "other")
    assert another(ground.api, "somebody").patch("v1", ref, [operation], dry_run=False).ok
    carried = ground.carry(work)
    assert (carried.exit, there(ground, "other")) == (3, True)
    assert "does not bear the inventory's label any more" in carried.results.refused


def test_what_was_made_anew_after_the_plan_is_not_deleted(ground: Ground) -> None:
    space = ground.namespace
    ground.apply(configmap(space, a="1"), configmap(space, "other"))
    work = ground.plan(configmap(space, a="1"))
    (gone,) = work.changes
    live = ground.api.get("v1", gone.ref).body
    assert ground.api.delete("v1", gone.ref, uid=gone.uid, dry_run=False).ok
    again = configmap(space, "other")
    again["metadata"]["labels"] = live["metadata"]["labels"]
    assert ground.api.apply(again, dry_run=False).ok
    carried = ground.carry(work)
    assert (carried.exit, there(ground, "other")) == (3, True)
    assert "is another one now" in carried.results.refused


def test_what_the_inventory_does_not_list_is_not_deleted_whoever_asks(api: Cluster, namespace: str) -> None:
    body = configmap(namespace, a="1")
    (member,) = applied(api, body).members.values()
    one = ObjectChange(object_of(body).ref, "v1", Verb.DELETE, uid=member.uid)
    known = Inventory("test", "gitops-bot", "c0ffee", {}, LABEL)
    result = pruning.prune_object(api, known, one, pruning.WaitLimit(1, lambda _: None))
    assert (result.status, result.message) == (ResultStatus.REFUSED, "is not in the inventory")
    assert api.get("v1", one.ref).ok


def test_what_a_finalizer_holds_is_told_as_still_there(ground: Ground) -> None:
    space = ground.namespace
    held = configmap(space, "held")
    held["metadata"]["finalizers"] = ["tests.example/held"]
    ground.apply(configmap(space, a="1"), held)
    ground.health = HealthOptions(timeout=1, stable=0)
    carried = ground.carry(ground.plan(configmap(space, a="1")))
    assert carried.exit == 1
    assert "is still there after 1 s, held by tests.example/held" in carried.output
    assert "ConfigMap/held" in ground.members()
    operation = {"op": "remove", "path": "/metadata/finalizers"}
    assert another(ground.api, "somebody").patch("v1", object_of(held).ref, [operation], dry_run=False).ok


def test_the_end_of_a_definition_takes_its_objects_along_and_says_which(
    question: PlanRequest, api: Cluster, namespace: str
) -> None:
    group = f"{namespace}.example"
    definition, keep = toys(group, "v1", "v2"), configmap(namespace, a="1")
    inventory = applied(api, definition, keep)
    ball = toy(group, "v1", namespace)
    api.forget_resources()
    while api.resource(f"{group}/v1", "Toy") is None:
        api.forget_resources()
    assert another(api, "them").apply(ball, dry_run=False).ok
    one = planned(question, keep, before=(keep, definition), inventory=inventory)[
        f"CustomResourceDefinition/toys.{group}"
    ]
    assert (one.verb, one.confirm) == (Verb.DELETE, True)
    assert f"every Toy, 1 object: Toy {namespace}/ball" in one.losses
    assert api.delete(definition["apiVersion"], one.ref, uid=one.uid, dry_run=False).ok


def claim(namespace: str) -> Body:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "3Gi"}}}
    metadata = {"name": "disk", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def test_the_end_of_a_volume_says_how_large_it_is(question: PlanRequest, api: Cluster, namespace: str) -> None:
    keep = configmap(namespace, a="1")
    inventory = applied(api, keep, claim(namespace))
    made = planned(question, keep, before=(keep, claim(namespace)), inventory=inventory)
    one = made["PersistentVolumeClaim/disk"]
    assert (one.verb, one.confirm) == (Verb.DELETE, True)
    assert "a volume of 3Gi, with what it holds, unless its class retains it" in one.losses
