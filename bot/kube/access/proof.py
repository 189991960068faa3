"""Proves, with an identity's own credentials, what the API server lets it do. Called by `gitops-bot cluster check`.

Every attempt is harmless where it is let through: it names what is not there, has a precondition that never holds,
changes nothing, or is undone at once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.errors import ToolFailed, Transient
from bot.kube.access import audit
from bot.kube.access.attacks import NOBODY, Attack, attacks
from bot.kube.access.rbac_manifests import PLANNER, Identities
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.requests import Request
from bot.kube.cluster.responses import Answer
from bot.kube.objects.model import Ref, object_of

Ask = Callable[[Request], Answer]

FORBIDDEN = 403
POLICY = "ValidatingAdmissionPolicy"
# In every namespace, and written anew by the cluster itself.
ROOT = "kube-root-ca.crt"
NEEDED: tuple[tuple[str, str, str], ...] = (
    ("get", "", "pods/log"),
    ("list", "", "events"),
    ("create", "", "namespaces"),
    ("patch", "", "configmaps"),
    ("patch", "", "secrets"),
    ("patch", "apps", "deployments"),
    ("delete", "apps", "deployments"),
    ("patch", "apiextensions.k8s.io", "customresourcedefinitions"),
    ("patch", "rbac.authorization.k8s.io", "clusterroles"),
)


@dataclass(frozen=True, slots=True)
class Proof:
    """`what` ought to be so; `words` say what was answered, and what to mend."""

    what: str
    held: bool
    words: str


def proofs(cluster: Cluster, ask: Ask, names: Identities) -> tuple[Proof, ...]:
    """That the planner can try and cannot write. `ask` asks with the same credentials; nothing is tried of others.

    Raises Transient, Refused and ToolFailed where the cluster cannot be asked at all.
    """
    identity = _is(cluster, names.user(PLANNER))
    if not identity.held:
        return (identity,)
    return (
        identity,
        *_tries(cluster, names),
        *_real_writes(cluster, names),
        *(_withstood(ask, attack) for attack in attacks(names)),
        *_rights(cluster, names),
        _secrets(cluster, ask),
    )


def applier_proofs(cluster: Cluster, planner: Cluster, names: Identities) -> tuple[Proof, ...]:
    """That the credentials which apply are others than those which plan, and do for applying. Changes nothing."""
    user, other = audit.signed_in_as(cluster), audit.signed_in_as(planner)
    wanted = cluster.create(_trial(names), dry_run=True)
    lacking = [f"{verb} {kind}" for verb, group, kind in NEEDED if not cluster.can(verb, group, kind)]
    mend = "; grant what your repositories need, or less"
    return (
        Proof("another identity than the planner", user != other, f"is {user}"),
        Proof("it has the rights to apply", not lacking, f"lacks {', '.join(lacking)}{mend}" if lacking else "all"),
        _let("its inventory can be written", wanted),
    )


def _is(cluster: Cluster, wanted: str) -> Proof:
    """What an admin is not refused says nothing of the planner, and what a stranger is refused neither."""
    user = audit.signed_in_as(cluster)
    words = f"is {user}" if user == wanted else f"is {user}, not {wanted}: nothing else was tried"
    return Proof("it is the planner", user == wanted, words)


def _tries(cluster: Cluster, names: Identities) -> Iterator[Proof]:
    yield _let("it can try to create", cluster.create(_trial(names), dry_run=True))
    yield _let("it can try to apply", cluster.apply(_trial(names), dry_run=True))
    root = cluster.get("v1", _root(names))
    if root.ok:
        yield _let("it can try to change", cluster.patch("v1", _root(names), _nothing(), dry_run=True))
        uid = str(root.body["metadata"]["uid"])
        yield _let("it can try to delete", cluster.delete("v1", _root(names), uid=uid, dry_run=True))


def _real_writes(cluster: Cluster, names: Identities) -> Iterator[Proof]:
    """Refused by the policy, not by a lack of rights: otherwise nothing is known of the policy."""
    proved = [_by_policy("it cannot create", _undone(cluster, cluster.create(_trial(names), dry_run=False)))]
    proved.append(_by_policy("it cannot apply", _undone(cluster, cluster.apply(_trial(names), dry_run=False))))
    root = cluster.get("v1", _root(names))
    if root.ok:
        proved.append(_by_policy("it cannot change", cluster.patch("v1", _root(names), _nothing(), dry_run=False)))
    yield from proved
    if root.ok and all(one.held for one in proved):
        uid = str(root.body["metadata"]["uid"])
        yield _by_policy("it cannot delete", cluster.delete("v1", _root(names), uid=uid, dry_run=False))


def _withstood(ask: Ask, attack: Attack) -> Proof:
    what = f"it cannot {attack.what}"
    try:
        answer = ask(attack.request)
    except Transient as why:
        return Proof(what, False, f"nobody refused it ({why})")
    return Proof(what, answer.status == FORBIDDEN, _status(answer))


def _rights(cluster: Cluster, names: Identities) -> Iterator[Proof]:
    """What no attempt shows."""
    whom = audit.impersonated(cluster)
    yield Proof("it cannot be somebody else", not whom, f"may impersonate {', '.join(whom)}" if whom else "forbidden")
    for verb in ("bind", "escalate"):
        may = any(cluster.can(verb, "rbac.authorization.k8s.io", kind) for kind in ("roles", "clusterroles"))
        yield Proof(f"it has no `{verb}`", not may, "has it: take it away" if may else "forbidden")
    more = audit.surplus(cluster, names.namespace)
    yield Proof("it has no other right", not more, f"take away: {'; '.join(more)}" if more else "none")
    yield _guarded(cluster)


def _guarded(cluster: Cluster) -> Proof:
    what = "it has no right in groups that the policy does not guard"
    try:
        groups = audit.unguarded(cluster)
    except ToolFailed as why:
        return Proof(what, False, str(why))
    words = f"another server answers for {', '.join(groups)}: take them away" if groups else "none"
    return Proof(what, not groups, words)


def _secrets(cluster: Cluster, ask: Ask) -> Proof:
    what = "it sees no token of another account"
    if not audit.secrets(cluster):
        return Proof(what, True, "reads no Secrets but where a namespace lets it")
    tokens = audit.tokens_in_sight(ask)
    words = f"reads all Secrets, {len(tokens)} with a token: {', '.join(tokens[:5])}" if tokens else "reads all Secrets"
    return Proof(what, not tokens, words)


def _let(what: str, answer: Answer) -> Proof:
    return Proof(what, answer.ok, "let through" if answer.ok else _status(answer))


def _by_policy(what: str, answer: Answer) -> Proof:
    held = answer.status == FORBIDDEN and POLICY in answer.message
    lack = answer.status == FORBIDDEN and not held
    return Proof(what, held, f"refused, but not by the policy: {answer.message}" if lack else _status(answer))


def _status(answer: Answer) -> str:
    """Never the server's words for what was let through: a token may be among them."""
    if answer.status == FORBIDDEN:
        return "refused by the policy" if POLICY in answer.message else "forbidden"
    if answer.ok:
        return "was let through: apply the manifests of `gitops-bot cluster planner` again"
    return f"was not forbidden ({answer.reason or answer.status})"


def _undone(cluster: Cluster, answer: Answer) -> Answer:
    """What should not have been written goes away again."""
    if answer.ok:
        made = object_of(answer.body)
        cluster.delete(made.api_version, made.ref, uid=str(made.metadata["uid"]), dry_run=False)
    return answer


def _trial(names: Identities) -> Mapping[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NOBODY, "namespace": names.namespace}}


def _root(names: Identities) -> Ref:
    return Ref("", "ConfigMap", names.namespace, ROOT)


def _nothing() -> tuple[Mapping[str, Any], ...]:
    return ({"op": "test", "path": "/metadata/name", "value": ROOT},)
