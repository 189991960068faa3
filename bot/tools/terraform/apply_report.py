"""What became of a plan whose apply did not go well: its changes, compared with the state as it is now.

Read from machine output alone; addresses are all that is said. Called by `terraform`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.core.errors import ToolFailed
from bot.core.run import Effects
from bot.tools.terraform.canonical import node_digest
from bot.tools.terraform.json_document import Document
from bot.tools.terraform.json_fields import Node, flag, node, text, texts
from bot.tools.terraform.state_objects import resources

MOST = 40
TITLE = "What became of the plan:"
UNTOUCHED = (("no-op",), ("read",))
TAINTED = "tainted: made, but not to its end; the next plan replaces it"


@dataclass(frozen=True, slots=True)
class _Object:
    """An object as the state has it: a hash of its attributes."""

    values: str
    tainted: bool


def planned_objects(plan: Document) -> str:
    """Write what `effects` must know of a plan: JSON, of each object its actions and a hash of what it was."""
    changes = ((change, node(change, "change")) for change in plan.nodes("resource_changes"))
    return json.dumps(
        {
            text(resource_change, "address"): (texts(change, "actions"), node_digest(change.get("before")))
            for resource_change, change in changes
            if texts(change, "actions") not in UNTOUCHED and not text(resource_change, "deposed")
        }
    )


def effects(planned: str, state: Document) -> Effects:
    """Compare a plan (`planned_objects`) with the state (`show -json`). Empty where there is nothing to tell."""
    changes: dict[str, tuple[list[str], str]] = json.loads(planned)
    try:
        objects = dict(_objects(state, changes))
    except (ToolFailed, RecursionError):
        return ()
    return tuple(
        (address, effect)
        for address, (actions, before) in sorted(changes.items())
        if (effect := _effect(frozenset(actions), objects.get(address), before))
    )


def describe_effects(changes: Effects) -> str:
    """Write the first of them as lines for people; empty where there are none."""
    lines = [f"  {address}: {effect}" for address, effect in changes]
    remainder = [f"  and {len(lines) - MOST} more"] if len(lines) > MOST else []
    return "\n".join([TITLE, *lines[:MOST], *remainder]) if lines else ""


def _effect(actions: frozenset[str], current: _Object | None, before: str) -> str:
    if current and current.tainted:
        return TAINTED
    unchanged = current is not None and current.values == before
    if "delete" in actions and "create" in actions:
        return "destroyed, and not made again" if current is None else "not replaced" if unchanged else "replaced"
    if "create" in actions:
        return "not made" if current is None else "created"
    if "delete" in actions or "forget" in actions:
        removal = "destroyed" if "delete" in actions else "forgotten"
        return removal if current is None else "still there"
    if "update" in actions:
        return "gone" if current is None else "not changed" if unchanged else "changed"
    return ""


def _objects(state: Document, addresses: Mapping[str, object]) -> Iterator[tuple[str, _Object]]:
    for resource in resources(state):
        if (address := text(resource, "address")) in addresses:
            yield address, _object(resource)


def _object(resource: Node) -> _Object:
    return _Object(node_digest(resource.get("values")), flag(resource, "tainted", absent=False))
