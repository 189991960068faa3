"""What a plan says of objects that leave Git, held against the real API server."""

import uuid
from dataclasses import replace

import pytest

from bot.core.errors import Refused
from bot.kube.asking import Question
from bot.kube.client import Cluster
from bot.kube.inventory import Inventory, Member
from bot.kube.noise import MEMBER_LABEL
from bot.kube.objects import object_of
from bot.kube.outcomes import Verb
from tests.kube.planning import LABEL, another, applied, configmap, planned


def test_what_leaves_git_is_deleted_with_what_goes_along(question: Question, api: Cluster, namespace: str) -> None:
    inventory = applied(api, configmap(namespace, a="1"), configmap(namespace, "other", b="1"))
    keep = configmap(namespace, a="1")
    one = planned(question, keep, before=(keep,), inventory=inventory)["ConfigMap/other"]
    assert one.verb is Verb.DELETE
    assert one.uid
    assert any(loss.startswith("created") for loss in one.losses)


def test_a_protection_counts_as_the_live_object_has_it(question: Question, api: Cluster, namespace: str) -> None:
    guarded = configmap(namespace, "guarded")
    guarded["metadata"]["annotations"] = {"helm.sh/resource-policy": "keep"}
    keep = configmap(namespace, a="1")
    members = {**applied(api, keep).members}
    body = {**guarded, "metadata": {**guarded["metadata"], "labels": {MEMBER_LABEL: LABEL}}}
    made = api.apply(body, dry_run=False).body["metadata"]
    members[object_of(guarded).ref] = Member("v1", made["uid"], made["resourceVersion"])
    inventory = Inventory("test", "gitops-bot", "c0ffee", members, LABEL)
    one = planned(question, keep, before=(keep,), inventory=inventory)["ConfigMap/guarded"]
    assert one.verb is Verb.SAME
    assert one.notes == ("left Git and stays in the cluster: helm.sh/resource-policy: keep",)


def test_more_than_a_share_at_once_is_not_deleted(question: Question, api: Cluster, namespace: str) -> None:
    bodies = [configmap(namespace, f"c{number}") for number in range(6)]
    inventory = applied(api, *bodies)
    made = planned(question, *bodies[:3], before=tuple(bodies), inventory=inventory)
    assert "3 of 6 objects would be deleted, and 1 may be" in made["ConfigMap/c5"].problem
    fewer = planned(question, *bodies[:5], before=tuple(bodies), inventory=inventory)
    assert fewer["ConfigMap/c5"].verb is Verb.DELETE


def test_an_empty_rendering_is_refused(question: Question, api: Cluster, namespace: str) -> None:
    inventory = applied(api, configmap(namespace))
    with pytest.raises(Refused, match="it renders to nothing, which would delete all 1 objects"):
        planned(question, before=(configmap(namespace),), inventory=inventory)


def test_a_namespace_that_holds_others_objects_is_not_deleted(question: Question, api: Cluster, namespace: str) -> None:
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
    assert one.verb is Verb.UNTOLD
    assert f"holds what is not this project's: ConfigMap {name}/theirs" in one.problem
    assert api.delete("v1", object_of(space).ref, uid=one.uid, dry_run=False).ok
