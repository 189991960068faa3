"""Several versions of an object walked at once, item beside item. Called by `fields`. Pure.

A list's items belong together by what names them, as they do for Kubernetes, else by their place. Its schema is not
asked: what all items of all versions have, and no two of them share, names them.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.kube.plan.managed_fields import Owned, under_item, under_key

LIVE = 2  # which version it is that `owned` speaks of

_NAMES = (
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
_USUAL = {"protocol": "TCP"}
_WORD = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Place:
    """One field in every version; None where a version lacks it. `steps` is the path in parts, items without theirs."""

    versions: tuple[Any, ...]
    path: str = ""
    steps: tuple[str, ...] = ()
    owned: tuple[Owned, ...] = field(default=(), compare=False)

    @property
    def present(self) -> list[Any]:
        """The versions that have it, first the one to be sent."""
        return [one for one in (*self.versions[1:], *self.versions[:1]) if one is not None]

    def below(self) -> "tuple[Place, ...]":
        """What the field consists of, in the author's order; nothing where it can only be seen as a whole."""
        present = self.present
        if present and all(isinstance(one, Mapping) for one in present):
            return tuple(self._key(key) for key in dict.fromkeys(key for one in present for key in one))
        if present and all(isinstance(one, list) for one in present):
            return tuple(self._items(present))
        return ()

    def _key(self, key: str) -> "Place":
        step = f".{key}" if _WORD.fullmatch(key) else f"[{json.dumps(key)[1:-1]}]"
        return Place(
            tuple(None if one is None else one.get(key) for one in self.versions),
            (self.path + step).removeprefix("."),
            (*self.steps, key),
            under_key(self.owned, key),
        )

    def _items(self, present: Sequence[list[Any]]) -> "Iterator[Place]":
        labels = _labels(present)
        if labels is None and not _pairwise(present):
            return
        tables = [None if one is None else _table(one, labels) for one in self.versions]
        order = dict.fromkeys(label for one in present for label in _table(one, labels))
        yield from self._order(tables)
        for label in order:
            versions = tuple(None if table is None else table.get(label, (0, None))[1] for table in tables)
            yield Place(versions, f"{self.path}[{label}]", self.steps, self._owners(tables, label))

    def _owners(self, tables: Sequence[dict[str, tuple[int, Any]] | None], label: str) -> tuple[Owned, ...]:
        live = tables[LIVE] if len(tables) > LIVE else None
        return under_item(self.owned, live[label][1], live[label][0]) if live and label in live else ()

    def _order(self, tables: "Sequence[dict[str, tuple[int, Any]] | None]") -> "Iterator[Place]":
        """The order of what all versions have, where it is not the same in all: environment variables build on it."""
        given = [table for table in tables if table is not None]
        common = set(given[0]).intersection(*given[1:])
        orders = [None if table is None else [label for label in table if label in common] for table in tables]
        if len({tuple(order) for order in orders if order is not None}) > 1:
            texts = tuple(None if order is None else ", ".join(order) for order in orders)
            yield Place(texts, f"{self.path} (order)", self.steps)


def _labels(present: Sequence[list[Any]]) -> tuple[str, ...] | None:
    """What names the items of all versions."""
    if not all(isinstance(item, Mapping) for one in present for item in one):
        return None
    return next((names for names in _NAMES if all(_told_apart(one, names) for one in present)), None)


def _told_apart(items: Sequence[Mapping[str, Any]], names: Sequence[str]) -> bool:
    if any(name not in item for item in items for name in names if name not in _USUAL):
        return False
    return len({_label(item, names) for item in items}) == len(items)


def _label(item: Mapping[str, Any], names: Sequence[str]) -> str:
    """`8080`, `53/UDP`, `web`."""
    parts = [str(item.get(name) or _USUAL.get(name)) for name in names]
    if len(names) > 1 and parts[1] == _USUAL.get(names[1]):
        parts = parts[:1]
    return json.dumps("/".join(parts), ensure_ascii=False)[1:-1]


def _table(items: Sequence[Any], labels: Sequence[str] | None) -> dict[str, tuple[int, Any]]:
    return {_label(item, labels) if labels else str(number): (number, item) for number, item in enumerate(items)}


def _pairwise(present: Sequence[list[Any]]) -> bool:
    """Tables by their place, where there are as many in all versions; lists of texts are seen as a whole."""
    alike = len({len(one) for one in present}) == 1
    return alike and all(isinstance(item, Mapping) for one in present for item in one)
