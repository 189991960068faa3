"""What every object must have: apiVersion, kind and a metadata that can be read. Called by `schema`. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.kube.crds.definition import below

_TEXTS = frozenset({"name", "generateName", "namespace", "selfLink", "uid", "resourceVersion"})
_TABLES = frozenset({"labels", "annotations"})
_FIELDS = (
    _TEXTS
    | _TABLES
    | {"creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"}
    | {"ownerReferences", "finalizers", "managedFields"}
)
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_KEY = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


def wrong_envelope(body: Mapping[str, Any], path: str) -> Iterator[str]:
    """Sentences, for an object at a path; `path` is empty for the object itself, whose name must be a DNS name."""
    for key in ("apiVersion", "kind"):
        value = body.get(key)
        if not isinstance(value, str) or not value:
            yield f"{below(path, key)}: is required, a text"
    metadata = body.get("metadata")
    if metadata is None:
        return
    where = below(path, "metadata")
    if not isinstance(metadata, Mapping):
        yield f"{where}: must be an object"
        return
    yield from _wrong_metadata(metadata, where)
    name = metadata.get("name")
    if not path and isinstance(name, str) and not (len(name) <= 253 and _NAME.fullmatch(name)):
        yield f"{where}.name: must be a lower-case DNS name"


def _wrong_metadata(metadata: Mapping[str, Any], path: str) -> Iterator[str]:
    for key, value in metadata.items():
        if key not in _FIELDS:
            yield f"{below(path, key)}: is not known of any object"
        elif key in _TEXTS and not isinstance(value, str | None):
            yield f"{below(path, key)}: must be a text"
        elif key in _TABLES and value is not None:
            yield from _wrong_table(value, below(path, key), key)


def _wrong_table(table: Any, path: str, name: str) -> Iterator[str]:
    if not isinstance(table, Mapping):
        yield f"{path}: must be an object"
        return
    for key, value in table.items():
        if not isinstance(value, str | None):
            yield f"{below(path, key)}: must be a text"
        elif not _KEY.fullmatch(key):
            yield f"{below(path, key)}: is no valid name"
        elif name == "labels" and not _LABEL.fullmatch(value or ""):
            yield f"{below(path, key)}: must be a label's value (letters, digits, '-', '_' and '.', at most 63)"
