"""A planner that a real API server keeps from writing: each way around is refused, each dry-run works."""

from collections.abc import Iterator

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from bot.kube.access.rbac_manifests import APPLIER
from bot.kube.cluster.transport import ApiRequest
from bot.kube.objects.kube_object import ObjectRef
from tests.kube.attempts import DRY, MERGE, NEVER_LET, TRIED, Write, stored, things
from tests.kube.identities import Account, made, new_names
from tests.rig.access import Access

ADMISSION = "admissionregistration.k8s.io/v1"


@pytest.fixture(scope="module")
def planner(cluster: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with made(cluster, tmp_path_factory.mktemp("planner"), new_names()) as account:
        yield account


@pytest.fixture(scope="module")
def mighty(cluster: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Bound to cluster-admin by mistake: the policy alone is in its way."""
    with made(cluster, tmp_path_factory.mktemp("mighty"), new_names(), mighty=True) as account:
        for body in things(account.names.namespace):
            answer = account.admin.create(body, dry_run=False)
            assert answer.ok, answer.message
        yield account


@pytest.mark.parametrize("what", TRIED)
def test_the_policy_alone_refuses_a_real(what: str, mighty: Account) -> None:
    write = TRIED[what]
    before = stored(mighty, write.there)
    answer = write.ask(mighty, {})
    assert (answer.status, "the planner may only try (dry-run)" in answer.message) == (403, True), answer.message
    assert stored(mighty, write.there) == before


@pytest.mark.parametrize("what", TRIED)
def test_the_policy_lets_through_and_nothing_is_stored_of_a_dry(what: str, mighty: Account) -> None:
    write = TRIED[what]
    before = stored(mighty, write.there)
    answer = write.ask(mighty, DRY)
    assert answer.ok, answer.message
    assert stored(mighty, write.there) == before
    assert mighty.admin.get("v1", ObjectRef("", "ConfigMap", mighty.names.namespace, "two")).status == 404


@pytest.mark.parametrize("query", [{}, DRY], ids=["real", "dry"])
@pytest.mark.parametrize("what", NEVER_LET)
def test_the_policy_alone_refuses_in_any_case(what: str, query: dict[str, str], mighty: Account) -> None:
    write = NEVER_LET[what]
    path, _, more = write.path.partition("?")
    query = query | dict(pair.split("=") for pair in more.split("&") if pair)
    answer = Write(write.method, path, write.body).ask(mighty, query)
    if query.get("dryRun") and "token" not in what and what != "certificate":
        assert answer.message == "dryRun is not supported"
    else:
        assert (answer.status, "ValidatingAdmissionPolicy" in answer.message) == (403, True), answer.message


def test_a_deletion_whose_query_alone_says_dry_run_is_judged_by_what_it_would_do(mighty: Account) -> None:
    options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
    there = "/api/v1/namespaces/{ns}/configmaps/one"
    before = stored(mighty, there)
    Write("DELETE", there, options).ask(mighty, DRY)
    assert stored(mighty, there) == before


def test_the_policy_alone_knows_nothing_of_impersonation_which_is_why_there_is_no_right_to_it(
    mighty: Account, planner: Account
) -> None:
    for account, status in ((mighty, 201), (planner, 403)):
        names = account.names
        with (
            account.as_somebody("system:serviceaccount:default:default") as api,
            pytest.raises(ApiException) as refused,
        ):
            client.CoreV1Api(api).list_namespace()
        assert ("impersonate" in str(refused.value.body)) == (status == 403), refused.value.body
        api = account.as_somebody(f"system:serviceaccount:{names.namespace}:{APPLIER}")
        assert _created(api, names.namespace) == status


@pytest.mark.parametrize("query", [{}, DRY], ids=["real", "dry"])
@pytest.mark.parametrize("kind", ["validatingadmissionpolicybindings", "validatingadmissionpolicies"])
@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_the_planner_cannot_touch_what_binds_it(
    method: str, kind: str, query: dict[str, str], planner: Account
) -> None:
    path = f"/apis/{ADMISSION}/{kind}/{planner.names.planner}"
    body = {"metadata": {"labels": {"touched": "yes"}}} if method == "PATCH" else None
    answer = planner.ask(ApiRequest(method, path, query, body, MERGE if body else "application/json"))
    assert (answer.status, "cannot" in answer.message) == (403, True)
    assert "touched" not in str(planner.admin.list(ADMISSION, _KINDS[kind], None))


_KINDS = {
    "validatingadmissionpolicybindings": "ValidatingAdmissionPolicyBinding",
    "validatingadmissionpolicies": "ValidatingAdmissionPolicy",
}


def test_the_planner_cannot_make_a_policy_or_a_webhook_of_its_own(planner: Account) -> None:
    for kind in ("ValidatingAdmissionPolicy", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
        body = {"apiVersion": ADMISSION, "kind": kind, "metadata": {"name": planner.names.planner + "-own"}}
        assert planner.cluster.create(body, dry_run=False).status == 403
        assert planner.cluster.create(body, dry_run=True).status == 403


@pytest.mark.parametrize("what", [*NEVER_LET, "scale", "status", "eviction", "binding", "deletecollection"])
def test_the_planner_has_no_right_to(what: str, planner: Account) -> None:
    write = NEVER_LET.get(what) or TRIED[what]
    answer = Write(write.method, write.path.partition("?")[0], write.body, write.content).ask(planner, {})
    assert (answer.status, "cannot" in answer.message) == (403, True), answer.message


def _created(api: client.ApiClient, namespace: str) -> int:
    with api:
        try:
            body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="by-somebody"))
            return int(client.CoreV1Api(api).create_namespaced_config_map_with_http_info(namespace, body)[1])
        except ApiException as refused:
            return int(refused.status)
