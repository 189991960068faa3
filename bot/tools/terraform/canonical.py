"""What of a plan's JSON an approval is bound to, and which of its texts are secret. Called by `plan_json`."""

import hashlib
from collections.abc import Iterator

from bot.core.exact_json import dumps
from bot.tools.terraform.json_document import Document
from bot.tools.terraform.json_fields import Node, node, node_map, nodes, text, texts
from bot.tools.terraform.masking import secret_texts

NO_OP = ("no-op",)
LISTS = {
    "deferred": "deferred_changes",
    "actions": "action_invocations",
    "deferred_actions": "deferred_action_invocations",
}
LARGEST = 16 << 20  # characters of changes that are written out; of more, hashes


def canonical_json(plan: Document) -> bytes:
    """Write what an approval is bound to: changes, outputs and checks; no time, no prior state.

    Every digit of their numbers is in it. Of many changes it holds a hash each: it must fit into memory.
    """
    write = dumps if sum(len(dumps(change)) for change in _material(plan)) <= LARGEST else _hashed
    head = plan.head("output_changes", "checks", "complete")
    changes = sorted((text(change, "address"), text(change, "deposed"), write(change)) for change in _material(plan))
    outputs = {
        name: change for name, change in node_map(head, "output_changes").items() if texts(change, "actions") != NO_OP
    }
    members = {
        "changes": f"[{','.join(written for _, _, written in changes)}]",
        "outputs": dumps(outputs),
        "checks": dumps([(check.get("address"), check.get("status")) for check in nodes(head, "checks")]),
        "complete": dumps(head.get("complete", True)),
        **{name: f"[{','.join(map(write, plan.nodes(key)))}]" for name, key in LISTS.items()},
    }
    return f"{{{','.join(f'{dumps(name)}:{members[name]}' for name in sorted(members))}}}".encode()


def node_digest(value: object) -> str:
    """Hexadecimal SHA-256 of a value's JSON: equal for equal values."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()


def _hashed(value: object) -> str:
    return dumps(node_digest(value))


def _material(plan: Document) -> Iterator[Node]:
    return (change for change in plan.nodes("resource_changes") if _is_material(change))


def plan_secrets(plan: Document) -> Iterator[str]:
    """What any mask of the plan hides, and the values of sensitive variables, which have no mask."""
    for change in _changes(plan):
        for side in ("before", "after"):
            yield from secret_texts(change.get(side), change.get(f"{side}_sensitive"))
    deferred_actions = (node(deferral, "action_invocation") for deferral in plan.nodes("deferred_action_invocations"))
    for action in (*plan.nodes("action_invocations"), *deferred_actions):
        yield from secret_texts(action.get("config_values"), action.get("config_sensitive"))
    root = plan.at("configuration", "root_module")
    variables = node(root.head("variables"), "variables") if root else {}
    for name in variables:
        if node(variables, name).get("sensitive") or node(variables, name).get("ephemeral"):
            yield from secret_texts(node(node(plan.head("variables"), "variables"), name).get("value"), True)


def _changes(plan: Document) -> Iterator[Node]:
    for key in ("resource_changes", "resource_drift"):
        yield from (node(resource_change, "change") for resource_change in plan.nodes(key))
    yield from (node(node(deferral, "resource_change"), "change") for deferral in plan.nodes("deferred_changes"))
    yield from node_map(plan.head("output_changes"), "output_changes").values()


def _is_material(resource_change: Node) -> bool:
    change = node(resource_change, "change")
    return (
        texts(change, "actions") != NO_OP
        or bool(change.get("importing"))
        or bool(resource_change.get("previous_address"))
    )
