"""What is sent of an object, and the digest of what the cluster made of it. Shared by the plan and by its apply.

Both must come to the same digest, so both come here.
"""

import secrets
from collections.abc import Sequence
from typing import Any

from bot.kube.cluster.adoption import drop_adopted, dry_run_migrated, transition_patch
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.leftover_fields import with_cleared_holders, with_live_holders
from bot.kube.cluster.responses import ApiResponse
from bot.kube.objects.body import Body
from bot.kube.objects.kube_object import object_of
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


def restore_names(result: Body, body: Body) -> dict[str, Any]:
    """Give the result of a trial elsewhere the name and namespace of the body that it was made of."""
    names = {key: body["metadata"].get(key) for key in ("name", "namespace")}
    metadata = {key: value for key, value in result["metadata"].items() if key not in names}
    return {**result, "metadata": {**metadata, **{key: value for key, value in names.items() if value is not None}}}


def dry_run_apply(  # noqa: PLR0913  # each word of an apply is named
    cluster: Cluster,
    rendered: Body,
    live: Body | None,
    managers: Sequence[str],
    *,
    force: bool,
    clears: Sequence[str] = (),
) -> ApiResponse:
    """Ask for the object as an apply would leave it, or a refusal.

    The fields of `managers` will have become ours, and what the pointers of `clears` lead to will be gone.
    """
    if live and clears:
        return _dry_run_cleared(cluster, rendered, live, managers, force=force, clears=clears)
    response = cluster.apply(rendered, dry_run=True, force=force)
    if response.ok and managers and live:
        return dry_run_migrated(cluster, response.body, live, rendered, managers)
    return response


def _dry_run_cleared(  # noqa: PLR0913  # as above
    cluster: Cluster, rendered: Body, live: Body, managers: Sequence[str], *, force: bool, clears: Sequence[str]
) -> ApiResponse:
    """Apply all but what holds the fields, and try the whole with that as it will be."""
    response = cluster.apply(with_live_holders(rendered, live, clears), dry_run=True, force=force)
    if not response.ok:
        return response
    kept = drop_adopted(response.body, live, rendered, managers) if managers else response.body
    desired = with_cleared_holders(kept, rendered, live, clears)
    target = object_of(rendered)
    return cluster.patch(target.api_version, target.ref, transition_patch(live, desired), dry_run=True)


def result_digest(mask: Mask, result: Body, ignored: Sequence[str], sent: Body) -> str:
    """Digest the object that `sent` leads to; `ignored` are pointers to fields that others change as they like."""
    return digest_of(drop_fields(mask.mask(result), ignored), sent)
