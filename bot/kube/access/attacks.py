"""The ways around a policy that admits only dry-runs, as requests that must be forbidden. Called by `proof`; pure.

Each is harmless where it is let through: what it names is not there, or its precondition never holds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.kube.access.rbac_manifests import ADMISSION, APPLIER, PLANNER, RBAC, Identities
from bot.kube.cluster.transport import ApiRequest

ABSENT_NAME = "gitops-bot-proof"
_ABSENT_UID = "00000000-0000-0000-0000-000000000000"
_JSON_PATCH = "application/json-patch+json"
_DRY_RUN = {"dryRun": "All"}
_ATTEMPTS: tuple[tuple[str, Mapping[str, str]], ...] = (("try to ", _DRY_RUN), ("", {}))


@dataclass(frozen=True, slots=True)
class Attack:
    """A request that must be forbidden. `action` reads after "it cannot"."""

    action: str
    request: ApiRequest


def attacks_on(identities: Identities) -> tuple[Attack, ...]:
    """List every attack that the planner must not succeed with."""
    return (
        *_policy_attacks(identities),
        *_credential_attacks(identities),
        *_subresource_attacks(identities),
        *_rights_attacks(identities),
    )


def _policy_attacks(identities: Identities) -> Iterator[Attack]:
    """Admission policies do not govern admission policies and webhooks: RBAC alone stands here."""
    for plural, noun in (
        ("validatingadmissionpolicybindings", "the policy's binding"),
        ("validatingadmissionpolicies", "the policy"),
        ("mutatingadmissionpolicies", "a policy that changes others' objects"),
        ("validatingwebhookconfigurations", "a webhook"),
        ("mutatingwebhookconfigurations", "a webhook that changes others' objects"),
    ):
        path = f"/apis/{ADMISSION}/v1/{plural}/{identities.planner}"
        for adverb, query in _ATTEMPTS:
            yield _deletion_attack(f"{adverb}delete {noun}", path, query)
            yield _patch_attack(f"{adverb}change {noun}", path, query)


def _credential_attacks(identities: Identities) -> Iterator[Attack]:
    """A dry-run of these is as good as the real thing, or nothing that the policy judges."""
    accounts = f"/api/v1/namespaces/{identities.namespace}/serviceaccounts"
    for account in (PLANNER, APPLIER):
        for adverb, query in _ATTEMPTS:
            body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
            yield Attack(f"{adverb}mint a token of the {account}", _post(f"{accounts}/{account}/token", query, body))
    requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
    yield Attack("try to ask for a certificate", _post(requests, _DRY_RUN, {}))
    yield _patch_attack("approve a certificate", f"{requests}/{ABSENT_NAME}/approval", {})
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": ABSENT_NAME}}
    yield Attack("have tokens reviewed", _post("/apis/authentication.k8s.io/v1/tokenreviews", {}, review))


def _subresource_attacks(identities: Identities) -> Iterator[Attack]:
    namespace = f"/api/v1/namespaces/{identities.namespace}"
    pod = f"{namespace}/pods/{ABSENT_NAME}"
    deployment = f"/apis/apps/v1/namespaces/{identities.namespace}/deployments/{ABSENT_NAME}"
    for verb in ("exec", "attach", "portforward", "proxy"):
        for method in ("GET", "POST"):
            yield Attack(f"{verb} into a pod ({method})", _request(method, f"{pod}/{verb}", {"command": "true"}))
    yield Attack("reach a kubelet through its node", _request("GET", f"/api/v1/nodes/{ABSENT_NAME}/proxy/pods", {}))
    yield Attack("reach a service", _request("GET", f"{namespace}/services/{ABSENT_NAME}/proxy/", {}))
    yield Attack("evict a pod", _post(f"{pod}/eviction", {}, _absent_object("policy/v1", "Eviction")))
    yield Attack("place a pod on a node", _post(f"{pod}/binding", {}, _absent_object("v1", "Binding")))
    yield _patch_attack("write a status", f"{pod}/status", {})
    yield _patch_attack("scale", f"{deployment}/scale", {})
    selector = {"labelSelector": f"{ABSENT_NAME}=none"}
    yield Attack("delete many at once", _request("DELETE", f"{namespace}/configmaps", selector))


def _rights_attacks(identities: Identities) -> Iterator[Attack]:
    """Granting what it does not have itself. The API server looks at the rights before it looks for the account."""
    everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    role = _absent_object(f"{RBAC}/v1", "ClusterRole") | {"rules": [everything]}
    yield Attack("try to make a role of everything", _post(f"/apis/{RBAC}/v1/clusterroles", _DRY_RUN, role))
    binding = _absent_object(f"{RBAC}/v1", "ClusterRoleBinding") | {
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": PLANNER, "namespace": identities.namespace}],
    }
    yield Attack("try to become an admin", _post(f"/apis/{RBAC}/v1/clusterrolebindings", _DRY_RUN, binding))


def _absent_object(api_version: str, kind: str) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": ABSENT_NAME}}


def _request(method: str, path: str, query: Mapping[str, str], body: object = None) -> ApiRequest:
    return ApiRequest(method, path, query, body, repeatable=False)


def _post(path: str, query: Mapping[str, str], body: object) -> ApiRequest:
    return _request("POST", path, query, body)


def _patch_attack(action: str, path: str, query: Mapping[str, str]) -> Attack:
    test = [{"op": "test", "path": "/metadata/uid", "value": _ABSENT_UID}]
    return Attack(action, ApiRequest("PATCH", path, query, test, _JSON_PATCH, repeatable=False))


def _deletion_attack(action: str, path: str, query: Mapping[str, str]) -> Attack:
    options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": _ABSENT_UID}}
    dry_run = {"dryRun": ["All"]} if query else {}
    return Attack(action, _request("DELETE", path, {}, options | dry_run))
