"""Which kinds the two identities may speak of, as RBAC rules. Called by `planner`; pure.

RBAC only adds, so what must not be had is never named: no `*` but for the kinds of custom groups, no subresource, and
neither `impersonate`, `bind`, `escalate`, `approve` nor `sign`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.errors import Refused

Rule = Mapping[str, Any]

READ = ("get", "list", "watch")
WRITE = ("create", "update", "patch", "delete")
VERBS = (*READ, *WRITE)

# What people keep in Git. Left out: Secrets (asked for apart), and whatever only the cluster itself writes.
KEPT_IN_GIT: Mapping[str, tuple[str, ...]] = {
    "": (
        "configmaps",
        "endpoints",
        "limitranges",
        "namespaces",
        "persistentvolumeclaims",
        "persistentvolumes",
        "pods",
        "podtemplates",
        "replicationcontrollers",
        "resourcequotas",
        "serviceaccounts",
        "services",
    ),
    "apiextensions.k8s.io": ("customresourcedefinitions",),
    "apiregistration.k8s.io": ("apiservices",),
    "apps": ("daemonsets", "deployments", "replicasets", "statefulsets"),
    "autoscaling": ("horizontalpodautoscalers",),
    "batch": ("cronjobs", "jobs"),
    "coordination.k8s.io": ("leases",),
    "discovery.k8s.io": ("endpointslices",),
    "flowcontrol.apiserver.k8s.io": ("flowschemas", "prioritylevelconfigurations"),
    "networking.k8s.io": ("ingressclasses", "ingresses", "ipaddresses", "networkpolicies", "servicecidrs"),
    "node.k8s.io": ("runtimeclasses",),
    "policy": ("poddisruptionbudgets",),
    "rbac.authorization.k8s.io": ("clusterrolebindings", "clusterroles", "rolebindings", "roles"),
    "resource.k8s.io": ("deviceclasses", "resourceclaims", "resourceclaimtemplates"),
    "scheduling.k8s.io": ("priorityclasses",),
    "storage.k8s.io": ("csidrivers", "storageclasses", "volumeattributesclasses"),
}

# Read for health and for people; who may write here goes around the API server's judgement, or is a component of it.
ONLY_READ: Mapping[str, tuple[str, ...]] = {
    "": ("events", "nodes"),
    "admissionregistration.k8s.io": (
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
        "mutatingwebhookconfigurations",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
        "validatingwebhookconfigurations",
    ),
    "apps": ("controllerrevisions",),
    "events.k8s.io": ("events",),
    "resource.k8s.io": ("resourceslices",),
    "storage.k8s.io": ("csinodes", "csistoragecapacities", "volumeattachments"),
}

# Nothing at all: they mint credentials, answer questions about others' rights, or place pods.
NEVER: Mapping[str, tuple[str, ...]] = {
    "": ("bindings", "componentstatuses"),
    "authentication.k8s.io": ("selfsubjectreviews", "tokenreviews"),
    "authorization.k8s.io": (
        "localsubjectaccessreviews",
        "selfsubjectaccessreviews",
        "selfsubjectrulesreviews",
        "subjectaccessreviews",
    ),
    "certificates.k8s.io": ("certificatesigningrequests", "clustertrustbundles", "podcertificaterequests"),
}

WEBHOOKS = {"admissionregistration.k8s.io": ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")}
LOGS = {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}
SECRETS = {"apiGroups": [""], "resources": ["secrets"], "verbs": list(VERBS)}


def of_planner(groups: Sequence[str]) -> list[Rule]:
    """`groups` are API groups of custom resources. Raises Refused for a group that admission does not guard."""
    return [*_rules(KEPT_IN_GIT, VERBS), *_rules(ONLY_READ, READ), *_custom(groups)]


def of_applier(groups: Sequence[str]) -> list[Rule]:
    """The same kinds for real, with Secrets, webhooks and the logs of pods that do not come up."""
    return [*of_planner(groups), *_rules(WEBHOOKS, WRITE), SECRETS, LOGS]


def _rules(kinds: Mapping[str, tuple[str, ...]], verbs: tuple[str, ...]) -> list[Rule]:
    return [{"apiGroups": [group], "resources": list(named), "verbs": list(verbs)} for group, named in kinds.items()]


def _custom(groups: Sequence[str]) -> list[Rule]:
    """All kinds of a group of custom resources: their subresources are `status` and `scale`, which admission sees."""
    for group in groups:
        if group == "*" or group in KEPT_IN_GIT or group in ONLY_READ or group in NEVER:
            raise Refused(f"`{group}` is no group of custom resources: name one like `cert-manager.io`")
        if "." not in group or not all(part.replace("-", "").isalnum() for part in group.split(".")):
            raise Refused(f"`{group}` is no API group: name one like `cert-manager.io`")
    wanted = sorted(set(groups))
    return [{"apiGroups": wanted, "resources": ["*"], "verbs": list(VERBS)}] if wanted else []
