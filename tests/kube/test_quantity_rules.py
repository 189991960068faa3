"""A custom resource's text that could be an amount: the definition says whether it is one."""

from typing import Any

import pytest

from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import object_of
from bot.kube.objects.object_changes import Verb
from bot.kube.plan.plan_request import PlanRequest
from bot.kube.plan.rendered_diff import diff_rendered
from tests.kube.planning import Body, applied, deployment, planned
from tests.kube.toys import definition
from tests.sandbox.running import until

QUANTITY = {
    "x-kubernetes-int-or-string": True,
    "anyOf": [{"type": "integer"}, {"type": "string"}],
    "pattern": r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))"
    r"(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$",
}
FIELDS = {
    "cpu": {"type": "string"},
    "share": QUANTITY,
    "port": {"x-kubernetes-int-or-string": True},
    "version": {"type": "string"},
    "limits": {"type": "object", "additionalProperties": {"type": "string"}},
    "requests": {"type": "object", "additionalProperties": QUANTITY},
    "rows": {
        "type": "array",
        "items": {"type": "object", "properties": {"share": QUANTITY, "version": {"type": "string"}}},
    },
    "colour": {"type": "string", "nullable": True},
}


def _toy(crd: Body, namespace: str, spec: Any) -> Body:
    group = crd["spec"]["group"]
    metadata = {"name": "toy", "namespace": namespace} if crd["spec"]["scope"] == "Namespaced" else {"name": "toy"}
    return {"apiVersion": f"{group}/v1", "kind": "Toy", "metadata": metadata, "spec": spec}


def test_texts_show_their_lines_and_equal_amounts_are_no_change(
    question: PlanRequest, api: Cluster, namespace: str
) -> None:
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": FIELDS}}}
    crd = definition(namespace, schema)
    assert api.apply(crd, dry_run=False).ok
    until(lambda: _is_served(api, crd))
    path = f"/openapi/v3/apis/{crd['spec']['group']}/v1"
    until(lambda: "share" in api.fetch_text(path))
    cases: list[tuple[Any, Any, str]] = [
        ({"version": "1.10"}, {"version": "1.1"}, "spec.version"),
        ({"cpu": "200m"}, {"cpu": "0.2"}, "spec.cpu"),
        ({"limits": {"version": "1.10"}}, {"limits": {"version": "1.1"}}, "spec.limits.version"),
        ({"port": 80}, {"port": "80"}, "spec.port"),
        ({"share": "200m"}, {"share": "0.2"}, ""),
        ({"requests": {"cpu": "1000m"}}, {"requests": {"cpu": 1}}, ""),
        ({"rows": [{"share": "1Gi"}]}, {"rows": [{"share": "1024Mi"}]}, ""),
        ({"rows": [{"version": "1.0"}]}, {"rows": [{"version": "1.00"}]}, "spec.rows[0].version"),
        ({"colour": "red"}, {"colour": None}, "spec.colour"),
        ({"version": "1"}, {"version": "1", "colour": None}, "spec.colour"),
    ]
    for old, new, shown in cases:
        before, after = (_toy(crd, namespace, spec) for spec in (old, new))
        inventory = applied(api, before)
        (change,) = planned(question, after, before=(before,), inventory=inventory).values()
        assert change.verb is (Verb.CHANGE if shown else Verb.UNCHANGED), (old, new, change)
        assert [field.path for field in change.fields if field.old != field.new] == ([shown] if shown else []), old


def _is_served(api: Cluster, crd: Body) -> bool:
    api.forget_resources()
    return api.resource(f"{crd['spec']['group']}/v1", "Toy") is not None


def test_without_a_cluster_kubernetes_own_kinds_are_known_and_others_show_their_line() -> None:
    def limited(api_version: str, cpu: Any) -> Body:
        body = {**deployment("shop"), "apiVersion": api_version}
        body["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": cpu}}
        return body

    for api_version, verb in (("apps/v1", Verb.UNCHANGED), ("example.test/v1", Verb.CHANGE)):
        old, new = (object_of(limited(api_version, cpu)) for cpu in ("1000m", 1))
        change = diff_rendered(new, old, lambda body: body)
        assert (change.verb, bool(change.fields)) == (verb, verb is Verb.CHANGE)


def test_a_node_port_is_a_change_that_is_shown_and_promised(
    question: PlanRequest, api: Cluster, namespace: str
) -> None:
    def service(port: int) -> Body:
        spec = {"type": "NodePort", "selector": {"a": "b"}, "ports": [{"port": 80, "nodePort": port}]}
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web", "namespace": namespace},
            "spec": spec,
        }

    inventory = applied(api, service(30501))
    results = set()
    for port in (30502, 30503):
        (change,) = planned(question, service(port), before=(service(30501),), inventory=inventory).values()
        assert change.verb is Verb.CHANGE
        assert [field.new for field in change.fields] == [str(port)]
        results.add(change.result)
    assert len(results) == 2


@pytest.mark.parametrize("renames", [1, 3])
def test_a_renamed_generated_object_is_no_deletion_of_the_limit(
    question: PlanRequest, api: Cluster, namespace: str, renames: int
) -> None:
    def generated(number: int, digest: str) -> Body:
        metadata = {"name": f"part{number}-{digest * 10}", "namespace": namespace}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": digest}}

    extra = generated(9, "x")
    before = (deployment(namespace), extra, *(generated(number, "a") for number in range(renames)))
    inventory = applied(api, *before)
    after = (deployment(namespace), *(generated(number, "b") for number in range(renames)))
    made = planned(question, *after, before=before, inventory=inventory)
    assert {one.verb for name, one in made.items() if name.endswith("a" * 10)} == {Verb.DELETE}
    assert made["ConfigMap/" + extra["metadata"]["name"]].verb is Verb.DELETE
