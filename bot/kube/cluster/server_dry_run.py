"""What is sent of an object, and the digest of what the cluster made of it. Shared by the plan and by its apply.

Both must come to the same digest, so both come here.
"""

import secrets
from collections.abc import Sequence
from typing import Any

from bot.kube.cluster.adoption import dry_run_migrated
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.responses import ApiResponse
from bot.kube.objects.body import Body
from bot.kube.objects.masking import Mask
from bot.kube.objects.normalization import MEMBER_LABEL, digest_of
from bot.kube.objects.pointers import drop_fields


def add_member_label(body: Body, label: str) -> dict[str, Any]:
    """Make the body a member of an inventory."""
    metadata = body.get("metadata") or {}
    labels = {**(metadata.get("labels") or {}), MEMBER_LABEL: label}
    return {**body, "metadata": {**metadata, "labels": labels}}


def with_probe_name(body: Body, namespace: str | None = None) -> dict[str, Any]:
    """Give the body a name that nothing has, to try whether it could be created."""
    metadata = {**body["metadata"], "name": f"gitops-bot-{secrets.token_hex(8)}"}
    return {**body, "metadata": metadata | ({"namespace": namespace} if namespace else {})}


def restore_name(result: Body, body: Body) -> dict[str, Any]:
    """Give the result of such a dry-run the names of the body that it was made of."""
    names = {key: body["metadata"].get(key) for key in ("name", "namespace")}
    metadata = {key: value for key, value in result["metadata"].items() if key not in names}
    return {**result, "metadata": {**metadata, **{key: value for key, value in names.items() if value is not None}}}


def dry_run_apply(
    cluster: Cluster, rendered: Body, live: Body | None, managers: Sequence[str], *, force: bool
) -> ApiResponse:
    """Ask for the object as an apply would leave it, the fields of `managers` having become ours; or a refusal."""
    response = cluster.apply(rendered, dry_run=True, force=force)
    if response.ok and managers and live:
        return dry_run_migrated(cluster, response.body, live, rendered, managers)
    return response


def result_digest(mask: Mask, result: Body, ignored: Sequence[str], sent: Body) -> str:
    """Digest the object that `sent` leads to; `ignored` are pointers to fields that others change as they like."""
    return digest_of(drop_fields(mask.mask(result), ignored), sent)
