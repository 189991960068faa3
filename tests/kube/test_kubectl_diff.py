"""What kubectl would diff is what the bot's own dry-run tells, and nothing of it leaks."""

import json
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.core.errors import ToolFailed
from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import object_of
from bot.kube.objects.masking import Mask
from bot.kube.objects.object_changes import FieldChange
from bot.kube.plan.field_diff import diff_fields
from bot.kube.plan.kubectl_diff import KubectlAnswer, KubectlDiffRequest, ask_kubectl
from tests.caging import strongest_cage
from tests.rig.access import Access

MASK = Mask(b"k" * 32)
MANAGER = "gitops-bot"
VALUE, OTHER = "aHVudGVyMi1odW50ZXIy", "c3dvcmRmaXNoLXN3b3JkLQ=="

Body = dict[str, Any]
Ask = Callable[..., KubectlAnswer]


@pytest.fixture
def kube(cluster: Access) -> Cluster:
    return Cluster.open("test", cluster.kubeconfig, timeout=10)


@pytest.fixture
def ask(cluster: Access, tmp_path: Path) -> Ask:
    def asked(bodies: Sequence[Body], **more: Any) -> KubectlAnswer:
        scratch = tmp_path / "of kubectl"
        scratch.mkdir(exist_ok=True)
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
        objects = [object_of(body) for body in bodies]
        return ask_kubectl(
            KubectlDiffRequest(
                objects, cluster.kubeconfig, cluster.users[0], scratch, environment, strongest_cage(), MASK, **more
            )
        )

    return asked


def body(kind: str, namespace: str, name: str = "web", api_version: str = "v1", **rest: Any) -> Body:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, **rest}


def config(namespace: str, name: str = "web", **data: Any) -> Body:
    return body("ConfigMap", namespace, name, data=data)


def deployment(namespace: str, image: str = "web:1", replicas: int = 2) -> Body:
    pod = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": image}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": pod}
    return body("Deployment", namespace, "web", "apps/v1", spec=spec)


def by_the_bot(kube: Cluster, before: Body | None, one: Body) -> list[FieldChange]:
    live = kube.get(one["apiVersion"], object_of(one).ref)
    tried = kube.apply(one, dry_run=True, force=True)
    assert tried.ok, tried.message
    there = MASK.mask_values(live.body) if live.ok else None
    return ordered(diff_fields(masked(before), masked(one), there, MASK.mask_values(tried.body), MANAGER))


def by_kubectl(told: KubectlAnswer, before: Body | None, one: Body) -> list[FieldChange]:
    live, merged = told.pairs[object_of(one).ref]
    return ordered(diff_fields(masked(before), masked(one), live, merged, MANAGER))


def ordered(changes: Sequence[FieldChange]) -> list[FieldChange]:
    """By path, and each value with its keys in order: kubectl sorts them."""
    made = [replace(change, old=_sorted(change.old), new=_sorted(change.new)) for change in changes]
    return sorted(made, key=lambda one: one.path)


def _sorted(text: str | None) -> str | None:
    read = yaml.safe_load(text) if text else None
    return json.dumps(read, sort_keys=True) if isinstance(read, dict | list) else text


def masked(one: Body | None) -> Body | None:
    return MASK.mask_values(one) if one else None


def edited(cluster: Access, one: Body) -> None:
    someone = Cluster.open("test", cluster.kubeconfig, timeout=10, manager="kubectl-edit")
    assert someone.patch(
        one["apiVersion"],
        object_of(one).ref,
        [{"op": "replace", "path": "/spec/replicas", "value": 5}],
        dry_run=False,
    ).ok


def test_a_new_object_is_told_as_the_bot_tells_it(kube: Cluster, namespace: str, ask: Ask) -> None:
    new = [config(namespace, a="1"), deployment(namespace), body("Secret", namespace, data={"a": VALUE})]
    told = ask(new)
    assert told.failed == {}
    assert [pair[0] for pair in told.pairs.values()] == [None, None, None]
    for one in new:
        changes = by_kubectl(told, None, one)
        assert changes
        assert changes == by_the_bot(kube, None, one)


def test_a_change_is_told_as_the_bot_tells_it(kube: Cluster, namespace: str, ask: Ask) -> None:
    old = [config(namespace, a="1", b="2"), deployment(namespace)]
    new = [config(namespace, a="3", c="4"), deployment(namespace, image="web:2")]
    for one in old:
        assert kube.apply(one, dry_run=False).ok
    told = ask(new)
    for before, after in zip(old, new, strict=True):
        changes = by_kubectl(told, before, after)
        assert changes
        assert changes == by_the_bot(kube, before, after)


def test_drift_is_told_as_the_bot_tells_it(kube: Cluster, namespace: str, cluster: Access, ask: Ask) -> None:
    one = deployment(namespace)
    assert kube.apply(one, dry_run=False).ok
    edited(cluster, one)
    (change,) = by_kubectl(ask([one]), one, one)
    assert [change] == by_the_bot(kube, one, one)
    assert (change.path, change.old, change.new) == ("spec.replicas", "5", "2")
    assert change.by.startswith("kubectl-edit")


