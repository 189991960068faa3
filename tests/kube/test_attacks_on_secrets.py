"""Attacks on Secrets: ways in which a value might be said by somebody else, or under another name."""

from collections.abc import Iterator

import pytest

from bot.core.errors import Refused
from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import object_of
from bot.kube.objects.masking import Mask, scrub, secret_texts
from bot.kube.objects.object_changes import ObjectChange
from bot.kube.objects.parsing import parse_objects
from bot.kube.objects.scopes import is_namespaced
from bot.kube.plan.plan_request import PlanRequest
from tests.kube.planning import Body, another, configmap, planned
from tests.sandbox.running import until

PLANTED = "hunter2-planted-here"
VERSION = "admissionregistration.k8s.io/v1"


def secret(namespace: str, value: str = PLANTED) -> Body:
    metadata = {"name": "door", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"password": value}}


def admitted(api: Cluster, namespace: str, kind: str, quote: str, action: str) -> Iterator[None]:
    """Admission that says `told: ` and the quoted expression about each object of a kind in the namespace."""
    name = f"{namespace}-{kind}"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": [kind]}
    told = {"expression": "false", "messageExpression": f"'told: ' + {quote}"}
    spec = {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": [rule]}, "validations": [told]}
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    bound = {"policyName": name, "validationActions": [action], "matchResources": here}
    policy = {"apiVersion": VERSION, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec}
    binding = {**policy, "kind": "ValidatingAdmissionPolicyBinding", "spec": bound}
    made = [(body, api.apply(body, dry_run=False)) for body in (policy, binding)]
    assert all(answer.ok for _, answer in made), [answer.message for _, answer in made]
    probe = secret(namespace) if kind == "secrets" else configmap(namespace)

    def heard() -> bool:
        answer = api.apply(probe, dry_run=True, force=True)
        return "told: " in " ".join((answer.message, *answer.warnings))

    until(heard)
    yield
    for body, answer in made:
        api.delete(VERSION, object_of(body).ref, uid=answer.body["metadata"]["uid"], dry_run=False)


def all_of(one: ObjectChange) -> str:
    return f"{one.problem} {one.warnings} {one.notes} {one.fields}"


@pytest.fixture
def warns_of_old(api: Cluster, namespace: str) -> Iterator[None]:
    assert another(api, "somebody").apply(secret(namespace), dry_run=False).ok
    yield from admitted(api, namespace, "secrets", "string(oldObject.data.password)", "Warn")


@pytest.mark.usefixtures("warns_of_old")
def test_a_warning_that_quotes_the_value_that_is_there_is_masked(question: PlanRequest, namespace: str) -> None:
    one = planned(question, secret(namespace, "another-value-of-it"))["Secret/door"]
    assert "told: " in all_of(one)
    assert not secret_texts([secret(namespace)]).intersection(all_of(one).split())
    assert "aHVudGVyMi1wbGFudGVkLWhlcmU" not in all_of(one)


@pytest.fixture
def quotes_of_others(api: Cluster, namespace: str) -> Iterator[None]:
    yield from admitted(api, namespace, "configmaps", f"'{PLANTED}'", "Deny")


@pytest.mark.usefixtures("quotes_of_others")
def test_a_refusal_of_one_object_that_quotes_anothers_secret_is_masked(question: PlanRequest, namespace: str) -> None:
    one = planned(question, configmap(namespace, a="1"), secret(namespace))["ConfigMap/settings"]
    assert "told: " in one.problem
    assert PLANTED not in all_of(one)


@pytest.mark.parametrize("key", ["stringdata", "Data", "values"])
def test_a_secret_with_a_misspelled_table_is_masked_all_the_same(key: str) -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "door"}, key: {"password": PLANTED}}
    assert PLANTED not in str(Mask(b"k").mask(body))
    assert PLANTED not in scrub(f"said {PLANTED}", secret_texts([body]))


def test_a_label_that_repeats_a_value_is_scrubbed() -> None:
    body = secret("default")
    body["metadata"]["labels"] = {"app": "web", "token": PLANTED}
    shown = Mask(b"k").mask(body)
    assert PLANTED not in str(shown)
    assert shown["metadata"]["labels"]["app"] == "web"


@pytest.mark.parametrize(
    "text",
    [
        f"- {PLANTED}",
        f"{PLANTED}",
        f"kind: List\napiVersion: v1\nitems: [{PLANTED}]",
        f"kind: Secret\napiVersion: v1\nmetadata: {{name: a}}\ndata: {{a: *{PLANTED}}}",
        f"kind: Secret\napiVersion: v1\nmetadata: {{name: a}}\ndata: {{a: !!int {PLANTED}}}",
    ],
)
def test_a_mistake_in_a_secrets_file_is_said_without_what_is_in_it(text: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_objects(text, "a.yaml", "default", is_namespaced)
    assert PLANTED not in str(refused.value)
