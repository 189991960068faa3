"""Who wrote which field of a live object, by its managedFields. Called by `field_diff` and `ignored_fields`. Pure.

The format is structured-merge-diff's FieldsV1: `f:NAME` is a key, `k:{...}` an item by its keys, `v:...` an item by its
value, `i:N` one by its place; `.` is the thing itself.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from bot.kube.objects.pointers import escape_step

# Whoever scales by itself; a person's `kubectl scale` is none of these.
AUTOSCALERS = ("kube-controller-manager",)


@dataclass(frozen=True, slots=True)
class FieldOwner:
    """A field manager; `by_apply`: it wrote by server-side apply. `time` is as the API server writes it."""

    name: str
    by_apply: bool
    time: str = ""
    subresource: str = ""

    def __str__(self) -> str:
        when = self.time[:16].replace("T", " ")
        return f"{self.name}, {when}" if when else self.name


@dataclass(frozen=True, slots=True)
class OwnedFields:
    """What one owner has at a place of the object: a tree of FieldsV1, empty where it has all there is."""

    owner: FieldOwner
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ForeignField:
    """A field that is to be left alone: a pointer as `pointers.drop_fields` takes it, and who has it."""

    pointer: str
    owner: FieldOwner


def owned_fields(live: Mapping[str, Any] | None) -> tuple[OwnedFields, ...]:
    """Read the object's managedFields, one for each of its entries."""
    metadata = (live or {}).get("metadata")
    entries = metadata.get("managedFields") if isinstance(metadata, Mapping) else None
    return tuple(_parse_entry(entry) for entry in entries or () if isinstance(entry, Mapping))


def under_key(owned_above: Sequence[OwnedFields], key: str) -> tuple[OwnedFields, ...]:
    """Narrow ownership to what is below a key; who has the whole has what is in it."""
    step = f"f:{key}"
    return tuple(
        OwnedFields(owned.owner, owned.fields[step]) if owned.fields else owned
        for owned in owned_above
        if _covers(owned.fields, step)
    )


def under_item(owned_above: Sequence[OwnedFields], item: Any, position: int) -> tuple[OwnedFields, ...]:
    """Narrow ownership to one item of a list, which stands at `position`."""
    owned_below = []
    for owned in owned_above:
        if not owned.fields:
            owned_below.append(owned)
            continue
        step = next((step for step in owned.fields if _step_matches(step, item, position)), None)
        if step is not None:
            owned_below.append(OwnedFields(owned.owner, owned.fields[step]))
    return tuple(owned_below)


def last_owners(live: Mapping[str, Any]) -> dict[str, FieldOwner]:
    """Map each field's pointer to the manager that wrote it last."""
    owners_by_pointer: dict[str, FieldOwner] = {}
    for owned in sorted(owned_fields(live), key=lambda owned: owned.owner.time):
        owners_by_pointer.update((pointer, owned.owner) for pointer in _leaf_pointers(owned.fields))
    return owners_by_pointer


def foreign_fields(live: Mapping[str, Any], managers: Sequence[str]) -> tuple[ForeignField, ...]:
    """List what is to be left alone: what autoscalers scale, and what the named managers have (`*`: any text)."""
    foreign: dict[str, ForeignField] = {}
    for owned in owned_fields(live):
        autoscales = owned.owner.subresource == "scale" and owned.owner.name in AUTOSCALERS
        is_named = any(fnmatchcase(owned.owner.name, pattern) for pattern in managers)
        if autoscales or (is_named and owned.owner.subresource != "status"):
            for pointer in _leaf_pointers(owned.fields):
                if not pointer.startswith("/status"):
                    foreign.setdefault(pointer, ForeignField(pointer, owned.owner))
    return tuple(foreign.values())


def _parse_entry(entry: Mapping[str, Any]) -> OwnedFields:
    owner = FieldOwner(
        str(entry.get("manager") or "unknown"),
        entry.get("operation") == "Apply",
        str(entry.get("time") or ""),
        str(entry.get("subresource") or ""),
    )
    fields = entry.get("fieldsV1")
    return OwnedFields(owner, fields if isinstance(fields, Mapping) and fields else {".": {}})


def _covers(fields: Mapping[str, Any], step: str) -> bool:
    return not fields or isinstance(fields.get(step), Mapping)


def _step_matches(step: str, item: Any, position: int) -> bool:
    if step.startswith("k:"):
        keys = _parse_json(step[2:])
        return (
            isinstance(keys, dict)
            and isinstance(item, Mapping)
            and all(item.get(key, "TCP" if key == "protocol" else None) == value for key, value in keys.items())
        )
    if step.startswith("v:"):
        return bool(_parse_json(step[2:]) == item)
    return step == f"i:{position}"


def _leaf_pointers(fields: Mapping[str, Any], parent: str = "", keys: frozenset[str] = frozenset()) -> Iterator[str]:
    """Where the tree ends, without what only names an item."""
    for step, subtree in fields.items():
        if step == "." or step in keys:
            continue
        path = f"{parent}/{_pointer_token(step)}"
        if isinstance(subtree, Mapping) and any(key != "." for key in subtree):
            item_keys = _parse_json(step[2:]) if step.startswith("k:") else None
            names = item_keys if isinstance(item_keys, dict) else {}
            yield from _leaf_pointers(subtree, path, frozenset(f"f:{key}" for key in names))
        else:
            yield path


def _pointer_token(step: str) -> str:
    kind, _, name = step.partition(":")
    if kind == "k" and isinstance(keys := _parse_json(name), dict):
        name = f"[{','.join(f'{key}={value}' for key, value in keys.items())}]"
    elif kind == "v":
        name = f"[={_parse_json(name)}]"
    return escape_step(name)


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