def test_what_does_not_change_is_told_as_unchanged(kube: Cluster, namespace: str, ask: Ask) -> None:
    there = [config(namespace, a="1"), deployment(namespace), body("Secret", namespace, data={"a": VALUE})]
    for one in there:
        assert kube.apply(one, dry_run=False).ok
    told = ask(there)
    assert [by_kubectl(told, one, one) for one in there] == [[], [], []]
    assert [by_the_bot(kube, one, one) for one in there] == [[], [], []]


def test_a_secret_changes_in_the_same_keys_and_to_the_same_values(kube: Cluster, namespace: str, ask: Ask) -> None:
    old = body("Secret", namespace, data={"changed": VALUE, "same": VALUE, "gone": VALUE})
    new = body("Secret", namespace, data={"changed": OTHER, "same": VALUE, "new": OTHER})
    assert kube.apply(old, dry_run=False).ok
    told, ours = by_kubectl(ask([new]), old, new), by_the_bot(kube, old, new)
    assert [(one.path, one.new, one.cause) for one in told] == [(one.path, one.new, one.cause) for one in ours]
    assert {one.path for one in told if one.old != one.new} == {"data.changed", "data.gone", "data.new"}


def test_no_value_of_a_secret_is_told(kube: Cluster, namespace: str, ask: Ask) -> None:
    applied = {"kubectl.kubernetes.io/last-applied-configuration": f'{{"kind":"Secret","data":{{"a":"{VALUE}"}}}}'}
    old = body("Secret", namespace, data={"a": VALUE})
    old["metadata"]["annotations"] = applied
    assert kube.apply(old, dry_run=False).ok
    wrong = body("Secret", namespace, "wrong", data={"a": OTHER})
    wrong["metadata"]["labels"] = {"a": "swordfish-sword-"}  # which the server repeats
    told = ask([body("Secret", namespace, stringData={"a": "swordfish-sword-"}), wrong])
    assert len(told.pairs) == 1
    assert "a valid label must be" in told.failed[object_of(wrong).ref]
    for value in (VALUE, OTHER, "hunter2", "swordfish"):
        assert value not in repr(told)


def test_one_broken_object_hides_no_other(kube: Cluster, namespace: str, ask: Ask) -> None:
    good = [config(namespace, f"good-{number}", a="1") for number in range(4)]
    unknown = body("Thing", namespace, api_version="nothing.test/v1")
    elsewhere = config("no-such-namespace", a="1")
    told = ask([*good[:2], unknown, good[2], elsewhere, good[3]])
    assert set(told.pairs) == {object_of(one).ref for one in good}
    assert set(told.failed) == {object_of(unknown).ref, object_of(elsewhere).ref}
    assert "no-such-namespace" in told.failed[object_of(elsewhere).ref]


def test_a_field_of_someone_else_fails_without_force_and_is_taken_with_it(
    kube: Cluster, namespace: str, cluster: Access, ask: Ask
) -> None:
    one = deployment(namespace)
    someone = Cluster.open("test", cluster.kubeconfig, timeout=10, manager="someone")
    assert someone.apply(deployment(namespace, replicas=3), dry_run=False).ok
    assert "spec.replicas" in ask([one], force=False).failed[object_of(one).ref]
    assert by_kubectl(ask([one]), None, one) == by_the_bot(kube, None, one)


def test_nothing_is_asked_about_nothing(ask: Ask) -> None:
    assert ask([]) == KubectlAnswer()


def test_nothing_is_left_behind_in_the_scratch(namespace: str, ask: Ask, tmp_path: Path) -> None:
    ask([body("Secret", namespace, data={"a": VALUE})])
    files = [path for path in (tmp_path / "of kubectl").rglob("*") if path.is_file()]
    assert not any(VALUE in path.read_text(errors="replace") for path in files)
    (program,) = (tmp_path / "of kubectl" / "bin").iterdir()
    assert stat.S_IMODE(os.stat(program).st_mode) == 0o700


def test_a_cluster_that_does_not_answer_is_one_failure(cluster: Access, tmp_path: Path) -> None:
    nowhere = tmp_path / "kubeconfig"
    nowhere.write_text(cluster.kubeconfig.read_text().replace(cluster.url, "https://127.0.0.1:1"))
    objects = [object_of(config("shop", f"one-{number}")) for number in range(50)]
    request = KubectlDiffRequest(
        objects, nowhere, None, tmp_path, {"PATH": "/usr/local/bin:/usr/bin:/bin"}, strongest_cage(), MASK
    )
    with pytest.raises(ToolFailed, match="does not reach the cluster"):
        ask_kubectl(request)


def test_a_context_that_is_not_there_is_one_failure(cluster: Access, tmp_path: Path) -> None:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    request = KubectlDiffRequest(
        [object_of(config("shop"))], cluster.kubeconfig, "nowhere", tmp_path, environment, strongest_cage(), MASK
    )
    with pytest.raises(ToolFailed, match="does not reach the cluster") as failed:
        ask_kubectl(request)
    assert "nowhere" in failed.value.output


def test_kubectl_ends_when_its_time_is_up(namespace: str, ask: Ask) -> None:
    with pytest.raises(ToolFailed, match="kubectl diff took more than 0.01 s"):
        ask([config(namespace, a="1")], timeout=0.01)
