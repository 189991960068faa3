"""An API server that answers late or never to the end: plans are made all the same, or end in time with a sentence."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import Transient
from bot.kube.cluster.client import Cluster
from bot.kube.objects.object_changes import Verb
from bot.kube.plan.plan_request import PlanRequest
from tests.kube.door import Door
from tests.kube.planning import configmap, planned
from tests.rig.access import Access


@pytest.fixture
def door(cluster: Access) -> Iterator[Door]:
    with Door(cluster) as door:
        yield door


@pytest.fixture
def slow(door: Door, tmp_path: Path) -> Callable[..., Cluster]:
    """The cluster behind the door, with a time-out of so many seconds for a question."""
    return lambda timeout: Cluster.open("rig", door.kubeconfig(tmp_path), timeout=timeout)


def never() -> bool:
    return False


def test_a_plan_of_a_server_that_is_slow_is_made(
    question: PlanRequest, door: Door, slow: Callable[..., Cluster], namespace: str
) -> None:
    door.late = 1.0
    asking = replace(question, cluster=slow(30).with_deadline(60, never))
    made = planned(asking, *(configmap(namespace, f"c{number}") for number in range(20)))
    assert {one.verb for one in made.values()} == {Verb.CREATE}


def test_a_server_that_is_silent_is_said_to_be(door: Door, slow: Callable[..., Cluster]) -> None:
    cluster, door.late = slow(1), 60.0
    with pytest.raises(Transient, match="cluster rig does not answer: no answer within 1 s"):
        cluster.version()


@pytest.mark.timeout(60)
def test_an_answer_that_trickles_ends_with_its_time(door: Door, slow: Callable[..., Cluster]) -> None:
    cluster = slow(2)
    door.rule = lambda asked: door.trickle(0.1)
    with pytest.raises(Transient, match="cluster rig does not answer: no whole answer within 2 s"):
        cluster.version()
    assert len(door.asked) == 1


@pytest.mark.timeout(60)
def test_a_log_that_trickles_ends_with_its_time(door: Door, slow: Callable[..., Cluster], namespace: str) -> None:
    cluster = slow(2)
    door.rule = lambda asked: door.trickle(0.1)
    assert cluster.log(namespace, "pod", "web", 20) == ""


def test_a_plan_of_a_server_that_is_too_slow_ends_with_its_time(
    question: PlanRequest, door: Door, slow: Callable[..., Cluster], namespace: str
) -> None:
    door.late = 1.0
    asking = replace(question, cluster=slow(30).with_deadline(3, never))
    with pytest.raises(Transient, match="cluster rig is too slow: not all was answered within 3 s"):
        planned(asking, *(configmap(namespace, f"c{number}") for number in range(400)))
    assert len(door.asked) < 200


def test_a_plan_that_is_cancelled_asks_no_more(
    question: PlanRequest, door: Door, slow: Callable[..., Cluster], namespace: str
) -> None:
    door.late = 0.2
    asking = replace(question, cluster=slow(30).with_deadline(60, lambda: len(door.asked) > 20))
    with pytest.raises(Transient, match="it was stopped"):
        planned(asking, *(configmap(namespace, f"c{number}") for number in range(1000)))
    assert len(door.asked) < 500
