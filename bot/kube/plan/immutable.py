"""Which fields of a replaced object made the replacement necessary. Called by `show`. Pure.

The server has refused the update by then; this only finds its fields among those that change. What Kubernetes keeps
from changing is written in its validation code, not in its schema, so it is written here again.
"""

from fnmatch import fnmatchcase

from bot.kube.objects.outcomes import Cause, Outcome

_TEMPLATE = ("spec.template*", "spec.selector*", "spec.completions", "spec.completionMode", "spec.podFailurePolicy*")
_FIXED = {
    "Job": _TEMPLATE,
    "Deployment": ("spec.selector*",),
    "DaemonSet": ("spec.selector*",),
    "ReplicaSet": ("spec.selector*",),
    "StatefulSet": ("spec.selector*", "spec.serviceName", "spec.podManagementPolicy", "spec.volumeClaimTemplates*"),
    "Service": ("spec.clusterIP*", "spec.ipFamil*", "spec.loadBalancerClass"),
    "PersistentVolumeClaim": ("spec.*",),
    "PersistentVolume": ("spec.*",),
    "Pod": ("spec.*",),
    "RoleBinding": ("roleRef*",),
    "ClusterRoleBinding": ("roleRef*",),
    "StorageClass": ("provisioner", "parameters*", "reclaimPolicy", "volumeBindingMode"),
    "Secret": ("type", "data*", "immutable"),
    "ConfigMap": ("data*", "binaryData*", "immutable"),
    "CustomResourceDefinition": ("spec.scope", "spec.names*", "spec.group"),
}


def forcing(outcome: Outcome) -> tuple[str, ...]:
    """The paths of those that change and cannot; all that change where none is known to be such."""
    ours = [one.path for one in outcome.fields if one.path and one.cause is not Cause.CLUSTER and one.old != one.new]
    fixed = _FIXED.get(outcome.ref.kind, ())
    return tuple(path for path in ours if any(fnmatchcase(path, one) for one in fixed)) or tuple(ours)
