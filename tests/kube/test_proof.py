"""What `gitops-bot cluster check` proves: that it holds, and that it sees what does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.kube.access import audit
from bot.kube.access.proof import prove_applier, prove_planner
from bot.kube.access.rbac_manifests import APPLIER, Identities, planner_manifests
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.responses import ApiResponse
from bot.kube.cluster.transport import ApiRequest
from bot.kube.objects.kube_object import ObjectRef
from tests.kube.identities import Account, config_map, kubeconfig_of, made, new_names, remove
from tests.rig.access import Access
from tests.rig.cluster import Cluster as Server
from tests.sandbox.running import until


@pytest.fixture(scope="module")
def planner(cluster: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with made(cluster, tmp_path_factory.mktemp("planner"), new_names()) as account:
        yield account


@pytest.fixture(scope="module")
def mighty(cluster: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with made(cluster, tmp_path_factory.mktemp("mighty"), new_names(), mighty=True) as account:
        yield account


def test_every_proof_of_the_planner_holds(planner: Account) -> None:
    found = prove_planner(planner.cluster, planner.ask, planner.names)
    assert [one for one in found if not one.holds] == []
    assert len(found) > 50
    assert (
        planner.admin.get("v1", ObjectRef("", "ConfigMap", planner.names.namespace, "gitops-bot-proof")).status == 404
    )


def test_a_planner_with_too_many_rights_is_told_each_and_nothing_is_harmed(mighty: Account) -> None:
    lost = {one.claim: one.evidence for one in prove_planner(mighty.cluster, mighty.ask, mighty.names) if not one.holds}
    assert {
        "it cannot delete the policy's binding",
        "it cannot change the policy",
        "it cannot be somebody else",
        "it has no `escalate`",
        "it cannot try to become an admin",
    } <= set(lost)
    assert "* on * of every group" in lost["it has no other right"]
    assert not {"it cannot create", "it cannot delete", "it cannot mint a token of the applier"} & set(lost)
    for manifest in planner_manifests(mighty.names):
        its = manifest["metadata"]
        ref = ObjectRef(
            manifest["apiVersion"].rpartition("/")[0], manifest["kind"], its.get("namespace", ""), its["name"]
        )
        assert mighty.admin.get(manifest["apiVersion"], ref).ok


def test_a_planner_without_its_binding_is_found_out_and_what_it_wrote_is_gone(cluster: Access, tmp_path: Path) -> None:
    with made(cluster, tmp_path, new_names()) as account:
        remove(account.admin, planner_manifests(account.names)[3])
        trial = config_map(account.names.namespace, "late")
        until(lambda: account.cluster.create(trial, dry_run=False).ok)
        lost = {one.claim for one in prove_planner(account.cluster, account.ask, account.names) if not one.holds}
        assert lost == {"it cannot create", "it cannot apply", "it cannot change"}
        assert (
            account.admin.get("v1", ObjectRef("", "ConfigMap", account.names.namespace, "gitops-bot-proof")).status
            == 404
        )


def test_an_admin_is_no_planner_and_nothing_is_tried_with_its_rights(cluster: Access, api: Cluster) -> None:
    (only,) = prove_planner(api, _asks_nothing, Identities())
    assert (only.holds, "nothing else was tried" in only.evidence) == (False, True)


def test_a_token_in_a_secret_that_the_planner_reads_is_named(cluster: Access, tmp_path: Path) -> None:
    with made(cluster, tmp_path, new_names(secrets=("*",))) as account:
        ns = account.names.namespace
        metadata = {"name": "old", "namespace": ns, "annotations": {"kubernetes.io/service-account.name": APPLIER}}
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata,
            "type": "kubernetes.io/service-account-token",
        }
        assert account.admin.create(body, dry_run=False).ok
        found = {one.claim: one for one in prove_planner(account.cluster, account.ask, account.names)}
        seen = found["it sees no token of another account"]
        assert (seen.holds, f"{ns}/old" in seen.evidence) == (False, True)


def test_the_applier_has_what_applying_needs_and_is_somebody_else(
    cluster: Access, tmp_path: Path, planner: Account
) -> None:
    kubeconfig = kubeconfig_of(cluster, planner.names, APPLIER, tmp_path)
    applier = Cluster.open("rig", kubeconfig)
    assert [one for one in prove_applier(applier, planner.cluster, planner.names) if not one.holds] == []
    same = prove_applier(planner.cluster, planner.cluster, planner.names)
    assert [one.holds for one in same] == [False, False, True]
    body = config_map(planner.names.namespace, "applied")
    assert applier.apply(body, dry_run=False).ok
    assert not applier.can("delete", "admissionregistration.k8s.io", "validatingadmissionpolicybindings")
    assert audit.impersonation_rights(applier) == ()


def test_groups_that_another_server_answers_for_are_found(programs: None, tmp_path: Path) -> None:
    with Server(tmp_path / "server") as server:
        admin = Cluster.open("own", server.kubeconfig)
        assert audit.aggregated_groups(admin) == frozenset()
        spec = {
            "group": "virtual.test",
            "version": "v1",
            "service": {"name": "none", "namespace": "default"},
            "insecureSkipTLSVerify": True,
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
        }
        body = {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": "v1.virtual.test"},
        }
        assert admin.create(body | {"spec": spec}, dry_run=False).ok
        assert audit.aggregated_groups(admin) == {"virtual.test"}
        assert audit.unguarded_groups(admin) == ("virtual.test",)


def _asks_nothing(request: ApiRequest) -> ApiResponse:
    raise AssertionError(f"asked {request}")
