"""What every object must have: apiVersion, kind and a metadata that can be read. Called by `validation`. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.kube.crds.definition import join_path
from bot.kube.crds.formats import is_dns_name

_TEXT_FIELDS = frozenset({"name", "generateName", "namespace", "selfLink", "uid", "resourceVersion"})
_MAP_FIELDS = frozenset({"labels", "annotations"})
_FIELDS = (
    _TEXT_FIELDS
    | _MAP_FIELDS
    | {"creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"}
    | {"ownerReferences", "finalizers", "managedFields"}
)
_KEY = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


def envelope_problems(body: Mapping[str, Any], path: str) -> Iterator[str]:
    """Say what is wrong around an object at `path`, empty for the object itself, whose name must be a DNS name."""
    for key in ("apiVersion", "kind"):
        value = body.get(key)
        if not isinstance(value, str) or not value:
            yield f"{join_path(path, key)}: is required, a text"
    metadata = body.get("metadata")
    if metadata is None:
        return
    metadata_path = join_path(path, "metadata")
    if not isinstance(metadata, Mapping):
        yield f"{metadata_path}: must be an object"
        return
    yield from _metadata_problems(metadata, metadata_path)
    name = metadata.get("name")
    if not path and isinstance(name, str) and not is_dns_name(name):
        yield f"{metadata_path}.name: must be a lower-case DNS name"


def _metadata_problems(metadata: Mapping[str, Any], path: str) -> Iterator[str]:
    for key, value in metadata.items():
        if key not in _FIELDS:
            yield f"{join_path(path, key)}: is not known of any object"
        elif key in _TEXT_FIELDS and not isinstance(value, str | None):
            yield f"{join_path(path, key)}: must be a text"
        elif key in _MAP_FIELDS and value is not None:
            yield from _map_problems(value, join_path(path, key), key)


def _map_problems(table: Any, path: str, name: str) -> Iterator[str]:
    if not isinstance(table, Mapping):
        yield f"{path}: must be an object"
        return
    for key, value in table.items():
        if not isinstance(value, str | None):
            yield f"{join_path(path, key)}: must be a text"
        elif not _KEY.fullmatch(key):
            yield f"{join_path(path, key)}: is no valid name"
        elif name == "labels" and not _LABEL.fullmatch(value or ""):
            yield f"{join_path(path, key)}: must be a label's value (letters, digits, '-', '_' and '.', at most 63)"
