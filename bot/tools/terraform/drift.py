"""What changed outside of the tool and matters to a plan, as the tool itself sorts it out. Called by `plan_json`.

An object matters when the plan refers to an attribute of it that changed, or when it is gone. Others are only counted.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.plan import Action, Change
from bot.tools.terraform.changes import read_resource_change
from bot.tools.terraform.json_document import Document
from bot.tools.terraform.json_fields import Node, node, nodes, sequence, text
from bot.tools.terraform.masking import Secrets

KEY = re.compile(r'\[(?:[0-9]+|"(?:[^"\\]|\\.)*")\]')
SIDES = ("before", "after", "before_sensitive", "after_sensitive", "after_unknown")


@dataclass(frozen=True, slots=True)
class DriftReport:
    """The changes that matter to the plan; a note counts the others."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...]


def read(plan: Document, secrets: Secrets) -> DriftReport:
    """Sort out `resource_drift` by what the plan refers to."""
    attributes = _relevant_attributes(plan)
    changes = [_relevant_change(resource_drift, attributes, secrets) for resource_drift in plan.nodes("resource_drift")]
    irrelevant = sum(change is None for change in changes)
    return DriftReport(tuple(change for change in changes if change), tuple(_irrelevant_note(irrelevant)))


def _relevant_attributes(plan: Document) -> Mapping[str, frozenset[str]]:
    """Attributes that the plan refers to, by the resource's address without keys; an empty one means all of them."""
    attributes: dict[str, set[str]] = {}
    for reference in nodes(plan.head("relevant_attributes"), "relevant_attributes"):
        path = sequence(reference, "attribute")
        attributes.setdefault(without_keys(text(reference, "resource")), set()).add(str(path[0]) if path else "")
    return {address: frozenset(names) for address, names in attributes.items()}


def _relevant_change(resource_drift: Node, attributes: Mapping[str, frozenset[str]], secrets: Secrets) -> Change | None:
    change = read_resource_change(resource_drift, secrets)
    if change.action is Action.DELETE:
        return change
    names = attributes.get(without_keys(text(resource_drift, "address")))
    if names is None or change.action is Action.NONE:
        return None
    if "" in names or change.action is not Action.UPDATE:
        return change
    narrowed = _narrow(node(resource_drift, "change"), names)
    if narrowed.get("before") == narrowed.get("after"):
        return None
    return read_resource_change({**resource_drift, "change": narrowed}, secrets)


def _narrow(change: Node, names: frozenset[str]) -> dict[str, Any]:
    """The change as far as it is one of these attributes."""
    narrowed = dict(change)
    for side in SIDES:
        if isinstance(value := change.get(side), dict):
            narrowed[side] = {name: value[name] for name in value if name in names}
    return narrowed


def without_keys(address: str) -> str:
    """The address of the block that makes an object: all its instances have it."""
    return KEY.sub("", address)


def _irrelevant_note(irrelevant: int) -> Iterator[str]:
    if irrelevant:
        objects = "1 more object" if irrelevant == 1 else f"{irrelevant:,} more objects"
        yield f"{objects} changed outside of the tool, without effect on this plan"
