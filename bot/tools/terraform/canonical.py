"""What of a plan's JSON an approval is bound to, and which of its texts are secret. Called by `plan_json`."""

import json
from collections.abc import Iterator

from bot.tools.terraform.json_fields import Node, node, node_map, nodes, text, texts
from bot.tools.terraform.masking import secret_texts

NO_OP = ("no-op",)


def canonical_json(plan: Node) -> bytes:
    """Write what an approval is bound to: changes, outputs and checks; no time, no prior state."""
    changes = [resource_change for resource_change in nodes(plan, "resource_changes") if _is_material(resource_change)]
    content = {
        "changes": sorted(changes, key=lambda change: (text(change, "address"), text(change, "deposed"))),
        "outputs": {
            name: change
            for name, change in node_map(plan, "output_changes").items()
            if texts(change, "actions") != NO_OP
        },
        "checks": [(check.get("address"), check.get("status")) for check in nodes(plan, "checks")],
        "deferred": nodes(plan, "deferred_changes"),
        "actions": nodes(plan, "action_invocations"),
        "deferred_actions": nodes(plan, "deferred_action_invocations"),
        "complete": plan.get("complete", True),
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def plan_secrets(plan: Node) -> Iterator[str]:
    """What any mask of the plan hides, and the values of sensitive variables, which have no mask."""
    changes = [node(resource_change, "change") for resource_change in _resource_changes(plan)] + list(
        node_map(plan, "output_changes").values()
    )
    for change in changes:
        for side in ("before", "after"):
            yield from secret_texts(change.get(side), change.get(f"{side}_sensitive"))
    deferred_actions = (node(deferral, "action_invocation") for deferral in nodes(plan, "deferred_action_invocations"))
    for action in (*nodes(plan, "action_invocations"), *deferred_actions):
        yield from secret_texts(action.get("config_values"), action.get("config_sensitive"))
    variables = node(node(node(plan, "configuration"), "root_module"), "variables")
    for name in variables:
        if node(variables, name).get("sensitive") or node(variables, name).get("ephemeral"):
            yield from secret_texts(node(node(plan, "variables"), name).get("value"), True)


def _resource_changes(plan: Node) -> Iterator[Node]:
    yield from nodes(plan, "resource_changes")
    yield from nodes(plan, "resource_drift")
    yield from (node(deferral, "resource_change") for deferral in nodes(plan, "deferred_changes"))


def _is_material(resource_change: Node) -> bool:
    change = node(resource_change, "change")
    return (
        texts(change, "actions") != NO_OP
        or bool(change.get("importing"))
        or bool(resource_change.get("previous_address"))
    )
