"""What became of a plan whose apply did not go well: its changes, compared with the state as it is now.

Read from machine output alone; addresses are all that is said. Called by `terraform.applied`.
"""

from collections.abc import Iterator

from bot.core.errors import ToolFailed
from bot.tools.terraform.json_fields import Node, flag, node, nodes, parse, text, texts

MOST = 40
TITLE = "What became of the plan:"
TAINTED = "tainted: made, but not to its end; the next plan replaces it"


def report_changes(canonical_plan: str, state: str) -> str:
    """Compare a plan (`canonical_json`) with the state (`show -json`). Empty where there is nothing to tell."""
    try:
        resources = {
            text(resource, "address"): resource for resource in _resources(node(parse(state, "the state"), "values"))
        }
        lines = [
            line for change in nodes(parse(canonical_plan, "the plan"), "changes") if (line := _line(change, resources))
        ]
    except (ToolFailed, RecursionError):
        return ""
    remainder = [f"  and {len(lines) - MOST} more"] if len(lines) > MOST else []
    return "\n".join([TITLE, *lines[:MOST], *remainder]) if lines else ""


def _line(resource_change: Node, resources: dict[str, Node]) -> str:
    change, address = node(resource_change, "change"), text(resource_change, "address")
    if text(resource_change, "deposed"):
        return ""
    resource = resources.get(address)
    if resource and flag(resource, "tainted", absent=False):
        return f"  {address}: {TAINTED}"
    effect = _effect(frozenset(texts(change, "actions")), resource, change)
    return f"  {address}: {effect}" if effect else ""


def _effect(actions: frozenset[str], resource: Node | None, change: Node) -> str:
    unchanged = resource is not None and resource.get("values") == change.get("before")
    if "delete" in actions and "create" in actions:
        return "destroyed, and not made again" if resource is None else "not replaced" if unchanged else "replaced"
    if "create" in actions:
        return "not made" if resource is None else "created"
    if "delete" in actions or "forget" in actions:
        removal = "destroyed" if "delete" in actions else "forgotten"
        return removal if resource is None else "still there"
    if "update" in actions:
        return "gone" if resource is None else "not changed" if unchanged else "changed"
    return ""


def _resources(values: Node) -> Iterator[Node]:
    """Of every module; deposed objects are no resources of their own."""
    modules: list[Node] = [node(values, "root_module")]
    while modules:
        module = modules.pop()
        yield from (resource for resource in nodes(module, "resources") if not text(resource, "deposed_key"))
        modules += nodes(module, "child_modules")
