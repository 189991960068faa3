"""What an apply never says, however loudly the cluster repeats it."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import object_of
from tests.kube.carrying import Ground, only
from tests.kube.planning import Body, configmap
from tests.rig.access import Access
from tests.sandbox.running import until

PLANTED = "hunter2-planted-here"
QUOTE = "'refused: ' + string(object.data.password)"


@pytest.fixture
def ground(api: Cluster, cluster: Access, namespace: str, tmp_path: Path) -> Ground:
    return Ground(api, cluster.kubeconfig, tmp_path, namespace)


def secret(namespace: str, name: str = "door") -> Body:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"password": PLANTED}}


@pytest.fixture
def gossip(ground: Ground) -> Iterator[None]:
    """Admission that refuses every Secret of the namespace, quoting it."""
    version, name = "admissionregistration.k8s.io/v1", f"{ground.namespace}-gossip"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["secrets"]}
    refusal = {"expression": "!has(object.data.password)", "messageExpression": QUOTE}
    spec = {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": [rule]}, "validations": [refusal]}
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": ground.namespace}}}
    bound = {"policyName": name, "validationActions": ["Deny"], "matchResources": here}
    bodies = [
        {"apiVersion": version, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec},
        {"apiVersion": version, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name}, "spec": bound},
    ]
    made = [ground.api.apply(body, dry_run=False) for body in bodies]
    assert all(answer.ok for answer in made), [answer.message for answer in made]
    until(lambda: "refused: " in ground.api.apply(secret(ground.namespace, "probe"), dry_run=True).message)
    yield
    for body, answer in zip(bodies, made, strict=True):
        ground.api.delete(version, object_of(body).ref, uid=answer.body["metadata"]["uid"], dry_run=False)


@pytest.mark.parametrize(("looked", "exit"), [(True, 3), (False, 1)])
def test_a_secret_that_admission_quotes_is_in_no_line_and_no_result(
    ground: Ground, request: pytest.FixtureRequest, looked: bool, exit: int
) -> None:
    space = ground.namespace
    work = ground.plan(secret(space), configmap(space, a="1"))
    if not looked:
        work = only(work, [replace(change, result="") for change in work.changes])
    request.getfixturevalue("gossip")
    carried = ground.carry(work)
    shown = carried.output + (ground.directory / "results.json").read_text()
    assert carried.exit == exit
    assert "refused: " in shown
    assert PLANTED not in shown
    assert base64.b64encode(PLANTED.encode()).decode() not in shown
