"""What is sent of an object: in an encoding that every reader takes, and in the fields that the server stores."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Refused
from bot.kube.cluster.client import Cluster
from bot.kube.objects.json_encoding import encode_json
from bot.kube.objects.kube_object import KubeObject, ObjectRef
from bot.kube.objects.masking import Mask
from bot.kube.objects.object_changes import Verb
from bot.kube.objects.parsing import parse_objects
from bot.kube.plan.kubectl_diff import KubectlDiffRequest, ask_kubectl
from bot.kube.plan.plan_request import PlanRequest
from tests.caging import strongest_cage
from tests.kube.carrying import Ground
from tests.kube.planning import Body, applied, configmap, deployment, planned
from tests.rig.access import Access

ODD = '🙂 \x85\u2028\u2029\x7f\ufeff\ufffe é 𝔘\t"\\/'


def rendered(*bodies: Body) -> tuple[Any, ...]:
    """As a project's files are read."""
    stream = "\n---\n".join(yaml.safe_dump(body, allow_unicode=False) for body in bodies)
    kube_objects: tuple[KubeObject, ...] = parse_objects(stream, "a.yaml", "default", lambda version, kind: None)
    return tuple(kube_object.body for kube_object in kube_objects)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_body_reads_the_same_as_json_and_as_yaml(text: str) -> None:
    encoded = encode_json({text: [text]})
    assert json.loads(encoded) == {text: [text]}
    if len(text) < 100:
        assert yaml.safe_load(encoded.decode()) == {text: [text]}


def test_half_a_character_is_refused_in_words() -> None:
    with pytest.raises(Refused, match="half of a character"):
        encode_json({"a": "\ud83d"})


def test_any_character_is_planned_applied_and_read_back(
    api: Cluster, cluster: Access, tmp_path: Path, namespace: str
) -> None:
    ground = Ground(api, cluster.kubeconfig, tmp_path, namespace)
    body = configmap(namespace, a=ODD)
    body["metadata"]["annotations"] = {"note": ODD}
    ground.apply(body)
    live = api.get("v1", ObjectRef("", "ConfigMap", namespace, "settings")).body
    assert live["data"] == {"a": ODD}
    assert live["metadata"]["annotations"]["note"] == ODD
    operations = [{"op": "replace", "path": "/data/a", "value": "🙂🙂"}]
    ref = ObjectRef("", "ConfigMap", namespace, "settings")
    assert api.patch("v1", ref, operations, dry_run=False).body["data"] == {"a": "🙂🙂"}


SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "door"}}


def _secret(namespace: str, **tables: Any) -> Body:
    return {**SECRET, "metadata": {"name": "door", "namespace": namespace}, **tables}


def test_string_data_becomes_data_and_wins_over_it() -> None:
    (body,) = rendered(_secret("a", data={"a": "eA==", "b": "eA=="}, stringData={"b": "🙂", "c": None}))
    assert "stringData" not in body
    assert body["data"] == {"a": "eA==", "b": base64.b64encode("🙂".encode()).decode(), "c": ""}
    (wrong,) = rendered(_secret("a", stringData={"a": 1}))
    assert wrong["stringData"] == {"a": 1}


def test_a_key_that_leaves_string_data_goes_and_is_shown(question: PlanRequest, api: Cluster, namespace: str) -> None:
    before = rendered(_secret(namespace, stringData={"kept": "1-planted", "gone": "2-planted"}))
    inventory = applied(api, *before)
    after = rendered(_secret(namespace, stringData={"kept": "1-planted", "new": "2-planted"}))
    change = planned(question, *after, before=before, inventory=inventory)["Secret/door"]
    assert change.verb is Verb.CHANGE
    shown = {field.path: (field.old is None, field.new is None) for field in change.fields}
    assert (shown["data.gone"], shown["data.new"]) == ((False, True), (True, False))
    applied(api, *after)
    live = api.get("v1", ObjectRef("", "Secret", namespace, "door")).body
    assert sorted(live["data"]) == ["kept", "new"]


def test_string_data_that_is_gone_as_a_whole_is_a_change(question: PlanRequest, api: Cluster, namespace: str) -> None:
    before = rendered(_secret(namespace, stringData={"a": "1-planted"}))
    inventory = applied(api, *before)
    after = rendered(_secret(namespace))
    change = planned(question, *after, before=before, inventory=inventory)["Secret/door"]
    assert change.verb is Verb.CHANGE
    assert any(field.old and not field.new for field in change.fields)


def test_an_account_that_leaves_a_pods_template_goes_under_both_of_its_names(
    question: PlanRequest, api: Cluster, namespace: str
) -> None:
    body = deployment(namespace)
    body["spec"]["template"]["spec"]["serviceAccountName"] = "planted"
    before = rendered(body)
    inventory = applied(api, *before)
    after = rendered(deployment(namespace))
    change = planned(question, *after, before=before, inventory=inventory)["Deployment/web"]
    assert change.verb is Verb.CHANGE
    applied(api, *after)
    live = api.get("apps/v1", ObjectRef("apps", "Deployment", namespace, "web")).body
    assert not [key for key in live["spec"]["template"]["spec"] if "serviceAccount" in key]


def test_kubectl_is_given_any_character(cluster: Access, tmp_path: Path, namespace: str) -> None:
    body = configmap(namespace, a="🙂 𝔘")
    kube_object = parse_objects(yaml.safe_dump(body), "a.yaml", "default", lambda version, kind: None)
    environment = {"PATH": os.environ["PATH"]}
    request = KubectlDiffRequest(
        kube_object, cluster.kubeconfig, None, tmp_path, environment, strongest_cage(), Mask(b"k")
    )
    answer = ask_kubectl(request)
    assert not answer.failed
    ((_, merged),) = answer.pairs.values()
    assert merged["data"] == {"a": "🙂 𝔘"}
