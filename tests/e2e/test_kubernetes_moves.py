"""Objects that move between the projects of a repository, seen from the pull request."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import ObjectRef
from tests.e2e.acting import applied, approved, begin, plan_comment, propose, pull_main
from tests.e2e.conftest import Shared
from tests.rig.access import Access
from tests.staging import Stage

CONFIGURATION = """\
version: 1
defaults: {cluster: rig, prune: {most: 100}}
projects:
  - {dir: a, tool: manifests, kubernetes: {namespace: SPACE}, health: {stable: 1s}}
  - {dir: b, tool: kustomize, kubernetes: {namespace: SPACE}, health: {stable: 1s}}
"""
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {a: one}\n"


@pytest.fixture
def stage(shared_with_cluster: Shared) -> Stage:
    return shared_with_cluster.anew()


def kustomized(*names: str) -> dict[str, str]:
    return {"b/kustomization.yaml": f"resources: [{', '.join(f'{name}.yaml' for name in names)}]\n"}


def config_map(name: str) -> str:
    return MAP.replace("NAME", name)


@pytest.fixture
def clone(stage: Stage, namespace: str) -> Path:
    """Two projects, each with a map of its own, both applied; `a` has `shared` besides."""
    clone = begin(stage, {"gitops.yaml": CONFIGURATION.replace("SPACE", namespace)})
    ours = {"a/own.yaml": config_map("of-a"), "a/shared.yaml": config_map("shared")}
    theirs = {"b/own.yaml": config_map("of-b"), **kustomized("own")}
    applied(stage, propose(stage, clone, ours | theirs, "bring-up"))
    pull_main(stage, clone)
    return clone


def shared_map(cluster: Access, namespace: str) -> Mapping[str, Any]:
    """The metadata of the map that moves; empty when it is gone."""
    answer = Cluster.open("rig", cluster.kubeconfig).get("v1", ObjectRef("", "ConfigMap", namespace, "shared"))
    return answer.body["metadata"] if answer.ok else {}


def test_an_object_that_moves_between_projects_is_handed_over_and_never_deleted(
    stage: Stage, cluster: Access, clone: Path, namespace: str
) -> None:
    before = shared_map(cluster, namespace)
    moved = {"a/shared.yaml": None, "b/shared.yaml": config_map("shared"), **kustomized("own", "shared")}
    number = propose(stage, clone, moved)
    approved(stage, number)
    comment = plan_comment(stage, number)
    assert "1 to move" in comment
    assert "moves from `a`, which gives it up" in comment
    assert f"**ConfigMap {namespace}/shared**: moves to b: nothing is deleted" in comment
    assert "destroy" not in comment
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)
    after = shared_map(cluster, namespace)
    assert after["uid"] == before["uid"]
    assert after["labels"] != before["labels"]
    pull_main(stage, clone)
    applied(stage, propose(stage, clone, {"b/shared.yaml": None, **kustomized("own")}, "drop"))
    assert shared_map(cluster, namespace) == {}


def test_an_object_that_two_projects_declare_is_refused_until_one_remains(
    stage: Stage, cluster: Access, clone: Path, namespace: str
) -> None:
    copied = {"b/shared.yaml": config_map("shared"), **kustomized("own", "shared")}
    number = propose(stage, clone, copied)
    stage.wait_for_comment(number, "is declared by `a` too: let one project have it, and take it out of the others")
    stage.alice.push(clone, {"a/shared.yaml": None}, "change", "Leave it to b")
    stage.wait_for_comment(number, "1 to move")
    applied(stage, number)
    assert shared_map(cluster, namespace)


def test_an_object_that_leaves_first_and_appears_elsewhere_later_is_not_deleted(
    stage: Stage, cluster: Access, clone: Path, namespace: str
) -> None:
    number = propose(stage, clone, {"a/shared.yaml": None})
    stage.wait_for_comment(number, "1 to destroy")
    stage.alice.push(clone, {"b/shared.yaml": config_map("shared"), **kustomized("own", "shared")}, "change", "Move it")
    stage.wait_for_comment(number, "1 to move")
    assert "destroy" not in plan_comment(stage, number)
    applied(stage, number)
    assert shared_map(cluster, namespace)


def test_a_new_object_in_two_projects_of_one_pull_request_is_refused_in_both(
    stage: Stage, clone: Path, namespace: str
) -> None:
    twice = {"a/new.yaml": config_map("new"), "b/new.yaml": config_map("new"), **kustomized("own", "new")}
    number = propose(stage, clone, twice)
    stage.wait_for_comment(number, "is declared by `a` too", "is declared by `b` too")


def test_a_project_that_goes_takes_nothing_along_that_another_declares(
    stage: Stage, cluster: Access, clone: Path, namespace: str
) -> None:
    moved = {"a/own.yaml": None, "a/shared.yaml": None, "b/shared.yaml": config_map("shared")}
    number = propose(stage, clone, {**moved, **kustomized("own", "shared")})
    applied(stage, number)
    assert shared_map(cluster, namespace)
