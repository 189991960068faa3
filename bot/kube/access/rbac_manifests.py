"""The manifests of a cluster's two identities: a planner that the API server keeps from writing, and an applier.

Called by the shell, which prints or applies them. Asks no cluster. Docs: docs/cluster-identities.md.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.errors import Refused
from bot.kube.access import rights

Manifest = Mapping[str, Any]

PLANNER, APPLIER, ALL_NAMESPACES = "planner", "applier", "*"
RBAC, ADMISSION = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Identities:
    """Names and reach of both. `namespace` holds both accounts, and begins every name that belongs to the cluster.

    `groups`: API groups of custom resources. `secrets`: namespaces whose Secrets the planner may plan, `*` for all:
    who may plan a Secret can read it, and so be whoever has a token in it. Raises Refused for what is no namespace.
    """

    namespace: str = "gitops-bot"
    groups: Sequence[str] = ()
    secrets: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in (self.namespace, *(name for name in self.secrets if name != ALL_NAMESPACES)):
            if not _NAME.fullmatch(name):
                raise Refused(f"`{name}` is no namespace: use small letters, digits and `-`, at most 42 of them")

    @property
    def planner(self) -> str:
        """The name of the planner's policy, its binding, role and role binding."""
        return f"{self.namespace}-{PLANNER}"

    @property
    def applier(self) -> str:
        """The name of the applier's role and its binding."""
        return f"{self.namespace}-{APPLIER}"

    def user(self, account: str) -> str:
        """What the API server calls an account of ours."""
        return f"system:serviceaccount:{self.namespace}:{account}"


def planner_manifests(identities: Identities) -> tuple[Manifest, ...]:
    """Make them in the order of their application: the policy is bound before the account has any right.

    Raises Refused for an API group that the planner may not have.
    """
    return (
        _namespace(identities),
        _account(identities, PLANNER),
        _policy(identities),
        _policy_binding(identities),
        _role(identities.planner, rights.planner_rules(identities.groups)),
        _role_binding(identities, identities.planner, PLANNER),
        *_secrets(identities),
    )


def applier_manifests(identities: Identities) -> tuple[Manifest, ...]:
    """Make rights without a policy. It cannot grant what it does not have, nor write admission policies: so no plan of
    a pull request ends the planner's. Raises Refused for an API group that it may not have.
    """
    return (
        _namespace(identities),
        _account(identities, APPLIER),
        _role(identities.applier, rights.applier_rules(identities.groups)),
        _role_binding(identities, identities.applier, APPLIER),
    )


def _namespace(identities: Identities) -> Manifest:
    """Of their own: whoever may create pods in it may be either account."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": identities.namespace}}


def _account(identities: Identities, name: str) -> Manifest:
    """No token is mounted anywhere, and none lies in a Secret that the planner could read: ask for one."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": identities.namespace},
        "automountServiceAccountToken": False,
    }


def _policy(identities: Identities) -> Manifest:
    """What is not a dry-run is refused, of every kind and subresource, also of kinds that come later.

    A failing policy refuses. CONNECT (exec, attach, port-forward, proxy) knows no dry-run, and a token is minted by one
    that does. Admission policies do not govern admission policies, nor impersonation: against those there is only RBAC.
    """
    return {
        "apiVersion": f"{ADMISSION}/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": identities.planner},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "matchPolicy": "Equivalent",
                "namespaceSelector": {},
                "objectSelector": {},
                "resourceRules": [
                    {
                        "apiGroups": ["*"],
                        "apiVersions": ["*"],
                        "operations": ["CREATE", "UPDATE", "DELETE", "CONNECT"],
                        "resources": ["*/*"],
                        "scope": "*",
                    }
                ],
            },
            "matchConditions": [
                {"name": "is-the-planner", "expression": f"request.userInfo.username == '{identities.user(PLANNER)}'"}
            ],
            "validations": [
                _validation("has(request.dryRun) && request.dryRun == true", "the planner may only try (dry-run)"),
                _validation("request.operation != 'CONNECT'", "the planner may not reach into pods and nodes"),
                _validation(_NO_CREDENTIALS, "the planner may not mint credentials, not even in a dry-run"),
            ],
        },
    }


_NO_CREDENTIALS = (
    "!(request.resource.resource == 'serviceaccounts' && has(request.subResource) && request.subResource == 'token')"
    " && request.resource.group != 'certificates.k8s.io'"
)


def _validation(expression: str, message: str) -> Mapping[str, str]:
    return {"expression": expression, "message": message, "reason": "Forbidden"}


def _policy_binding(identities: Identities) -> Manifest:
    """Denies, everywhere: without it the policy is a text."""
    return {
        "apiVersion": f"{ADMISSION}/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": identities.planner},
        "spec": {"policyName": identities.planner, "validationActions": ["Deny"]},
    }


def _role(name: str, rules: Sequence[rights.Rule]) -> Manifest:
    """The other half: what admission does not see is not granted. A dry-run needs the rights of the write."""
    return {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": list(rules)}


def _role_binding(identities: Identities, role: str, account: str, namespace: str = "") -> Manifest:
    """For the whole cluster, or inside one namespace."""
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": {"name": role} | ({"namespace": namespace} if namespace else {}),
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": identities.namespace}],
    }


def _secrets(identities: Identities) -> tuple[Manifest, ...]:
    """A role apart, bound where the operator says: reading is nothing that a policy can refuse."""
    if not identities.secrets:
        return ()
    role = f"{identities.planner}-secrets"
    namespaces = ("",) if ALL_NAMESPACES in identities.secrets else tuple(sorted(set(identities.secrets)))
    bindings = (_role_binding(identities, role, PLANNER, namespace) for namespace in namespaces)
    return (_role(role, [rights.SECRET_RULE]), *bindings)
