"""What changed outside of the tool and matters to a plan, as the tool itself sorts it out. Called by `reading`.

An object matters when the plan refers to an attribute of it that changed, or when it is gone. Others are only counted.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.plan import Action, Change
from bot.tools.terraform.changes import resource
from bot.tools.terraform.json_fields import Row, row, rows, sequence, text
from bot.tools.terraform.masking import Secrets

KEY = re.compile(r'\[(?:[0-9]+|"(?:[^"\\]|\\.)*")\]')
SIDES = ("before", "after", "before_sensitive", "after_sensitive", "after_unknown")


@dataclass(frozen=True, slots=True)
class Outside:
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


def read(plan: Row, hidden: Secrets) -> Outside:
    relevant = _relevant(plan)
    told = [_told(one, relevant, hidden) for one in rows(plan, "resource_drift")]
    quiet = sum(one is None for one in told)
    return Outside(tuple(one for one in told if one), tuple(_counted(quiet)))


def _relevant(plan: Row) -> Mapping[str, frozenset[str]]:
    """Attributes that the plan refers to, by the resource's address without keys; an empty one means all of them."""
    found: dict[str, set[str]] = {}
    for one in rows(plan, "relevant_attributes"):
        path = sequence(one, "attribute")
        found.setdefault(_bare(text(one, "resource")), set()).add(str(path[0]) if path else "")
    return {address: frozenset(names) for address, names in found.items()}


def _told(one: Row, relevant: Mapping[str, frozenset[str]], hidden: Secrets) -> Change | None:
    change = resource(one, hidden)
    if change.action is Action.DELETE:
        return change
    names = relevant.get(_bare(text(one, "address")))
    if names is None or change.action is Action.NONE:
        return None
    if "" in names or change.action is not Action.UPDATE:
        return change
    narrow = _only(row(one, "change"), names)
    if narrow.get("before") == narrow.get("after"):
        return None
    return resource({**one, "change": narrow}, hidden)


def _only(change: Row, names: frozenset[str]) -> dict[str, Any]:
    """The change as far as it is one of these attributes."""
    kept = dict(change)
    for side in SIDES:
        if isinstance(value := change.get(side), dict):
            kept[side] = {name: value[name] for name in value if name in names}
    return kept


def _bare(address: str) -> str:
    return KEY.sub("", address)


def _counted(quiet: int) -> Iterator[str]:
    if quiet:
        objects = "1 more object" if quiet == 1 else f"{quiet:,} more objects"
        yield f"{objects} changed outside of the tool, without effect on this plan"
