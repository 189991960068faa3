"""What of a plan runs programs or reads files at its apply, which its changes do not show. Called by `plan_json`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.tools.terraform.drift import without_keys
from bot.tools.terraform.json_document import Document
from bot.tools.terraform.json_fields import Node, node, text, texts
from bot.tools.terraform.provisioners import Provisioners

IDLE = (("no-op",), ("forget",))
LONGEST_PATH = 1024


@dataclass(frozen=True, slots=True)
class ApplyCode:
    """`programs`: what runs when the plan is applied. `standing`: what other plans of this configuration may run.

    `reads_files`: a value of what changes is the path of a file, which its provider may read.
    """

    programs: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()
    reads_files: bool = False


def read_apply_code(plan: Document, provisioners: Provisioners, names_file: Callable[[str], bool]) -> ApplyCode:
    """Read it: provisioners, actions of providers, external programs. `names_file` tells whether a text is a path."""
    titles = {address: _title(address, programs) for address, programs in provisioners.items()}
    programs, reads_files = set[str](), False
    for change in plan.nodes("resource_changes"):
        if texts(node(change, "change"), "actions") in IDLE:
            continue
        if title := titles.get(without_keys(text(change, "address"))):
            programs.add(title)
        if text(change, "type") == "external":
            programs.add(text(change, "address"))
        reads_files = reads_files or any(names_file(path) for path in _paths(node(change, "change").get("after")))
    for key in ("action_invocations", "deferred_action_invocations"):
        programs |= {_action_address(action) for action in plan.nodes(key)}
    return ApplyCode(tuple(sorted(programs)), tuple(sorted(set(titles.values()))), reads_files)


def _title(address: str, programs: tuple[str, ...]) -> str:
    return f"{address} ({', '.join(program.partition(':')[0] for program in programs)})"


def _action_address(action: Node) -> str:
    return text(action, "address") or text(node(action, "action_invocation"), "address")


def _paths(value: object) -> Iterator[str]:
    """Every text in it that may be a path."""
    if isinstance(value, str):
        if value and len(value) <= LONGEST_PATH and "\0" not in value and "\n" not in value:
            yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _paths(part)
    elif isinstance(value, list):
        for part in value:
            yield from _paths(part)
