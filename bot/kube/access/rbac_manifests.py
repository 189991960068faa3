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

PLANNER, APPLIER, EVERYWHERE = "planner", "applier", "*"
RBAC, ADMISSION = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Identities:
    """`namespace` holds both accounts, and is the first word of every name that belongs to the cluster.

    `groups`: API groups of custom resources. `secrets`: namespaces whose Secrets the planner may plan, `*` for all:
    who may plan a Secret can read it, and so be whoever has a token in it.
    """

    namespace: str = "gitops-bot"
    groups: Sequence[str] = ()
    secrets: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in (self.namespace, *(name for name in self.secrets if name != EVERYWHERE)):
            if not _NAME.fullmatch(name):
                raise Refused(f"`{name}` is no namespace: use small letters, digits and `-`, at most 42 of them")

    @property
    def planner(self) -> str:
        """The name of the planner's policy, its binding, role and role binding."""
        return f"{self.namespace}-{PLANNER}"

    @property
    def applier(self) -> str:
        return f"{self.namespace}-{APPLIER}"

    def user(self, account: str) -> str:
        """What the API server calls an account of ours."""
        return f"system:serviceaccount:{self.namespace}:{account}"


def planner_manifests(names: Identities) -> tuple[Manifest, ...]:
    """In the order of their application: the policy is bound before the account has any right."""
    return (
        _namespace(names),
        _account(names, PLANNER),
        _policy(names),
        _policy_binding(names),
        _role(names.planner, rights.of_planner(names.groups)),
        _role_binding(names, names.planner, PLANNER),
        *_secrets(names),
    )


def applier_manifests(names: Identities) -> tuple[Manifest, ...]:
    """Rights without a policy. It cannot grant what it does not have, nor write admission policies: so no plan of a
    pull request ends the planner's.
    """
    return (
        _namespace(names),
        _account(names, APPLIER),
        _role(names.applier, rights.of_applier(names.groups)),
        _role_binding(names, names.applier, APPLIER),
    )


def _namespace(names: Identities) -> Manifest:
    """Of their own: whoever may create pods in it may be either account."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": names.namespace}}


def _account(names: Identities, name: str) -> Manifest:
    """No token is mounted anywhere, and none lies in a Secret that the planner could read: ask for one."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": names.namespace},
        "automountServiceAccountToken": False,
    }


def _policy(names: Identities) -> Manifest:
    """What is not a dry-run is refused, of every kind and subresource, also of kinds that come later.

    A failing policy refuses. CONNECT (exec, attach, port-forward, proxy) knows no dry-run, and a token is minted by one
    that does. Admission policies do not govern admission policies, nor impersonation: against those there is only RBAC.
    """
    return {
        "apiVersion": f"{ADMISSION}/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": names.planner},
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
                {"name": "is-the-planner", "expression": f"request.userInfo.username == '{names.user(PLANNER)}'"}
            ],
            "validations": [
                _validation("has(request.dryRun) && request.dryRun == true", "the planner may only try (dry-run)"),
                _validation("request.operation != 'CONNECT'", "the planner may not reach into pods and nodes"),
                _validation(_NO_CREDENTIALS, "the planner may not mint credentials, not even in a dry-run"),
            ],
        },
    }


_NO_CREDENTIALS = (
    "!(request.resource.resource == 'serviceaccounts' && request.subResource == 'token')"
    " && request.resource.group != 'certificates.k8s.io'"
)


def _validation(expression: str, message: str) -> Mapping[str, str]:
    return {"expression": expression, "message": message, "reason": "Forbidden"}


def _policy_binding(names: Identities) -> Manifest:
    """Denies, everywhere: without it the policy is a text."""
    return {
        "apiVersion": f"{ADMISSION}/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": names.planner},
        "spec": {"policyName": names.planner, "validationActions": ["Deny"]},
    }


def _role(name: str, rules: Sequence[rights.Rule]) -> Manifest:
    """The other half: what admission does not see is not granted. A dry-run needs the rights of the write."""
    return {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": list(rules)}


def _role_binding(names: Identities, role: str, account: str, namespace: str = "") -> Manifest:
    """For the whole cluster, or inside one namespace."""
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": {"name": role} | ({"namespace": namespace} if namespace else {}),
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": names.namespace}],
    }


def _secrets(names: Identities) -> tuple[Manifest, ...]:
    """A role apart, bound where the operator says: reading is nothing that a policy can refuse."""
    if not names.secrets:
        return ()
    role = f"{names.planner}-secrets"
    places = ("",) if EVERYWHERE in names.secrets else tuple(sorted(set(names.secrets)))
    bindings = (_role_binding(names, role, PLANNER, place) for place in places)
    return (_role(role, [rights.SECRETS]), *bindings)
