"""Which fields of a replaced object made the replacement necessary. Called by `plan_content`. Pure.

The server has refused the update by then; this only finds its fields among those that change. What Kubernetes keeps
from changing is written in its validation code, not in its schema, so it is written here again.
"""

from fnmatch import fnmatchcase

from bot.kube.objects.object_changes import ChangeCause, ObjectChange

_JOB_FIELDS = ("spec.template*", "spec.selector*", "spec.completions", "spec.completionMode", "spec.podFailurePolicy*")
_IMMUTABLE_FIELDS = {
    "Job": _JOB_FIELDS,
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


def replacing_fields(change: ObjectChange) -> tuple[str, ...]:
    """List the paths that change and cannot; all that change where none is known to be such."""
    changed_paths = [
        field.path
        for field in change.fields
        if field.path and field.cause is not ChangeCause.CLUSTER and field.old != field.new
    ]
    fixed = _IMMUTABLE_FIELDS.get(change.ref.kind, ())
    return tuple(path for path in changed_paths if any(fnmatchcase(path, pattern) for pattern in fixed)) or tuple(
        changed_paths
    )
