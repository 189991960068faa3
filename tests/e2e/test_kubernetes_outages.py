"""What authors read when an API server is slow, or stops taking the bot's credentials."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kubernetes import client

from tests.e2e.acting import applied, approved, begin, propose, pull_main
from tests.kube.door import ENDED, Door, Spoil
from tests.rig.access import Access
from tests.staging import Stage

CONFIGURATION = """\
version: 1
projects:
  - dir: maps
    tool: manifests
    cluster: rig
    kubernetes: {namespace: SPACE}
    health: {timeout: 20s, stable: 1s}
  - dir: beside
    tool: manifests
"""
SOME = 5
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\n---\n"


@pytest.fixture
def door(cluster: Access) -> Iterator[Door]:
    with Door(cluster) as door:
        yield door


@pytest.fixture
def stage(stages: Callable[..., Stage], door: Door, tmp_path: Path) -> Stage:
    kubeconfig = str(door.kubeconfig(tmp_path))
    cluster = {"KUBECONFIG": kubeconfig, "APPLY_KUBECONFIG": kubeconfig, "TIMEOUT": "3"}
    return stages({f"KUBERNETES__CLUSTERS__RIG__{key}": value for key, value in cluster.items()} | {"TIMEOUT": "20s"})


def _is_apply(asked: str) -> bool:
    return asked.startswith("PATCH") and "configmaps/c" in asked and "dryRun" not in asked


def maps(count: int) -> str:
    return "".join(MAP.replace("NAME", f"c{number}") for number in range(count))


def test_a_slow_cluster_ends_its_plan_in_a_sentence_and_no_others(stage: Stage, door: Door, namespace: str) -> None:
    clone = begin(stage, {"gitops.yaml": CONFIGURATION.replace("SPACE", namespace)})
    door.rule = lambda asked: door.trickle(0.2) if "configmaps/c" in asked else None
    number = propose(stage, clone, {"maps/all.yaml": maps(5), "beside/all.yaml": maps(2)})
    comment = stage.wait_for_comment(number, "cluster rig does not answer: no whole answer within 3 s")
    assert "`beside`" in comment
    door.rule = lambda asked: None
    stage.alice.comment(stage.repo, number, "/plan")
    stage.wait_for_comment(number, "5 to create")


def test_credentials_that_end_in_mid_apply_are_told_and_a_second_apply_finishes_it(
    stage: Stage, door: Door, cluster: Access, namespace: str
) -> None:
    clone = begin(stage, {"gitops.yaml": CONFIGURATION.replace("SPACE", namespace)})
    applied(stage, propose(stage, clone, {"maps/all.yaml": maps(1)}, "first"))
    pull_main(stage, clone)
    number = propose(stage, clone, {"maps/all.yaml": maps(40)})
    approved(stage, number)
    good = door.takes

    def rule(asked: str) -> Spoil | None:
        if sum(map(_is_apply, door.granted[since:])) >= SOME:
            door.takes = set()
        return None

    since = len(door.granted)

    door.rule = rule
    stage.alice.comment(stage.repo, number, "/apply")
    told = stage.wait_for_comment(number, "Apply failed", ENDED)
    assert " created, " in told
    door.rule, door.takes = (lambda asked: None), good
    stage.alice.comment(stage.repo, number, "/plan")
    stage.wait_for_comment(number, "What blocks the apply", "objects unchanged")
    applied(stage, number)
    with cluster.client() as api:
        there = client.CoreV1Api(api).list_namespaced_config_map(namespace).items
    assert len([one for one in there if one.metadata.name.startswith("c")]) == 40
