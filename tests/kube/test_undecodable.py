"""A server that cannot read an object answers 500: that is the author's mistake, and no outage."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import Transient
from bot.kube.cluster.client import Cluster
from bot.kube.objects.object_changes import Verb
from bot.kube.plan.plan_request import PlanRequest
from tests.kube.door import Door, status
from tests.kube.planning import Body, configmap, deployment, planned
from tests.rig.access import Access


def _limited(namespace: str, memory: str) -> Body:
    body = deployment(namespace)
    body["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1", "memory": memory}}
    return body


def _secret(namespace: str, **data: Any) -> Body:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web", "namespace": namespace}, "data": data}


def _service(namespace: str, port: Any) -> Body:
    spec = {"selector": {"app": "web"}, "ports": [{"name": "http", "port": port}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": namespace}, "spec": spec}


WRONG = {
    "a quantity": (
        lambda namespace: _limited(namespace, "1GB"),
        "spec.template.spec.containers[web].resources.limits.memory: is no quantity, such as `500Mi` or `0.2`",
    ),
    "base64 of a Secret": (lambda namespace: _secret(namespace, a="YQ==", key="%%%"), "data.key: is no base64"),
    "base64 of a ConfigMap": (
        lambda namespace: {**configmap(namespace, a="%%%", name="web"), "binaryData": {"b": "%%%"}},
        "binaryData.b: is no base64",
    ),
    "a number": (lambda namespace: _service(namespace, 80.5), "spec.ports[http].port: is no whole number"),
    "a type": (lambda namespace: _service(namespace, "http"), "].port: expected numeric (int or float), got string"),
    "a list": (lambda namespace: {**configmap(namespace, name="web"), "data": ["x"]}, "data: expected map, got a list"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_what_cannot_be_read_is_named_with_its_field_and_hides_no_other_object(
    question: PlanRequest, namespace: str, mistake: str
) -> None:
    make, reason = WRONG[mistake]
    wrong, right = planned(question, make(namespace), configmap(namespace, a="1")).values()
    assert (wrong.verb, right.verb) == (Verb.UNKNOWN, Verb.CREATE)
    assert wrong.problem.startswith("is not valid: ")
    assert reason in wrong.problem
    assert not any(
        word in wrong.problem for word in ("Kind=", "&value", "&{", "unstructured", "Go value", "gitops-bot-")
    )


def test_all_of_several_mistakes_are_told_in_the_first_line(question: PlanRequest, namespace: str) -> None:
    body = configmap(namespace) | {"data": {"a": 1, "b": {"c": 2}, "d": [3]}}
    (change,) = planned(question, body).values()
    assert "\n" not in change.problem
    mistakes = change.problem.removeprefix("is not valid: ").split("; ")
    assert sorted(mistakes) == [  # Go walks a map in any order
        "data.a: expected string, got 1",
        "data.b: expected string, got a map",
        "data.d: expected string, got a list",
    ]


def test_what_is_tried_under_another_name_is_refused_under_its_own(question: PlanRequest, namespace: str) -> None:
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{namespace}-new"}}
    body = configmap(f"{namespace}-new", **{"not allowed!": "1"})
    change = planned(question, space, body)["ConfigMap/settings"]
    assert change.verb is Verb.UNKNOWN
    assert "not allowed!" in change.problem
    assert "gitops-bot-" not in change.problem
    pod = {**deployment(f"{namespace}-new")["spec"]["template"], "apiVersion": "v1", "kind": "Pod"}
    pod["metadata"] = {"name": "one", "namespace": f"{namespace}-new"}
    pod["spec"]["serviceAccountName"] = "nobody"
    assert 'pods "one" is forbidden' in planned(question, space, pod)["Pod/one"].problem


@pytest.fixture
def door(cluster: Access) -> Iterator[Door]:
    with Door(cluster) as door:
        yield door


@pytest.fixture
def through(door: Door, tmp_path: Path) -> Cluster:
    return Cluster.open("test", door.kubeconfig(tmp_path), timeout=1)


@pytest.mark.parametrize(
    "message",
    [
        "failed to convert new object (a/b; apps/v1, Kind=Deployment) to proper version: something new",
        "conversion webhook for example.test/v2, Kind=Toy failed: Post: connection refused",
        "Internal error occurred: error decoding patch: unexpected token",
        'Internal error occurred: failed calling webhook "x.test": connection refused',
    ],
)
def test_a_failure_that_names_the_object_is_an_answer_and_asked_for_once(
    question: PlanRequest, through: Cluster, door: Door, namespace: str, message: str
) -> None:
    door.rule = lambda asked: status(500, "", message) if asked.startswith("PATCH") and "/wrong" in asked else None
    asking = replace(question, cluster=through)
    made = planned(asking, configmap(namespace, "wrong"), configmap(namespace, a="1"))
    assert made["ConfigMap/wrong"].verb is Verb.UNKNOWN
    assert made["ConfigMap/settings"].verb is Verb.CREATE
    assert sum("/wrong" in line and line.startswith("PATCH") for line in door.asked) == 1


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (503, 'failed calling webhook "x.test"'),
        (502, "failed to convert new object (a/b; v1, Kind=ConfigMap) to proper version"),
        (500, "etcdserver: request timed out"),
        (500, "Internal error occurred: resource quota evaluation timed out"),
    ],
)
def test_an_outage_is_asked_again_whatever_it_says(through: Cluster, door: Door, code: int, message: str) -> None:
    through.resource("v1", "ConfigMap")
    door.rule = lambda asked: status(code, "", message)
    with pytest.raises(Transient):
        through.apply(configmap("default"), dry_run=True)
    assert len(door.asked) > 2
