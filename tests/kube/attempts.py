"""What a planner might do to a cluster, as requests with real objects behind them."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.kube.access.rbac_manifests import APPLIER, PLANNER
from bot.kube.cluster.responses import ApiResponse
from bot.kube.cluster.transport import ApiRequest
from bot.kube.objects.kube_object import ObjectRef
from tests.kube.identities import Account, config_map

MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
DRY = {"dryRun": "All"}


@dataclass(frozen=True)
class Write:
    """`{ns}` in paths is the namespace; `there` is what must be as it was afterwards."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    content: str = "application/json"
    there: str = "/api/v1/namespaces/{ns}/configmaps/one"

    def ask(self, account: Account, query: Mapping[str, str]) -> ApiResponse:
        ns = account.names.namespace
        body = self.body
        if body and "metadata" in body and body.get("kind") != "CertificateSigningRequest":
            body = {**body, "metadata": {"namespace": ns, **body["metadata"]}}
        query = {**query, **({"fieldManager": "tests", "force": "true"} if self.content == APPLY else {})}
        return account.ask(
            ApiRequest(self.method, self.path.format(ns=ns), query, body, self.content, repeatable=False)
        )


def stored(account: Account, path: str) -> Mapping[str, Any]:
    """What is stored there, as an admin reads it; without what the cluster itself goes on writing."""
    kinds = {"configmaps": ("v1", "ConfigMap"), "pods": ("v1", "Pod"), "deployments": ("apps/v1", "Deployment")}
    *_, plural, name = path.format(ns=account.names.namespace).split("/")
    version, kind = kinds.get(plural, ("v1", "Namespace"))
    namespace = "" if kind == "Namespace" else account.names.namespace
    body = account.admin.get(version, ObjectRef(version.rpartition("/")[0], kind, namespace, name)).body
    metadata = body["metadata"]
    return {"uid": metadata["uid"], "gone": metadata.get("deletionTimestamp")} | {
        key: body[key] for key in ("data", "spec") if key in body
    }


def asked_certificate() -> str:
    """A request that a signer could sign."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


CORE, APPS = "/api/v1/namespaces/{ns}", "/apis/apps/v1/namespaces/{ns}"
POD, WEB = f"{CORE}/pods/pod", f"{APPS}/deployments/web"
REPLICAS = {"spec": {"replicas": 3}}
ONE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": {"a": "2"}}
TWO = ONE | {"metadata": {"name": "two"}}
CSR = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": "x"}}
NODE = {"apiVersion": "v1", "kind": "Node", "name": "node"}
TRIED = {
    "create": Write("POST", f"{CORE}/configmaps", TWO),
    "update": Write("PUT", f"{CORE}/configmaps/one", ONE),
    "patch": Write("PATCH", f"{CORE}/configmaps/one", {"data": {"a": "2"}}, MERGE),
    "apply": Write("PATCH", f"{CORE}/configmaps/one", ONE, APPLY),
    "apply of a new object": Write("PATCH", f"{CORE}/configmaps/two", TWO, APPLY),
    "delete": Write("DELETE", f"{CORE}/configmaps/one"),
    "deletecollection": Write("DELETE", f"{CORE}/configmaps"),
    "status": Write("PATCH", f"{WEB}/status", {"status": {"replicas": 3}}, MERGE, WEB),
    "scale": Write("PATCH", f"{WEB}/scale", REPLICAS, MERGE, WEB),
    "eviction": Write(
        "POST",
        f"{POD}/eviction",
        {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "pod"}},
        there=POD,
    ),
    "binding": Write(
        "POST",
        f"{POD}/binding",
        {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "pod"}, "target": NODE},
        there=POD,
    ),
    "namespace": Write("DELETE", CORE, there=CORE),
    "role binding": Write(
        "POST",
        "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings",
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "mine"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        },
    ),
}
# Refused as dry-runs too: they have none, or theirs is as good as the real thing.
NEVER_LET = {
    "exec": Write("POST", f"{POD}/exec?command=true&stdout=true", there=POD),
    "exec by websocket": Write("GET", f"{POD}/exec?command=true&stdout=true", there=POD),
    "attach": Write("POST", f"{POD}/attach?stdout=true", there=POD),
    "portforward": Write("POST", f"{POD}/portforward", there=POD),
    "pod proxy": Write("GET", f"{POD}/proxy/", there=POD),
    "service proxy": Write("GET", f"{CORE}/services/service/proxy/"),
    "node proxy": Write("GET", "/api/v1/nodes/node/proxy/pods"),
    "its own token": Write("POST", f"{CORE}/serviceaccounts/{PLANNER}/token", {"spec": {}}),
    "the applier's token": Write("POST", f"{CORE}/serviceaccounts/{APPLIER}/token", {"spec": {}}),
    "certificate": Write(
        "POST",
        "/apis/certificates.k8s.io/v1/certificatesigningrequests",
        CSR | {"spec": {"request": asked_certificate(), "signerName": "example.test/one", "usages": ["client auth"]}},
    ),
}


def things(namespace: str) -> tuple[dict[str, Any], ...]:
    containers = [{"name": "one", "image": "example.test/one:1"}]
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    pod = {"containers": containers}
    return (
        config_map(namespace, "one", a="1"),
        thing("apps/v1", "Deployment", namespace, "web", spec),
        thing("v1", "Pod", namespace, "pod", pod),
        thing("v1", "Service", namespace, "service", {"ports": [{"port": 80}]}),
    )


def thing(api_version: str, kind: str, namespace: str, name: str, spec: object) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def crd(group: str) -> dict[str, Any]:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema, "subresources": {"status": {}}}
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": [version]}
    metadata = {"name": f"things.{group}"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": spec,
    }
