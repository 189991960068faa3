"""Provisioners: programs that an apply runs beside its changes, of which those tell nothing. Called by `plan_json`.

The plan's JSON has them in its configuration alone, without their `when`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.core.plan import Action, Change, Line
from bot.tools.terraform.drift import without_keys
from bot.tools.terraform.json_document import Document
from bot.tools.terraform.json_fields import Node, node, node_map, nodes, sequence, text
from bot.tools.terraform.masking import Secrets
from bot.tools.terraform.texts import clip

RUNNING = frozenset({Action.CREATE, Action.REPLACE, Action.DELETE})
PROGRAM = {"local-exec": "command", "remote-exec": "inline", "file": "destination"}

Provisioners = Mapping[str, tuple[str, ...]]


def read_provisioners(plan: Document) -> Provisioners:
    """Read what each provisioner runs, by the address of its resource without keys."""
    root = plan.piece("configuration", "root_module")
    return dict(_of_module(root, "")) if isinstance(root, dict) else {}


def with_provisioners(change: Change, provisioners: Provisioners, secrets: Secrets) -> Change:
    """Add a line for each provisioner that may run with the change."""
    programs = provisioners.get(without_keys(change.address), ()) if change.action in RUNNING else ()
    if change.deposed or not programs:
        return change
    moment = {Action.CREATE: "created", Action.DELETE: "destroyed"}.get(change.action, "destroyed or created")
    lines = (Line("!", f"  # may run when it is {moment}: {secrets.hide(program)}") for program in programs)
    return replace(change, lines=(*change.lines, *lines))


def _of_module(module: Node, prefix: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for resource in nodes(module, "resources"):
        if programs := tuple(_program(provisioner) for provisioner in nodes(resource, "provisioners")):
            yield prefix + text(resource, "address"), programs
    for name, call in node_map(module, "module_calls").items():
        yield from _of_module(node(call, "module"), f"{prefix}module.{name}.")


def _program(provisioner: Node) -> str:
    kind = text(provisioner, "type")
    argument = PROGRAM.get(kind, "")
    expression = node(provisioner, "expressions").get(argument)
    if not isinstance(expression, dict):
        return kind
    if "constant_value" in expression:
        return " ".join(f"{kind}: {clip(str(expression['constant_value']))}".split())
    references = ", ".join(dict.fromkeys(str(reference) for reference in sequence(expression, "references")))
    return f"{kind}: a {argument} made of {references}" if references else kind
