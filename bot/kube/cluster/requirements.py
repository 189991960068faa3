"""Objects that a server takes only where others are: a binding with its role, a Pod with its account and its classes.

Called by the trial of a creation, and by the last look before an apply. Where what is needed comes with the same pull
request, the object is tried with a stand-in for it.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from bot.kube.cluster.client import Cluster
from bot.kube.cluster.refusals import NOT_FOUND
from bot.kube.objects.body import Body
from bot.kube.objects.kube_object import KubeObject, ObjectRef

RBAC_GROUP = "rbac.authorization.k8s.io"
# What every account may do, so that whoever may write bindings may bind it.
_COMMON_ROLE = {"apiGroup": RBAC_GROUP, "kind": "ClusterRole", "name": "system:discovery"}
_BINDINGS = ("RoleBinding", "ClusterRoleBinding")
_POD_CLASSES = (
    ("priorityClassName", "scheduling.k8s.io", "PriorityClass"),
    ("runtimeClassName", "node.k8s.io", "RuntimeClass"),
)
_ACCOUNT_FIELDS = ("serviceAccountName", "serviceAccount")


def missing_requirements(
    cluster: Cluster, kube_object: KubeObject, is_coming: Callable[[ObjectRef], bool]
) -> tuple[ObjectRef, ...]:
    """List what the server asks for with an object, that is not there and is to come. Raises ToolFailed."""
    required = [ref for ref in _requirements(kube_object) if is_coming(ref)]
    return tuple(ref for ref in required if cluster.get(_api_version(ref), ref).status == NOT_FOUND)


def with_stand_ins(body: Body, missing: Collection[ObjectRef]) -> dict[str, Any]:
    """Return the body without need of what is missing: with a role that everybody has, or a Pod's defaults."""
    if body.get("kind") in _BINDINGS:
        return {**body, "roleRef": _COMMON_ROLE}
    kinds = {ref.kind for ref in missing}
    dropped = {name for name, _, kind in _POD_CLASSES if kind in kinds}
    dropped |= set(_ACCOUNT_FIELDS) if "ServiceAccount" in kinds else set()
    return {**body, "spec": {key: child for key, child in body["spec"].items() if key not in dropped}}


def is_binding(kube_object: KubeObject) -> bool:
    """Tell whether an object binds a role."""
    return kube_object.ref.group == RBAC_GROUP and kube_object.ref.kind in _BINDINGS


def _requirements(kube_object: KubeObject) -> Iterator[ObjectRef]:
    body, namespace = kube_object.body, kube_object.ref.namespace
    role, spec = body.get("roleRef"), body.get("spec")
    if is_binding(kube_object) and isinstance(role, dict):
        kind = str(role.get("kind"))
        yield ObjectRef(RBAC_GROUP, kind, namespace if kind == "Role" else "", str(role.get("name")))
    if (kube_object.ref.group, kube_object.ref.kind) == ("", "Pod") and isinstance(spec, dict):
        accounts = {str(spec[name]) for name in _ACCOUNT_FIELDS if spec.get(name)}
        yield from (ObjectRef("", "ServiceAccount", namespace, name) for name in accounts)
        classes = ((group, kind, spec.get(name)) for name, group, kind in _POD_CLASSES)
        yield from (ObjectRef(group, kind, "", str(name)) for group, kind, name in classes if name)


def _api_version(ref: ObjectRef) -> str:
    return f"{ref.group}/v1" if ref.group else "v1"
