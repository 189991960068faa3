"""What a plan tries of the kinds that nearly every chart has, as the smallest objects that a server takes.

Called by `proof`: a policy that refuses one of them by mistake, or whose expression fails on it, is found here.
"""

from collections.abc import Mapping
from typing import Any

from bot.kube.access.attacks import ABSENT_NAME

RBAC_VERSION = "rbac.authorization.k8s.io/v1"
_READ_RULE = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}
_LABELS = {"app": ABSENT_NAME}
_POD = {"containers": [{"name": "one", "image": "none"}]}
_TEMPLATE = {"metadata": {"labels": _LABELS}, "spec": _POD}
_WORKLOAD = {"selector": {"matchLabels": _LABELS}, "template": _TEMPLATE}
_JOB = {"template": {"spec": {**_POD, "restartPolicy": "Never"}}}
_ROLE = {"apiVersion": RBAC_VERSION, "kind": "Role", "rules": [_READ_RULE]}
_KINDS: tuple[Mapping[str, Any], ...] = (
    {"apiVersion": "v1", "kind": "ConfigMap"},
    {"apiVersion": "v1", "kind": "ServiceAccount"},
    {"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 80}]}},
    {"apiVersion": "v1", "kind": "Pod", "spec": _POD},
    {"apiVersion": "apps/v1", "kind": "Deployment", "spec": _WORKLOAD},
    {"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": _WORKLOAD},
    {"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": _WORKLOAD},
    {"apiVersion": "batch/v1", "kind": "Job", "spec": _JOB},
    {"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"schedule": "0 0 * * *", "jobTemplate": {"spec": _JOB}}},
    {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": {"podSelector": {}}},
    {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "spec": {"maxUnavailable": 1}},
    _ROLE,
)
_CLUSTER_KINDS: tuple[Mapping[str, Any], ...] = (
    {"apiVersion": "v1", "kind": "Namespace"},
    {**_ROLE, "kind": "ClusterRole"},
    {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": 1},
)


def trial_bodies(namespace: str) -> tuple[Mapping[str, Any], ...]:
    """Return one object a kind, under a name that nothing has."""
    inside = ({**body, "metadata": {"name": ABSENT_NAME, "namespace": namespace}} for body in _KINDS)
    outside = ({**body, "metadata": {"name": ABSENT_NAME}} for body in _CLUSTER_KINDS)
    return (*inside, *outside)
