"""The two identities of a cluster as an operator makes them: manifests applied by an admin, a token asked for."""

import contextlib
import dataclasses
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client

from bot.kube.access.rbac_manifests import PLANNER, Identities, Manifest, applier_manifests, planner_manifests
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.responses import ApiResponse
from bot.kube.cluster.transport import ApiRequest, Transport
from bot.kube.objects.kube_object import object_of
from tests.rig.access import Access
from tests.sandbox.running import until


@dataclasses.dataclass(frozen=True)
class Account:
    """One account of a cluster, and an admin's way to the same cluster."""

    names: Identities
    kubeconfig: Path
    cluster: Cluster
    admin: Cluster

    def ask(self, request: ApiRequest) -> ApiResponse:
        return Transport.open("rig", self.kubeconfig, None, 10, 1).send(request)

    def as_somebody(self, who: str) -> client.ApiClient:
        """Impersonating: every request says that it comes from somebody else."""
        api = Access.read(self.kubeconfig).client()
        api.set_default_header("Impersonate-User", who)
        return api


def new_names(**more: Any) -> Identities:
    """A namespace that nobody else has, so that tests side by side have identities each."""
    return Identities(namespace=f"bot-{uuid.uuid4().hex[:8]}", **more)


@contextlib.contextmanager
def made(rig: Access, directory: Path, names: Identities, mighty: bool = False) -> Iterator[Account]:
    """The planner; `mighty` binds it to cluster-admin as well, so that the policy stands alone."""
    admin = Cluster.open("rig", rig.kubeconfig)
    manifests = (*planner_manifests(names), *applier_manifests(names), *((_might(names),) if mighty else ()))
    for manifest in manifests:
        answer = admin.apply(manifest, dry_run=False)
        assert answer.ok, answer.message
    try:
        kubeconfig = kubeconfig_of(rig, names, PLANNER, directory)
        account = Account(names, kubeconfig, Cluster.open("rig", kubeconfig, timeout=10), admin)
        until(lambda: guarded(account))
        yield account
    finally:
        for manifest in reversed(manifests):
            remove(admin, manifest)


def guarded(account: Account) -> bool:
    """Whether the policy is in force, and the roles are."""
    return account.cluster.create(config_map(account.names.namespace, "early"), dry_run=True).ok and (
        "ValidatingAdmissionPolicy" in _written(account).message
    )


def remove(admin: Cluster, manifest: Manifest) -> None:
    its = object_of(manifest)
    there = admin.get(its.api_version, its.ref)
    if there.ok:
        admin.delete(its.api_version, its.ref, uid=there.body["metadata"]["uid"], dry_run=False)


def kubeconfig_of(rig: Access, names: Identities, account: str, directory: Path) -> Path:
    """With a token of the account, which an admin asked for."""
    path = f"/api/v1/namespaces/{names.namespace}/serviceaccounts/{account}/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    answer = Transport.open("rig", rig.kubeconfig, None, 10, 1).send(ApiRequest("POST", path, {}, body))
    content = yaml.safe_load(rig.kubeconfig.read_text())
    where = next(entry["context"]["cluster"] for entry in content["contexts"])
    content["users"] = [{"name": account, "user": {"token": answer.body["status"]["token"]}}]
    content["contexts"] = [{"name": account, "context": {"cluster": where, "user": account}}]
    content["current-context"] = account
    file = directory / f"{names.namespace}-{account}.kubeconfig"
    file.write_text(yaml.safe_dump(content))
    return file


def config_map(namespace: str, name: str, **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _written(account: Account) -> ApiResponse:
    answer = account.cluster.create(config_map(account.names.namespace, "early"), dry_run=False)
    if answer.ok:
        remove(account.admin, answer.body)
    return answer


def _might(names: Identities) -> Mapping[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"{names.planner}-mighty"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": PLANNER, "namespace": names.namespace}],
    }
