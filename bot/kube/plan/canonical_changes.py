"""The machine-readable result of a plan, for its digest. Called by `tool`. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.kube.cluster.server_dry_run import result_digest
from bot.kube.objects.masking import Mask
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.render.revisions import RenderedRevision


def canonical_changes(changes: Sequence[ObjectChange], desired: RenderedRevision, mask: Mask) -> bytes:
    """Dump what was planned, without fields that only count and without any value of a Secret.

    Of a new object it is what is sent: what the cluster makes of that may not be known before its namespace is there.
    """
    rows = [
        [
            change.ref.id,
            change.verb,
            change.force,
            change.confirm,
            change.problem,
            change.uid if _ends_object(change) else "",
            _sent_digest(mask, change.send) if change.send and not _has_known_result(change) else change.result,
        ]
        for change in changes
        if change.verb is not Verb.UNCHANGED
    ]
    hooks = [[hook.kube_object.ref.id, _sent_digest(mask, hook.kube_object.body)] for hook in desired.hooks]
    return json.dumps([rows, hooks], sort_keys=True, separators=(",", ":")).encode()


def _sent_digest(mask: Mask, sent: Mapping[str, Any]) -> str:
    return result_digest(mask, sent, (), sent)


def _has_known_result(change: ObjectChange) -> bool:
    return bool(change.result) and change.verb is not Verb.CREATE


def _ends_object(change: ObjectChange) -> bool:
    return change.verb in (Verb.DELETE, Verb.REPLACE)
