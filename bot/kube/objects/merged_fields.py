"""Fields that a server merges into others when it reads an object: made explicit before anything is compared or sent.

Whoever applies such a field owns it under its own name only, so that what is removed from it later stays in the field
that it was merged into. Called by `parsing` for all that is rendered. Pure.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any

from bot.kube.objects.body import Body
from bot.kube.objects.pod_specs import change_pod_spec

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


def merge_fields(body: Body) -> dict[str, Any]:
    """Return a body of a core kind as the server would store it: `stringData` in `data`, both names of an account."""
    group = str(body.get("apiVersion") or "").rpartition("/")[0]
    if (group, body.get("kind")) == ("", "Secret"):
        return _merge_string_data(body)
    return change_pod_spec(body, _merge_account)


def _merge_string_data(secret: Body) -> dict[str, Any]:
    """With `stringData` encoded into `data`; as it is where the server would refuse it, which says why."""
    texts, encoded = secret.get("stringData"), secret.get("data")
    texts, encoded = ({} if table is None else table for table in (texts, encoded))
    if "stringData" not in secret or not isinstance(texts, Mapping) or not isinstance(encoded, Mapping):
        return dict(secret)
    if not all(_is_sendable(text) for text in texts.values()):
        return dict(secret)
    data = {**encoded, **{key: base64.b64encode((text or "").encode()).decode() for key, text in texts.items()}}
    rest = {key: table for key, table in secret.items() if key not in ("stringData", "data")}
    return {**rest, "data": data} if data else rest


def _is_sendable(text: Any) -> bool:
    """Whether it is a text, without half characters."""
    return text is None or (isinstance(text, str) and not _HALF_CHARACTER.search(text))


def _merge_account(pod: Body) -> dict[str, Any]:
    """With `serviceAccount` beside `serviceAccountName` in the pod, which are one field under two names."""
    name = pod.get("serviceAccountName") or pod.get("serviceAccount")
    return {**pod, "serviceAccountName": name, "serviceAccount": name} if name else dict(pod)
