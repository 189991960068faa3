"""The client against a real API server, and behind a door that misbehaves."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.errors import Refused, ToolFailed, Transient
from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import ObjectRef
from tests.kube.door import Door, Spoil, answer, hang_up, status
from tests.rig.access import Access


def config_map(namespace: str, name: str = "one", **data: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": data,
    }


def ref(namespace: str, name: str = "one") -> ObjectRef:
    return ObjectRef("", "ConfigMap", namespace, name)


@pytest.fixture
def kube(cluster: Access) -> Cluster:
    return Cluster.open("test", cluster.kubeconfig, timeout=10)


def test_kinds_are_found_as_the_server_serves_them(kube: Cluster) -> None:
    found = kube.resource("apps/v1", "Deployment")
    assert found
    assert (found.plural, found.namespaced) == ("deployments", True)
    assert kube.resource("apps/v1", "Nonsense") is None
    assert kube.resource("example.test/v1", "Thing") is None
    assert kube.version().startswith("v1.")
    assert {"v1", "apps/v1", "apps/v1/Deployment"} <= set(kube.api_versions())


def test_an_object_is_applied_read_listed_and_deleted(kube: Cluster, namespace: str) -> None:
    assert kube.apply(config_map(namespace, a="1"), dry_run=True).status == 201
    assert kube.get("v1", ref(namespace)).status == 404
    assert kube.apply(config_map(namespace, a="1"), dry_run=False).status == 201
    assert kube.get("v1", ref(namespace)).body["data"] == {"a": "1"}
    (meta,) = [one for one in kube.metadata("v1", "ConfigMap", namespace) if one.ref.name == "one"]
    assert meta.ref == ref(namespace)
    assert kube.delete("v1", ref(namespace), uid="another", dry_run=False).status == 409
    assert kube.delete("v1", ref(namespace), uid=meta.uid, dry_run=True).ok
    assert kube.delete("v1", ref(namespace), uid=meta.uid, dry_run=False).ok
    assert kube.get("v1", ref(namespace)).status == 404


def test_a_conflict_names_the_field_and_its_manager(cluster: Access, namespace: str) -> None:
    other = Cluster.open("test", cluster.kubeconfig, manager="somebody")
    ours = Cluster.open("test", cluster.kubeconfig)
    assert other.apply(config_map(namespace, a="1"), dry_run=False).ok
    answer = ours.apply(config_map(namespace, a="2"), dry_run=True)
    assert (answer.status, answer.causes[0].type, answer.causes[0].field) == (409, "FieldManagerConflict", ".data.a")
    assert "somebody" in answer.causes[0].message
    assert ours.apply(config_map(namespace, a="2"), dry_run=True, force=True).ok


def test_an_unknown_field_is_an_answer_and_no_outage(kube: Cluster, namespace: str) -> None:
    answer = kube.apply(config_map(namespace) | {"nonsense": 1}, dry_run=True)
    assert answer.is_about_object
    strict = kube.create(config_map(namespace) | {"nonsense": 1}, dry_run=True)
    assert (strict.status, "unknown field" in strict.message) == (400, True)


def test_warnings_of_the_server_are_read(kube: Cluster, namespace: str) -> None:
    old = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "old",
            "namespace": namespace,
            "annotations": {"seccomp.security.alpha.kubernetes.io/pod": "runtime/default"},
        },
        "spec": {"containers": [{"name": "x", "image": "x"}]},
    }
    assert any("seccomp" in warning for warning in kube.apply(old, dry_run=True).warnings)


def test_a_kind_that_is_not_served_is_a_word_and_no_crash(kube: Cluster) -> None:
    with pytest.raises(ToolFailed, match="does not know the kind Thing"):
        kube.get("example.test/v1", ObjectRef("example.test", "Thing", "", "x"))


def test_rights_are_asked_of_the_server(cluster: Access) -> None:
    assert Cluster.open("test", cluster.kubeconfig).can("create", "apps", "deployments", "default")
    assert not Cluster.open("test", cluster.kubeconfig, "stranger").can("create", "apps", "deployments", "default")


def test_wrong_credentials_are_refused_in_words(cluster: Access, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.kubeconfig"
    wrong.write_text(cluster.kubeconfig.read_text().replace(cluster.token, "wrong"))
    wrong.chmod(0o600)
    with pytest.raises(Refused, match="credentials for cluster test were refused"):
        Cluster.open("test", wrong).version()
    with pytest.raises(Refused, match="kubeconfig of cluster test"):
        Cluster.open("test", tmp_path / "nothing")


@pytest.fixture
def door(cluster: Access) -> Iterator[Door]:
    with Door(cluster) as door:
        yield door


@pytest.fixture
def through(door: Door, tmp_path: Path) -> Cluster:
    return Cluster.open("test", door.kubeconfig(tmp_path), timeout=3)


@pytest.mark.parametrize(
    "spoilt", [answer(503), answer(500), answer(200, b"<html>"), answer(200, b'{"ok": 1}'), hang_up]
)
def test_a_bad_answer_is_asked_again(through: Cluster, door: Door, namespace: str, spoilt: Spoil) -> None:
    through.resource("v1", "ConfigMap")
    door.spoil.append(spoilt)
    assert through.apply(config_map(namespace, a="1"), dry_run=False).ok


def test_too_many_requests_are_waited_for_as_long_as_the_server_says(through: Cluster, door: Door) -> None:
    door.spoil += [answer(429, Retry_After="1")]
    assert through.version().startswith("v1.")
    assert len(door.asked) == 2


def test_what_never_comes_is_transient_and_names_the_cluster(through: Cluster, door: Door) -> None:
    door.spoil += [answer(503)] * 50
    with pytest.raises(Transient, match="cluster test"):
        through.version()


def test_a_creation_whose_answer_was_lost_is_not_repeated(through: Cluster, door: Door, namespace: str) -> None:
    through.resource("v1", "ConfigMap")
    door.spoil.append(hang_up)
    with pytest.raises(Transient):
        through.create(config_map(namespace), dry_run=False)
    assert sum(line.startswith("POST") for line in door.asked) == 1


TOO_OLD = status(410, "Expired", "The provided continue parameter is too old to display a consistent list result.")


def test_a_list_that_expires_between_two_pages_is_read_anew_and_whole(
    through: Cluster, door: Door, kube: Cluster, namespace: str
) -> None:
    assert all(
        kube.map_concurrently(
            lambda number: kube.apply(config_map(namespace, f"c{number}"), dry_run=False).ok, range(501)
        )
    )
    door.rule = lambda asked: TOO_OLD if "continue=" in asked else None
    names = [meta.ref.name for meta in through.metadata("v1", "ConfigMap", namespace) if meta.ref.name[0] == "c"]
    assert len(names) == len(set(names)) == 501
    assert ["limit" in line for line in door.asked if "configmaps" in line] == [True, True, False]


def test_a_list_that_is_expired_whatever_is_asked_is_an_end(through: Cluster, door: Door, namespace: str) -> None:
    through.resource("v1", "ConfigMap")
    door.rule = lambda asked: TOO_OLD
    with pytest.raises(ToolFailed, match="cluster test does not list ConfigMap: Expired"):
        through.list("v1", "ConfigMap", namespace)
    assert len(door.asked) == 2
