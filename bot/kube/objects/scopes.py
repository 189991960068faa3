"""Which kinds belong to the cluster, when no cluster can be asked. Called by offline plans and by `parsing`."""

from collections.abc import Iterable, Mapping
from typing import Any

CLUSTER_KINDS: Mapping[str, frozenset[str]] = {
    "": frozenset({"Namespace", "Node", "PersistentVolume", "ComponentStatus"}),
    "admissionregistration.k8s.io": frozenset(
        {
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        }
    ),
    "apiextensions.k8s.io": frozenset({"CustomResourceDefinition"}),
    "apiregistration.k8s.io": frozenset({"APIService"}),
    "authentication.k8s.io": frozenset({"SelfSubjectReview", "TokenReview"}),
    "authorization.k8s.io": frozenset({"SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"}),
    "certificates.k8s.io": frozenset({"CertificateSigningRequest", "ClusterTrustBundle"}),
    "flowcontrol.apiserver.k8s.io": frozenset({"FlowSchema", "PriorityLevelConfiguration"}),
    "networking.k8s.io": frozenset({"IngressClass", "IPAddress", "ServiceCIDR"}),
    "node.k8s.io": frozenset({"RuntimeClass"}),
    "policy": frozenset({"PodSecurityPolicy"}),
    "rbac.authorization.k8s.io": frozenset({"ClusterRole", "ClusterRoleBinding"}),
    "resource.k8s.io": frozenset({"DeviceClass", "DeviceTaintRule", "ResourceSlice"}),
    "scheduling.k8s.io": frozenset({"PriorityClass"}),
    "storage.k8s.io": frozenset({"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"}),
    "storagemigration.k8s.io": frozenset({"StorageVersionMigration"}),
}
_BUILT_IN_GROUPS = frozenset({*CLUSTER_KINDS, "apps", "batch", "autoscaling", "extensions"})
_NAMESPACED_GROUPS = frozenset(
    {"coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "internal.apiserver.k8s.io"}
)


def group_of(api_version: str) -> str:
    """Return the API group: `apps/v1` is of `apps`, `v1` of the group without a name."""
    return api_version.rpartition("/")[0]


def is_namespaced(api_version: str, kind: str) -> bool | None:
    """Tell whether objects of a kind of Kubernetes itself have a namespace; None for kinds of others."""
    group = group_of(api_version)
    if kind in CLUSTER_KINDS.get(group, ()):
        return False
    return True if group in _BUILT_IN_GROUPS or group in _NAMESPACED_GROUPS else None


def crd_scopes(bodies: Iterable[Mapping[str, Any]]) -> Mapping[tuple[str, str], bool]:
    """Read, by group and kind, whether the CustomResourceDefinitions among these bodies make their kinds namespaced."""
    scopes = {}
    for body in bodies:
        spec = body.get("spec")
        if body.get("kind") != "CustomResourceDefinition" or not isinstance(spec, Mapping):
            continue
        names = spec.get("names")
        if isinstance(names, Mapping):
            scopes[str(spec.get("group")), str(names.get("kind"))] = spec.get("scope") == "Namespaced"
    return scopes
