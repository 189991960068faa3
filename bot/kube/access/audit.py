"""What rights an identity has, by the API server's own account of them. Called by `proof`; changes nothing."""

from collections.abc import Callable, Iterator

from bot.core.errors import ToolFailed
from bot.kube.access.rights import FORBIDDEN_KINDS, READ, READ_ONLY_KINDS, VERBS, WRITE
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.responses import ApiResponse
from bot.kube.cluster.transport import METADATA_LIST, ApiRequest
from bot.kube.objects.body import Body

AUTHENTICATION, AUTHORIZATION = "authentication.k8s.io/v1", "authorization.k8s.io/v1"
IMPERSONATION_KINDS = ("users", "groups", "serviceaccounts", "uids")
TOKEN_QUERY = {"fieldSelector": "type=kubernetes.io/service-account-token"}
# What every account may ask about itself; nothing is stored.
SELF_REVIEWS = frozenset({"selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews"})


def username(cluster: Cluster) -> str:
    """Ask for the user's name as policies see it. Raises ToolFailed where that is not answered."""
    status = _review(cluster, AUTHENTICATION, "SelfSubjectReview", {}).get("status") or {}
    return str((status.get("userInfo") or {}).get("username") or "")


def impersonation_rights(cluster: Cluster) -> tuple[str, ...]:
    """List what it may impersonate: asked of the authorizer, as the API server does before it changes who asks."""
    kinds = (kind for kind in IMPERSONATION_KINDS if cluster.can("impersonate", "", kind))
    return (*kinds, *(["userextras"] if cluster.can("impersonate", "authentication.k8s.io", "userextras") else ()))


def surplus_rights(cluster: Cluster, namespace: str) -> tuple[str, ...]:
    """List rights in a namespace, and in the cluster, that no planner ought to have: `verbs on kinds of group`.

    Raises ToolFailed where that is not answered.
    """
    spec = {"namespace": namespace}
    status = _review(cluster, AUTHORIZATION, "SelfSubjectRulesReview", {"spec": spec}).get("status") or {}
    return tuple(dict.fromkeys(text for rule in status.get("resourceRules") or () for text in _surplus_of_rule(rule)))


def reads_all_secrets(cluster: Cluster) -> bool:
    """Tell whether it reads Secrets of every namespace; a dry-run of one shows it too."""
    return any(cluster.can(verb, "", "secrets") for verb in ("get", "list", "watch", "patch", "update"))


def readable_tokens(send: Callable[[ApiRequest], ApiResponse]) -> tuple[str, ...]:
    """List, as `namespace/name`, each Secret that holds a token of an account, as far as it may list them."""
    response = send(ApiRequest("GET", "/api/v1/secrets", TOKEN_QUERY, accept=METADATA_LIST))
    rows = (response.body.get("items") or ()) if response.ok else ()
    return tuple(f"{row['metadata']['namespace']}/{row['metadata']['name']}" for row in rows)


def aggregated_groups(cluster: Cluster) -> frozenset[str]:
    """List API groups that another server answers for: what is written there, this one's policies never see.

    Raises ToolFailed where they may not be listed.
    """
    services = cluster.list("apiregistration.k8s.io/v1", "APIService", None)
    return frozenset(str(service["spec"].get("group") or "") for service in services if service["spec"].get("service"))


def unguarded_groups(cluster: Cluster) -> tuple[str, ...]:
    """List those of these groups in which it may change anything. Raises ToolFailed where they may not be listed."""
    groups = sorted(aggregated_groups(cluster))
    return tuple(group for group in groups if any(cluster.can(verb, group, "*") for verb in WRITE))


def _surplus_of_rule(rule: Body) -> Iterator[str]:
    verbs, kinds = set(rule.get("verbs") or ()), set(rule.get("resources") or ())
    for group in rule.get("apiGroups") or ():
        if extra := verbs - set(VERBS):
            yield f"{_join(extra)} on {_join(kinds)} of {group or 'core'}"
        if group == "*":
            yield f"{_join(verbs)} on {_join(kinds)} of every group"
        writes = verbs - set(READ)
        closed = {*READ_ONLY_KINDS.get(group, ()), *FORBIDDEN_KINDS.get(group, ())} - SELF_REVIEWS
        for kind in sorted(kinds):
            if writes and (kind in closed or _is_interactive(kind) or (kind == "*" and closed)):
                yield f"{_join(writes)} on {kind} of {group or 'core'}"


def _is_interactive(kind: str) -> bool:
    return "/" in kind and kind.partition("/")[2] not in ("status", "scale")


def _join(names: set[str]) -> str:
    return ", ".join(sorted(names))


def _review(cluster: Cluster, api_version: str, kind: str, body: Body) -> Body:
    """A question that is asked by creating it. Raises ToolFailed where it is not answered."""
    question = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "own"}, **body}
    response = cluster.create(question, dry_run=False)
    if not response.ok:
        raise ToolFailed(f"cluster {cluster.name} does not answer a {kind}: {response.reason or response.status}")
    return response.body
