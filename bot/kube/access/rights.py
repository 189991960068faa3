"""Which kinds the two identities may speak of, as RBAC rules. Called by `rbac_manifests`; pure.

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
GIT_KINDS: Mapping[str, tuple[str, ...]] = {
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
READ_ONLY_KINDS: Mapping[str, tuple[str, ...]] = {
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
FORBIDDEN_KINDS: Mapping[str, tuple[str, ...]] = {
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

WEBHOOK_KINDS = {"admissionregistration.k8s.io": ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")}
LOG_RULE = {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}
SECRET_RULE = {"apiGroups": [""], "resources": ["secrets"], "verbs": list(VERBS)}


def planner_rules(groups: Sequence[str]) -> list[Rule]:
    """Return what the planner may do; `groups` are API groups of custom resources.

    Raises Refused for a group that admission does not guard.
    """
    return [*_rules(GIT_KINDS, VERBS), *_rules(READ_ONLY_KINDS, READ), *_custom_rules(groups)]


def applier_rules(groups: Sequence[str]) -> list[Rule]:
    """Return the same kinds for real, with Secrets, webhooks and the logs of pods that do not come up."""
    return [*planner_rules(groups), *_rules(WEBHOOK_KINDS, WRITE), SECRET_RULE, LOG_RULE]


def _rules(kinds: Mapping[str, tuple[str, ...]], verbs: tuple[str, ...]) -> list[Rule]:
    return [
        {"apiGroups": [group], "resources": list(plurals), "verbs": list(verbs)} for group, plurals in kinds.items()
    ]


def _custom_rules(groups: Sequence[str]) -> list[Rule]:
    """All kinds of a group of custom resources: their subresources are `status` and `scale`, which admission sees."""
    for group in groups:
        if group == "*" or group in GIT_KINDS or group in READ_ONLY_KINDS or group in FORBIDDEN_KINDS:
            raise Refused(f"`{group}` is no group of custom resources: name one like `cert-manager.io`")
        if "." not in group or not all(label.replace("-", "").isalnum() for label in group.split(".")):
            raise Refused(f"`{group}` is no API group: name one like `cert-manager.io`")
    api_groups = sorted(set(groups))
    return [{"apiGroups": api_groups, "resources": ["*"], "verbs": list(VERBS)}] if api_groups else []
