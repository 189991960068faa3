"""What a plan says of custom resources and their definitions, and of a server that warns or fails."""

from typing import Any

import pytest

from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import object_of
from bot.kube.objects.object_changes import Verb
from bot.kube.plan.plan_request import PlanRequest
from tests.kube.planning import Body, applied, configmap, planned
from tests.kube.toys import definition
from tests.sandbox.running import until


def toy(namespace: str, **spec: Any) -> Body:
    metadata = {"name": "ball", "namespace": namespace}
    return {"apiVersion": f"{namespace}.example/v1", "kind": "Toy", "metadata": metadata, "spec": spec}


def served(api: Cluster, namespace: str) -> bool:
    api.forget_resources()
    return api.resource(f"{namespace}.example/v1", "Toy") is not None


def test_an_object_is_held_against_the_definition_of_its_own_pull_request(
    question: PlanRequest, namespace: str
) -> None:
    made = planned(question, definition(namespace), toy(namespace, size=3))
    good = made["Toy/ball"]
    assert (good.verb, good.result) == (Verb.CREATE, "")
    assert "validated offline, by the definition in this pull request" in good.notes
    bad = planned(question, definition(namespace), toy(namespace, size="big", colour="red"))["Toy/ball"]
    assert bad.verb is Verb.UNKNOWN
    assert "spec.size" in bad.problem
    assert "spec.colour" in bad.problem


def test_a_definition_without_a_schema_takes_anything(question: PlanRequest, namespace: str) -> None:
    loose = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    made = planned(question, definition(namespace, loose), toy(namespace, anything=[1, {"a": "b"}]))
    assert made["Toy/ball"].verb is Verb.CREATE


def test_a_changed_definition_names_the_live_objects_that_it_makes_invalid(
    question: PlanRequest, api: Cluster, namespace: str
) -> None:
    before = definition(namespace)
    inventory = applied(api, before)
    until(lambda: served(api, namespace))
    assert until(lambda: api.apply(toy(namespace, size=5), dry_run=False).ok)
    small = {
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer", "maximum": 3}}}},
    }
    made = planned(question, definition(namespace, small), before=(before,), inventory=inventory)
    one = made[f"CustomResourceDefinition/toys.{namespace}.example"]
    assert one.verb is Verb.CHANGE
    assert any(f"Toy {namespace}/ball that is in the cluster would be invalid" in warning for warning in one.warnings)
    assert api.delete("apiextensions.k8s.io/v1", object_of(before).ref, uid=one.uid, dry_run=False).ok


def test_the_servers_deprecation_warnings_are_told(question: PlanRequest, api: Cluster, namespace: str) -> None:
    old = definition(namespace, deprecated=True, deprecationWarning="toys of v1 go away soon")
    applied(api, old)
    until(lambda: served(api, namespace))
    one = until(lambda: _known(planned(question, toy(namespace, size=1))["Toy/ball"]))
    assert one.warnings == ("toys of v1 go away soon",)
    uid = api.get("apiextensions.k8s.io/v1", object_of(old).ref).body["metadata"]["uid"]
    assert api.delete("apiextensions.k8s.io/v1", object_of(old).ref, uid=uid, dry_run=False).ok


def _known(outcome: Any) -> Any:
    return outcome if outcome.verb is Verb.CREATE else None


def test_a_webhook_that_does_not_answer_is_told_of_its_objects_and_no_others(
    question: PlanRequest, api: Cluster, namespace: str
) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}
    hook = {
        "name": "down.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "timeoutSeconds": 1,
        "failurePolicy": "Fail",
        "clientConfig": {"url": "https://127.0.0.1:1/nobody"},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "rules": [rule],
    }
    body = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": f"down-{namespace}"},
        "webhooks": [hook],
    }
    made = api.apply(body, dry_run=False)
    assert made.ok
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": namespace}}
    try:
        until(lambda: planned(question, configmap(namespace))["ConfigMap/settings"].verb is Verb.UNKNOWN)
        told = planned(question, configmap(namespace), secret)
        assert "down.example.com" in told["ConfigMap/settings"].problem
        assert told["Secret/s"].verb is Verb.CREATE
    finally:
        uid = made.body["metadata"]["uid"]
        assert api.delete(str(body["apiVersion"]), object_of(body).ref, uid=uid, dry_run=False).ok


@pytest.mark.parametrize("length", [253])
def test_the_longest_names_are_planned(question: PlanRequest, namespace: str, length: int) -> None:
    name = "a" * length
    assert planned(question, configmap(namespace, name))[f"ConfigMap/{name}"].verb is Verb.CREATE
