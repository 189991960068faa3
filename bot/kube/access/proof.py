"""Proves, with an identity's own credentials, what the API server lets it do. Called by `gitops-bot cluster check`.

Every attempt is harmless where it is let through: it names what is not there, has a precondition that never holds,
changes nothing, or is undone at once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.errors import ToolFailed, Transient
from bot.kube.access import audit
from bot.kube.access.attacks import ABSENT_NAME, Attack, attacks_on
from bot.kube.access.rbac_manifests import ALL_NAMESPACES, PLANNER, Identities
from bot.kube.access.trials import trial_bodies
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.responses import ApiResponse
from bot.kube.cluster.transport import ApiRequest
from bot.kube.objects.kube_object import ObjectRef, object_of
from bot.kube.objects.normalization import MEMBER_LABEL

Send = Callable[[ApiRequest], ApiResponse]

FORBIDDEN = 403
POLICY_KIND = "ValidatingAdmissionPolicy"
# In every namespace, and written anew by the cluster itself.
ROOT_CA = "kube-root-ca.crt"
NEEDED_RIGHTS: tuple[tuple[str, str, str], ...] = (
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
    """`claim` ought to be so; `evidence` says what was answered, and what to mend."""

    claim: str
    holds: bool
    evidence: str


def prove_planner(cluster: Cluster, send: Send, identities: Identities) -> tuple[Proof, ...]:
    """Prove that the planner can try and cannot write. `send` asks with the same credentials; others try nothing.

    Raises Transient, Refused and ToolFailed where the cluster cannot be asked at all.
    """
    identity = _prove_identity(cluster, identities.user(PLANNER))
    if not identity.holds:
        return (identity,)
    return (
        identity,
        *_prove_dry_runs(cluster, identities),
        *_prove_no_writes(cluster, identities),
        *(_prove_withstood(send, attack) for attack in attacks_on(identities)),
        *_prove_rights(cluster, identities),
        _prove_no_tokens(cluster, send),
    )


def prove_applier(cluster: Cluster, planner: Cluster, identities: Identities) -> tuple[Proof, ...]:
    """Prove that the credentials which apply are others than those which plan, and do for applying. Changes nothing.

    Raises Transient, Refused and ToolFailed where the cluster cannot be asked at all.
    """
    user, planner_user = audit.username(cluster), audit.username(planner)
    inventory_write = cluster.create(_probe(identities), dry_run=True)
    missing = [f"{verb} {kind}" for verb, group, kind in NEEDED_RIGHTS if not cluster.can(verb, group, kind)]
    advice = "; grant what your repositories need, or less"
    return (
        Proof("another identity than the planner", user != planner_user, f"is {user}"),
        Proof("it has the rights to apply", not missing, f"lacks {', '.join(missing)}{advice}" if missing else "all"),
        _prove_allowed("its inventory can be written", inventory_write),
    )


def _prove_identity(cluster: Cluster, expected: str) -> Proof:
    """What an admin is not refused says nothing of the planner, and what a stranger is refused neither."""
    user = audit.username(cluster)
    evidence = f"is {user}" if user == expected else f"is {user}, not {expected}: nothing else was tried"
    return Proof("it is the planner", user == expected, evidence)


def _prove_dry_runs(cluster: Cluster, identities: Identities) -> Iterator[Proof]:
    probe, ref = _probe(identities), _root_ca(identities)
    yield _prove_allowed("it can try to create", cluster.create(probe, dry_run=True))
    yield _prove_allowed("it can try to apply", cluster.apply(probe, dry_run=True))
    root = cluster.get("v1", ref)
    if root.ok:
        yield _prove_allowed("it can try to change", cluster.patch("v1", ref, _no_change(), dry_run=True))
        uid = str(root.body["metadata"]["uid"])
        yield _prove_allowed("it can try to delete", cluster.delete("v1", ref, uid=uid, dry_run=True))
    yield _prove_trials(cluster, identities)
    for namespace in sorted(set(identities.secrets)):
        yield _prove_secrets(cluster, namespace)


def _prove_trials(cluster: Cluster, identities: Identities) -> Proof:
    """By what a plan does with each kind: it lists, and it tries."""
    refusals = [
        f"{body['kind']}: {refusal}"
        for body in trial_bodies(identities.namespace)
        if (refusal := _trial_refusal(cluster, body))
    ]
    advice = "; apply the manifests of `gitops-bot cluster planner` again"
    claim = "it can try what charts are made of"
    return Proof(claim, not refusals, f"{'; '.join(refusals)}{advice}" if refusals else "let through")


def _trial_refusal(cluster: Cluster, body: Mapping[str, Any]) -> str:
    """Why a plan with such an object would fail; empty where it would not."""
    try:
        cluster.metadata(body["apiVersion"], body["kind"], None, f"{MEMBER_LABEL}={ABSENT_NAME}")
    except ToolFailed as error:
        return str(error)
    answer = cluster.apply(body, dry_run=True)
    return "" if answer.ok else answer.message


def _prove_secrets(cluster: Cluster, namespace: str) -> Proof:
    """Where the operator says that Secrets are planned, they are listed and tried."""
    everywhere = namespace == ALL_NAMESPACES
    claim = f"it can plan Secrets {'everywhere' if everywhere else f'in {namespace}'}"
    try:
        cluster.metadata("v1", "Secret", None if everywhere else namespace, f"{MEMBER_LABEL}={ABSENT_NAME}")
    except ToolFailed as error:
        return Proof(claim, False, str(error))
    metadata = {"name": ABSENT_NAME, "namespace": "default" if everywhere else namespace}
    return _prove_allowed(
        claim, cluster.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata}, dry_run=True)
    )


def _prove_no_writes(cluster: Cluster, identities: Identities) -> Iterator[Proof]:
    """Refused by the policy, not by a lack of rights: otherwise nothing is known of the policy."""
    probe, ref = _probe(identities), _root_ca(identities)
    proofs = [_prove_refused("it cannot create", _undo(cluster, cluster.create(probe, dry_run=False)))]
    proofs.append(_prove_refused("it cannot apply", _undo(cluster, cluster.apply(probe, dry_run=False))))
    root = cluster.get("v1", ref)
    if root.ok:
        proofs.append(_prove_refused("it cannot change", cluster.patch("v1", ref, _no_change(), dry_run=False)))
    yield from proofs
    if root.ok and all(proof.holds for proof in proofs):
        uid = str(root.body["metadata"]["uid"])
        yield _prove_refused("it cannot delete", cluster.delete("v1", ref, uid=uid, dry_run=False))


def _prove_withstood(send: Send, attack: Attack) -> Proof:
    claim = f"it cannot {attack.action}"
    try:
        response = send(attack.request)
    except Transient as error:
        return Proof(claim, False, f"nobody refused it ({error})")
    return Proof(claim, response.status == FORBIDDEN, _status_text(response))


def _prove_rights(cluster: Cluster, identities: Identities) -> Iterator[Proof]:
    """What no attempt shows."""
    kinds = audit.impersonation_rights(cluster)
    evidence = f"may impersonate {', '.join(kinds)}" if kinds else "forbidden"
    yield Proof("it cannot be somebody else", not kinds, evidence)
    for verb in ("bind", "escalate"):
        allowed = any(cluster.can(verb, "rbac.authorization.k8s.io", kind) for kind in ("roles", "clusterroles"))
        yield Proof(f"it has no `{verb}`", not allowed, "has it: take it away" if allowed else "forbidden")
    surplus = audit.surplus_rights(cluster, identities.namespace)
    yield Proof("it has no other right", not surplus, f"take away: {'; '.join(surplus)}" if surplus else "none")
    yield _prove_guarded(cluster)


def _prove_guarded(cluster: Cluster) -> Proof:
    claim = "it has no right in groups that the policy does not guard"
    try:
        groups = audit.unguarded_groups(cluster)
    except ToolFailed as error:
        return Proof(claim, False, str(error))
    evidence = f"another server answers for {', '.join(groups)}: take them away" if groups else "none"
    return Proof(claim, not groups, evidence)


def _prove_no_tokens(cluster: Cluster, send: Send) -> Proof:
    claim = "it sees no token of another account"
    if not audit.reads_all_secrets(cluster):
        return Proof(claim, True, "reads no Secrets but where a namespace lets it")
    tokens = audit.readable_tokens(send)
    evidence = "reads all Secrets"
    if tokens:
        evidence += f", {len(tokens)} with a token: {', '.join(tokens[:5])}"
    return Proof(claim, not tokens, evidence)


def _prove_allowed(claim: str, response: ApiResponse) -> Proof:
    return Proof(claim, response.ok, "let through" if response.ok else _status_text(response))


def _prove_refused(claim: str, response: ApiResponse) -> Proof:
    if response.status == FORBIDDEN and POLICY_KIND not in response.message:
        return Proof(claim, False, f"refused, but not by the policy: {response.message}")
    return Proof(claim, response.status == FORBIDDEN, _status_text(response))


def _status_text(response: ApiResponse) -> str:
    """Never the server's words for what was let through: a token may be among them."""
    if response.status == FORBIDDEN:
        return "refused by the policy" if POLICY_KIND in response.message else "forbidden"
    if response.ok:
        return "was let through: apply the manifests of `gitops-bot cluster planner` again"
    return f"was not forbidden ({response.reason or response.status})"


def _undo(cluster: Cluster, response: ApiResponse) -> ApiResponse:
    """What should not have been written goes away again."""
    if response.ok:
        created = object_of(response.body)
        cluster.delete(created.api_version, created.ref, uid=str(created.metadata["uid"]), dry_run=False)
    return response


def _probe(identities: Identities) -> Mapping[str, Any]:
    metadata = {"name": ABSENT_NAME, "namespace": identities.namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def _root_ca(identities: Identities) -> ObjectRef:
    return ObjectRef("", "ConfigMap", identities.namespace, ROOT_CA)


def _no_change() -> tuple[Mapping[str, Any], ...]:
    return ({"op": "test", "path": "/metadata/name", "value": ROOT_CA},)
