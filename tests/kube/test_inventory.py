"""Inventories on a real API server: what they survive, and what they never forget."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import object_of
from tests.kube.bodies import hook, job
from tests.kube.carrying import Ground, there
from tests.kube.planning import configmap
from tests.kube.toys import toy, toys
from tests.rig.access import Access


@pytest.fixture
def ground(api: Cluster, cluster: Access, namespace: str, tmp_path: Path) -> Ground:
    return Ground(api, cluster.kubeconfig, tmp_path, namespace)


def test_a_member_that_moves_to_another_version_of_its_kind_is_known_by_that(ground: Ground) -> None:
    group = f"{ground.namespace}.example"
    both = toys(group, "v1", "v2")
    ground.apply(both, toy(group, "v1", ground.namespace))
    ground.apply(both, toy(group, "v2", ground.namespace) | {"size": 2})
    known = ground.known()
    assert known
    assert known.members[object_of(toy(group, "v2", ground.namespace)).ref].api_version == f"{group}/v2"


def test_a_member_stays_one_when_the_version_it_was_applied_in_is_served_no_more(ground: Ground) -> None:
    group = f"{ground.namespace}.example"
    ground.apply(toys(group, "v1", "v2"), toy(group, "v1", ground.namespace))
    ground.apply(toys(group, "v2"), toy(group, "v2", ground.namespace))
    assert "Toy/ball" in ground.members()


def test_a_first_apply_that_failed_is_a_first_apply_again(ground: Ground) -> None:
    space = ground.namespace
    bad = hook(job(space, "migrate", 1), "pre-install")
    assert ground.carry(ground.plan(configmap(space, a="1"), bad)).exit == 1
    good = hook(configmap(space, "install"), "pre-install")
    assert ground.carry(ground.plan(configmap(space, a="1"), good)).exit == 0
    assert there(ground, "install")


def test_credentials_that_are_refused_begin_nothing(ground: Ground, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text(ground.kubeconfig.read_text().replace("token: ", "token: x"))
    work = ground.plan(configmap(ground.namespace, a="1"))
    carried = replace(ground, kubeconfig=wrong).carry(work)
    assert carried.exit == 3
    assert "were refused" in carried.results.refused
