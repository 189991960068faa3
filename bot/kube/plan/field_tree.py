"""Several versions of an object walked at once, item beside item. Called by `field_diff`. Pure.

A list's items belong together by what names them, as they do for Kubernetes, else by their place. Its schema is not
asked: what all items of all versions have, and no two of them share, names them.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.kube.plan.managed_fields import OwnedFields, under_item, under_key

LIVE_VERSION = 2  # which version it is that `owned` speaks of

_NAMING_KEYS = (
    ("containerPort", "protocol"),
    ("port", "protocol"),
    ("mountPath",),
    ("devicePath",),
    ("name",),
    ("ip",),
    ("topologyKey", "whenUnsatisfiable"),
    ("host",),
    ("path",),
    ("type",),
)
_DEFAULTS = {"protocol": "TCP"}
_WORD = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class FieldNode:
    """One field in every version; None where a version lacks it. `steps` is the path in parts, items without theirs."""

    versions: tuple[Any, ...]
    path: str = ""
    steps: tuple[str, ...] = ()
    owned: tuple[OwnedFields, ...] = field(default=(), compare=False)

    @property
    def present_values(self) -> list[Any]:
        """The versions that have it, first the one to be sent."""
        return [node_value for node_value in (*self.versions[1:], *self.versions[:1]) if node_value is not None]

    def children(self) -> "tuple[FieldNode, ...]":
        """Return what the field consists of, in the author's order; nothing where it can only be seen as a whole."""
        present = self.present_values
        if present and all(isinstance(node_value, Mapping) for node_value in present):
            return tuple(
                self._key_child(key) for key in dict.fromkeys(key for node_value in present for key in node_value)
            )
        if present and all(isinstance(node_value, list) for node_value in present):
            return tuple(self._item_children(present))
        return ()

    def _key_child(self, key: str) -> "FieldNode":
        step = f".{key}" if _WORD.fullmatch(key) else f"[{json.dumps(key)[1:-1]}]"
        return FieldNode(
            tuple(None if node_value is None else node_value.get(key) for node_value in self.versions),
            (self.path + step).removeprefix("."),
            (*self.steps, key),
            under_key(self.owned, key),
        )

    def _item_children(self, present: Sequence[list[Any]]) -> "Iterator[FieldNode]":
        naming_keys = _find_naming_keys(present)
        if naming_keys is None and not _compare_by_position(present):
            return
        tables = [None if items is None else _items_by_label(items, naming_keys) for items in self.versions]
        order = dict.fromkeys(label for items in present for label in _items_by_label(items, naming_keys))
        yield from self._order_changes(tables)
        for label in order:
            versions = tuple(None if table is None else table.get(label, (0, None))[1] for table in tables)
            yield FieldNode(versions, f"{self.path}[{label}]", self.steps, self._owned_in_item(tables, label))

    def _owned_in_item(
        self, tables: Sequence[dict[str, tuple[int, Any]] | None], label: str
    ) -> tuple[OwnedFields, ...]:
        live = tables[LIVE_VERSION] if len(tables) > LIVE_VERSION else None
        return under_item(self.owned, live[label][1], live[label][0]) if live and label in live else ()

    def _order_changes(self, tables: "Sequence[dict[str, tuple[int, Any]] | None]") -> "Iterator[FieldNode]":
        """The order of what all versions have, where it is not the same in all: environment variables build on it."""
        present_tables = [table for table in tables if table is not None]
        common = set(present_tables[0]).intersection(*present_tables[1:])
        orders = [None if table is None else [label for label in table if label in common] for table in tables]
        if len({tuple(order) for order in orders if order is not None}) > 1:
            texts = tuple(None if order is None else ", ".join(order) for order in orders)
            yield FieldNode(texts, f"{self.path} (order)", self.steps)


def _find_naming_keys(present: Sequence[list[Any]]) -> tuple[str, ...] | None:
    """What names the items of all versions."""
    if not all(isinstance(item, Mapping) for items in present for item in items):
        return None
    return next((keys for keys in _NAMING_KEYS if all(_are_unique(items, keys) for items in present)), None)


def _are_unique(items: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> bool:
    if any(key not in item for item in items for key in keys if key not in _DEFAULTS):
        return False
    return len({_item_label(item, keys) for item in items}) == len(items)


def _item_label(item: Mapping[str, Any], keys: Sequence[str]) -> str:
    """`8080`, `53/UDP`, `web`."""
    texts = [str(item.get(key) or _DEFAULTS.get(key)) for key in keys]
    if len(keys) > 1 and texts[1] == _DEFAULTS.get(keys[1]):
        texts = texts[:1]
    return json.dumps("/".join(texts), ensure_ascii=False)[1:-1]


def _items_by_label(items: Sequence[Any], keys: Sequence[str] | None) -> dict[str, tuple[int, Any]]:
    return {_item_label(item, keys) if keys else str(number): (number, item) for number, item in enumerate(items)}


def _compare_by_position(present: Sequence[list[Any]]) -> bool:
    """Whether items belong together by position: mappings, as many in all versions. Texts are seen as a whole."""
    same_length = len({len(items) for items in present}) == 1
    return same_length and all(isinstance(item, Mapping) for items in present for item in items)
