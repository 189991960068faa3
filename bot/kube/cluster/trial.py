"""What is sent of an object, and the digest of what the cluster made of it. Shared by the plan and by its apply.

Both must come to the same digest, so both come here.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from bot.kube.cluster.adoption import foreseen
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.responses import Answer
from bot.kube.objects.masking import Mask
from bot.kube.objects.normalized import MEMBER_LABEL, digest_of
from bot.kube.objects.pointers import without

Body = Mapping[str, Any]


def labelled(body: Body, label: str) -> dict[str, Any]:
    """The body as a member of an inventory."""
    metadata = body.get("metadata") or {}
    labels = {**(metadata.get("labels") or {}), MEMBER_LABEL: label}
    return {**body, "metadata": {**metadata, "labels": labels}}


def elsewhere(body: Body, namespace: str | None = None) -> dict[str, Any]:
    """The body under a name that nothing has, to try whether it could be created."""
    metadata = {**body["metadata"], "name": f"gitops-bot-{secrets.token_hex(8)}"}
    return {**body, "metadata": metadata | ({"namespace": namespace} if namespace else {})}


def back(result: Body, body: Body) -> dict[str, Any]:
    """The result of such a trial with the names of the body that it was made of."""
    given = {key: body["metadata"].get(key) for key in ("name", "namespace")}
    kept = {key: value for key, value in result["metadata"].items() if key not in given}
    return {**result, "metadata": {**kept, **{key: value for key, value in given.items() if value is not None}}}


def tried(cluster: Cluster, send: Body, live: Body | None, takes: Sequence[str], *, force: bool) -> Answer:
    """The object as an apply would leave it, fields of the managers in `takes` having become ours; or a refusal."""
    answer = cluster.apply(send, dry_run=True, force=force)
    return foreseen(cluster, answer.body, live, send, takes) if answer.ok and takes and live else answer


def result_digest(mask: Mask, result: Body, left: Sequence[str]) -> str:
    """Of the object as it will be; `left` are pointers to fields that others change as they like."""
    return digest_of(without(mask.masked(result), left))
