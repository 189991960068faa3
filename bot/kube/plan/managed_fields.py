"""Who wrote which field of a live object, by its managedFields. Called by `fields` and the differ. Pure.

The format is structured-merge-diff's FieldsV1: `f:NAME` is a key, `k:{...}` an item by its keys, `v:...` an item by its
value, `i:N` one by its place; `.` is the thing itself.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

# Whoever scales by itself; a person's `kubectl scale` is none of these.
AUTOSCALERS = ("kube-controller-manager",)


@dataclass(frozen=True, slots=True)
class Owner:
    """A field manager; `applies` tells that it said so by server-side apply. `time` is as the API server writes it."""

    name: str
    applies: bool
    time: str = ""
    subresource: str = ""

    def __str__(self) -> str:
        when = self.time[:16].replace("T", " ")
        return f"{self.name}, {when}" if when else self.name


@dataclass(frozen=True, slots=True)
class Owned:
    """What one owner has at a place of the object: a tree of FieldsV1, empty where it has all there is."""

    owner: Owner
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Foreign:
    """A field that is to be left alone: a pointer as `pointers.without` takes it, and who has it."""

    pointer: str
    owner: Owner


def owned(live: Mapping[str, Any] | None) -> tuple[Owned, ...]:
    """One for each entry of the object's managedFields."""
    metadata = (live or {}).get("metadata")
    entries = metadata.get("managedFields") if isinstance(metadata, Mapping) else None
    return tuple(_entry(entry) for entry in entries or () if isinstance(entry, Mapping))


def under_key(there: Sequence[Owned], key: str) -> tuple[Owned, ...]:
    """Who has something below a key; who has the whole has what is in it."""
    step = f"f:{key}"
    return tuple(
        one if not one.fields else Owned(one.owner, one.fields[step]) for one in there if _has(one.fields, step)
    )


def under_item(there: Sequence[Owned], item: Any, place: int) -> tuple[Owned, ...]:
    """The same for an item of a list."""
    found = []
    for one in there:
        if not one.fields:
            found.append(one)
            continue
        step = next((step for step in one.fields if _is_step_to(step, item, place)), None)
        if step is not None:
            found.append(Owned(one.owner, one.fields[step]))
    return tuple(found)


def owners(live: Mapping[str, Any]) -> dict[str, Owner]:
    """By pointer, the last one that wrote each field."""
    found: dict[str, Owner] = {}
    for one in sorted(owned(live), key=lambda one: one.owner.time):
        found.update((pointer, one.owner) for pointer in _pointers(one.fields))
    return found


def owned_by_others(live: Mapping[str, Any], managers: Sequence[str]) -> tuple[Foreign, ...]:
    """What is to be left alone: what autoscalers scale, and what the named managers have (`*` stands for any text)."""
    found: dict[str, Foreign] = {}
    for one in owned(live):
        scales = one.owner.subresource == "scale" and one.owner.name in AUTOSCALERS
        named = any(fnmatchcase(one.owner.name, pattern) for pattern in managers)
        if scales or (named and one.owner.subresource != "status"):
            for pointer in _pointers(one.fields):
                if not pointer.startswith("/status"):
                    found.setdefault(pointer, Foreign(pointer, one.owner))
    return tuple(found.values())


def _entry(entry: Mapping[str, Any]) -> Owned:
    owner = Owner(
        str(entry.get("manager") or "unknown"),
        entry.get("operation") == "Apply",
        str(entry.get("time") or ""),
        str(entry.get("subresource") or ""),
    )
    fields = entry.get("fieldsV1")
    return Owned(owner, fields if isinstance(fields, Mapping) and fields else {".": {}})


def _has(fields: Mapping[str, Any], step: str) -> bool:
    return not fields or isinstance(fields.get(step), Mapping)


def _is_step_to(step: str, item: Any, place: int) -> bool:
    if step.startswith("k:"):
        keys = _read(step[2:])
        return (
            isinstance(keys, dict)
            and isinstance(item, Mapping)
            and all(item.get(key, "TCP" if key == "protocol" else None) == value for key, value in keys.items())
        )
    if step.startswith("v:"):
        return bool(_read(step[2:]) == item)
    return step == f"i:{place}"


def _pointers(fields: Mapping[str, Any], above: str = "", keys: frozenset[str] = frozenset()) -> Iterator[str]:
    """Where the tree ends, without what only names an item."""
    for step, below in fields.items():
        if step == "." or step in keys:
            continue
        path = f"{above}/{_token(step)}"
        if isinstance(below, Mapping) and any(key != "." for key in below):
            named = _read(step[2:]) if step.startswith("k:") else None
            names = named if isinstance(named, dict) else {}
            yield from _pointers(below, path, frozenset(f"f:{key}" for key in names))
        else:
            yield path


def _token(step: str) -> str:
    kind, _, rest = step.partition(":")
    if kind == "k" and isinstance(keys := _read(rest), dict):
        rest = f"[{','.join(f'{key}={value}' for key, value in keys.items())}]"
    elif kind == "v":
        rest = f"[={_read(rest)}]"
    return rest.replace("~", "~0").replace("/", "~1")


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
