"""Bindings of roles that come with the same pull request: no server tries a binding before its role is there.

Called by the dry-run, and by the last look before an apply.
"""

from collections.abc import Set

from bot.kube.cluster.refusals import NOT_FOUND
from bot.kube.cluster.responses import ApiResponse
from bot.kube.objects.kube_object import KubeObject, ObjectRef

RBAC_GROUP = "rbac.authorization.k8s.io"
NOT_TRIED_NOTE = "not tried: its role comes with this pull request, and a binding is tried only where that is there"


def awaits_role(binding: KubeObject, roles: Set[ObjectRef], answer: ApiResponse) -> bool:
    """Tell whether a binding was refused for want of one of these roles, which are still to be made."""
    return answer.status == NOT_FOUND and binding.ref.group == RBAC_GROUP and _role_of(binding) in roles


def _role_of(binding: KubeObject) -> ObjectRef | None:
    """The role that a RoleBinding or ClusterRoleBinding is of; None where it names none."""
    role = binding.body.get("roleRef")
    if not isinstance(role, dict):
        return None
    kind, name = str(role.get("kind")), str(role.get("name"))
    return ObjectRef(RBAC_GROUP, kind, binding.ref.namespace if kind == "Role" else "", name)
