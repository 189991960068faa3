"""The ways around a policy that admits only dry-runs, as requests that must be forbidden. Called by `proof`; pure.

Each is harmless where it is let through: what it names is not there, or its precondition never holds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.kube.access.rbac_manifests import ADMISSION, APPLIER, PLANNER, RBAC, Identities
from bot.kube.cluster.requests import Request

NOBODY = "gitops-bot-proof"
_NEVER_HOLDS = "00000000-0000-0000-0000-000000000000"
_JSON_PATCH = "application/json-patch+json"
_DRY = {"dryRun": "All"}
_TRIES: tuple[tuple[str, Mapping[str, str]], ...] = (("try to ", _DRY), ("", {}))


@dataclass(frozen=True, slots=True)
class Attack:
    """`what` reads after "it cannot"."""

    what: str
    request: Request


def attacks(names: Identities) -> tuple[Attack, ...]:
    return (*_on_the_policy(names), *_for_credentials(names), *_on_subresources(names), *_on_rights(names))


def _on_the_policy(names: Identities) -> Iterator[Attack]:
    """Admission policies do not govern admission policies and webhooks: RBAC alone stands here."""
    for plural, called in (
        ("validatingadmissionpolicybindings", "the policy's binding"),
        ("validatingadmissionpolicies", "the policy"),
        ("mutatingadmissionpolicies", "a policy that changes others' objects"),
        ("validatingwebhookconfigurations", "a webhook"),
        ("mutatingwebhookconfigurations", "a webhook that changes others' objects"),
    ):
        path = f"/apis/{ADMISSION}/v1/{plural}/{names.planner}"
        for trying, query in _TRIES:
            yield _deletion(f"{trying}delete {called}", path, query)
            yield _patch(f"{trying}change {called}", path, query)


def _for_credentials(names: Identities) -> Iterator[Attack]:
    """A dry-run of these is as good as the real thing, or nothing that the policy judges."""
    accounts = f"/api/v1/namespaces/{names.namespace}/serviceaccounts"
    for account in (PLANNER, APPLIER):
        for trying, query in _TRIES:
            body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
            yield Attack(f"{trying}mint a token of the {account}", _post(f"{accounts}/{account}/token", query, body))
    signing = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
    yield Attack("try to ask for a certificate", _post(signing, _DRY, {}))
    yield _patch("approve a certificate", f"{signing}/{NOBODY}/approval", {})
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": NOBODY}}
    yield Attack("have tokens reviewed", _post("/apis/authentication.k8s.io/v1/tokenreviews", {}, review))


def _on_subresources(names: Identities) -> Iterator[Attack]:
    inside = f"/api/v1/namespaces/{names.namespace}"
    for verb in ("exec", "attach", "portforward", "proxy"):
        for method in ("GET", "POST"):
            request = Request(method, f"{inside}/pods/{NOBODY}/{verb}", {"command": "true"}, again=False)
            yield Attack(f"{verb} into a pod ({method})", request)
    yield Attack("reach a kubelet through its node", Request("GET", f"/api/v1/nodes/{NOBODY}/proxy/pods", again=False))
    yield Attack("reach a service", Request("GET", f"{inside}/services/{NOBODY}/proxy/", again=False))
    yield Attack("evict a pod", _post(f"{inside}/pods/{NOBODY}/eviction", {}, _about("policy/v1", "Eviction")))
    yield Attack("place a pod on a node", _post(f"{inside}/pods/{NOBODY}/binding", {}, _about("v1", "Binding")))
    yield _patch("write a status", f"{inside}/pods/{NOBODY}/status", {})
    yield _patch("scale", f"/apis/apps/v1/namespaces/{names.namespace}/deployments/{NOBODY}/scale", {})
    none = {"labelSelector": f"{NOBODY}=none"}
    yield Attack("delete many at once", Request("DELETE", f"{inside}/configmaps", none, again=False))


def _on_rights(names: Identities) -> Iterator[Attack]:
    """Granting what it does not have itself. The API server looks at the rights before it looks for the account."""
    everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    role = _about(f"{RBAC}/v1", "ClusterRole") | {"rules": [everything]}
    yield Attack("try to make a role of everything", _post(f"/apis/{RBAC}/v1/clusterroles", _DRY, role))
    binding = _about(f"{RBAC}/v1", "ClusterRoleBinding") | {
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": PLANNER, "namespace": names.namespace}],
    }
    yield Attack("try to become an admin", _post(f"/apis/{RBAC}/v1/clusterrolebindings", _DRY, binding))


def _about(api_version: str, kind: str) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": NOBODY}}


def _post(path: str, query: Mapping[str, str], body: object) -> Request:
    return Request("POST", path, query, body, again=False)


def _patch(what: str, path: str, query: Mapping[str, str]) -> Attack:
    test = [{"op": "test", "path": "/metadata/uid", "value": _NEVER_HOLDS}]
    return Attack(what, Request("PATCH", path, query, test, _JSON_PATCH, again=False))


def _deletion(what: str, path: str, query: Mapping[str, str]) -> Attack:
    options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": _NEVER_HOLDS}}
    return Attack(what, Request("DELETE", path, {}, options | ({"dryRun": ["All"]} if query else {}), again=False))
