"""What rights an identity has, by the API server's own account of them. Called by `proof`; changes nothing."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.core.errors import ToolFailed
from bot.kube.access.rights import NEVER, ONLY_READ, READ, VERBS
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.requests import Request
from bot.kube.cluster.responses import Answer

Body = Mapping[str, Any]

AUTHENTICATION, AUTHORIZATION = "authentication.k8s.io/v1", "authorization.k8s.io/v1"
IMPERSONATED = ("users", "groups", "serviceaccounts", "uids")
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
TOKENS = {"fieldSelector": "type=kubernetes.io/service-account-token"}
# What every account may ask about itself; nothing is stored.
OF_EVERYBODY = frozenset({"selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews"})


def signed_in_as(cluster: Cluster) -> str:
    """The user's name as policies see it."""
    status = _reviewed(cluster, AUTHENTICATION, "SelfSubjectReview", {}).get("status") or {}
    return str((status.get("userInfo") or {}).get("username") or "")


def impersonated(cluster: Cluster) -> tuple[str, ...]:
    """What it may impersonate: asked of the authorizer, as the API server does before it changes who asks."""
    plain = (kind for kind in IMPERSONATED if cluster.can("impersonate", "", kind))
    return (*plain, *(["userextras"] if cluster.can("impersonate", "authentication.k8s.io", "userextras") else ()))


def surplus(cluster: Cluster, namespace: str) -> tuple[str, ...]:
    """Rights in a namespace, and in the cluster, that no planner ought to have: `verbs on kinds of group`."""
    spec = {"namespace": namespace}
    status = _reviewed(cluster, AUTHORIZATION, "SelfSubjectRulesReview", {"spec": spec}).get("status") or {}
    return tuple(dict.fromkeys(text for rule in status.get("resourceRules") or () for text in _surplus_of(rule)))


def secrets(cluster: Cluster) -> bool:
    """Whether it reads Secrets of every namespace; a dry-run of one shows it too."""
    return any(cluster.can(verb, "", "secrets") for verb in ("get", "list", "watch", "patch", "update"))


def tokens_in_sight(ask: Callable[[Request], Answer]) -> tuple[str, ...]:
    """`namespace/name` of each Secret that holds a token of an account, as far as it may list them."""
    answer = ask(Request("GET", "/api/v1/secrets", TOKENS, accept=METADATA))
    rows = (answer.body.get("items") or ()) if answer.ok else ()
    return tuple(f"{row['metadata']['namespace']}/{row['metadata']['name']}" for row in rows)


def aggregated(cluster: Cluster) -> frozenset[str]:
    """API groups that another server answers for: what is written there, this one's policies never see."""
    services = cluster.list("apiregistration.k8s.io/v1", "APIService", None)
    return frozenset(str(one["spec"].get("group") or "") for one in services if one["spec"].get("service"))


def unguarded(cluster: Cluster) -> tuple[str, ...]:
    """Of these, the groups in which it may change anything."""
    return tuple(g for g in sorted(aggregated(cluster)) if any(cluster.can(verb, g, "*") for verb in VERBS[3:]))


def _surplus_of(rule: Body) -> Iterator[str]:
    verbs, kinds = set(rule.get("verbs") or ()), set(rule.get("resources") or ())
    for group in rule.get("apiGroups") or ():
        if odd := verbs - set(VERBS):
            yield f"{_said(odd)} on {_said(kinds)} of {group or 'core'}"
        if group == "*":
            yield f"{_said(verbs)} on {_said(kinds)} of every group"
        writes = verbs - set(READ)
        closed = {*ONLY_READ.get(group, ()), *NEVER.get(group, ())} - OF_EVERYBODY
        for kind in sorted(kinds):
            if writes and (kind in closed or _reaches_in(kind) or (kind == "*" and closed)):
                yield f"{_said(writes)} on {kind} of {group or 'core'}"


def _reaches_in(kind: str) -> bool:
    return "/" in kind and kind.partition("/")[2] not in ("status", "scale")


def _said(words: set[str]) -> str:
    return ", ".join(sorted(words))


def _reviewed(cluster: Cluster, api_version: str, kind: str, body: Body) -> Body:
    """A question that is asked by creating it. Raises ToolFailed where it is not answered."""
    asked = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "own"}, **body}
    answer = cluster.create(asked, dry_run=False)
    if not answer.ok:
        raise ToolFailed(f"cluster {cluster.name} does not answer a {kind}: {answer.reason or answer.status}")
    return answer.body
