"""`terraform show -json` of a plan becomes what we show. Counts and risk come from here alone, never from prose.

Accepts any 1.x of the format: unknown keys are ignored, unknown actions shown. Source: HashiCorp, "JSON Output Format".
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bot.core.errors import Refused, ToolFailed
from bot.core.plan import Action, Change, Content, Counts, Line, Notice, Severity
from bot.tools.terraform import checks, deferred, drift
from bot.tools.terraform.apply_code import ApplyCode, read_apply_code
from bot.tools.terraform.apply_report import planned_objects
from bot.tools.terraform.canonical import canonical_json, plan_secrets
from bot.tools.terraform.changes import is_changed, read_output_change, read_resource_change
from bot.tools.terraform.json_document import Document
from bot.tools.terraform.json_fields import Node, flag, node_map, nodes, text
from bot.tools.terraform.known_faults import fault_notices
from bot.tools.terraform.masking import Secrets
from bot.tools.terraform.provisioners import Provisioners, read_provisioners, with_provisioners

MAJOR, MINOR = 1, 2
COUNT_FIELDS: Mapping[Action, str] = {
    Action.CREATE: "create",
    Action.UPDATE: "change",
    Action.REPLACE: "replace",
    Action.DELETE: "destroy",
    Action.FORGET: "forget",
    Action.READ: "read",
    Action.UNKNOWN: "unknown",
    Action.INVOKE: "invoke",
    Action.DEFER: "deferred",
}
ERRORED = "the tool could not finish this plan: what is shown is a part of it, and it cannot be applied"
ROOM = 4_000_000  # characters of attributes that are kept: of new objects, and again of others, outputs, drift
NOT_KEPT = Line(" ", "  # (attributes left out: the plan is too large)")
PARTIAL = Notice(Severity.ERROR, "This is only a part of a plan", "The tool ended with an error before it was done.")


@dataclass(frozen=True, slots=True)
class PlanReading:
    """What was read: for people, for the digest (never kept), for the report of an apply, and the secrets to hide."""

    content: Content
    canonical: bytes
    planned: str
    secrets: frozenset[str]
    apply_code: ApplyCode


def read_plan(shown: Path | str, tool: str, names_file: Callable[[str], bool] = lambda text: False) -> PlanReading:
    """Read the JSON of `show -json PLAN`, of a file one object at a time. `names_file` tells which texts are paths.

    Raises ToolFailed where it is none, Refused for a format that is not ours, or an object that is too large.
    """
    source = shown.encode(errors="replace") if isinstance(shown, str) else shown
    plan = Document(source, "what `show -json` printed")
    format_notices = tuple(_format_notices(plan, tool))
    try:
        return _read(plan, tool, format_notices, names_file)
    except RecursionError as error:
        raise ToolFailed("a value of the plan is nested too deep to be read") from error


def _read(
    plan: Document, tool: str, format_notices: tuple[Notice, ...], names_file: Callable[[str], bool]
) -> PlanReading:
    secrets = Secrets(frozenset(plan_secrets(plan)))
    head = plan.head("output_changes", "checks", "errored", "complete", "applyable")
    provisioners = read_provisioners(plan)
    changes = tuple(_bounded(_changes(plan, provisioners, secrets)))
    outputs = tuple(_bounded(_outputs(head, secrets)))
    drift_report = drift.read(plan, secrets)
    drifted = tuple(_bounded(drift_report.changes))
    check_summary = checks.read(nodes(head, "checks"), secrets)
    errored = flag(head, "errored", absent=False)
    content = Content(
        tool=tool,
        changes=changes,
        outputs=outputs,
        drift=drifted,
        notices=(
            *((PARTIAL,) if errored else ()),
            *format_notices,
            *fault_notices(tool, changes),
            *check_summary.failures,
            *_applyable_notices(head, changes, outputs),
        ),
        notes=(*check_summary.notes, *drift_report.notes, *_size_notes((*changes, *outputs, *drifted))),
        complete=errored or flag(head, "complete", absent=True),
        counts=_counts(changes, outputs, len(check_summary.failures)),
        obstacles=(ERRORED,) if errored else (),
    )
    return PlanReading(
        content=content,
        canonical=canonical_json(plan),
        planned=planned_objects(plan),
        secrets=secrets.texts,
        apply_code=read_apply_code(plan, provisioners, names_file),
    )


def _changes(plan: Document, provisioners: Provisioners, secrets: Secrets) -> Iterator[Change]:
    for node in plan.nodes("resource_changes"):
        if is_changed(node):
            yield with_provisioners(read_resource_change(node, secrets), provisioners, secrets)
    yield from (deferred.read_invocation(node, secrets) for node in plan.nodes("action_invocations"))
    yield from (deferred.read_deferral(node, secrets) for node in plan.nodes("deferred_changes"))
    yield from (deferred.read_deferred_action(node, secrets) for node in plan.nodes("deferred_action_invocations"))


def _bounded(changes: Iterable[Change]) -> Iterator[Change]:
    """What is new never takes the room of what is there already. Whatever has none keeps its name and its action."""
    room = {True: ROOM, False: ROOM}
    for change in changes:
        is_new = change.action in (Action.CREATE, Action.READ)
        size = sum(len(line.text) for line in change.lines)
        if size > room[is_new]:
            yield replace(change, lines=(NOT_KEPT,))
        else:
            room[is_new] -= size
            yield change


def _size_notes(changes: tuple[Change, ...]) -> Iterator[str]:
    if bare := sum(change.lines == (NOT_KEPT,) for change in changes):
        objects = "1 object" if bare == 1 else f"{bare:,} objects"
        yield (
            f"This plan says more than is kept: of {objects} the attributes are left out; "
            "the tool's own `plan` in its directory shows them"
        )


def _outputs(head: Node, secrets: Secrets) -> Iterator[Change]:
    for name, raw_change in sorted(node_map(head, "output_changes").items()):
        change = read_output_change(name, raw_change, secrets)
        if change.action is not Action.NONE:
            yield change


def _format_notices(plan: Document, tool: str) -> Iterator[Notice]:
    """Says that a minor version is newer than what was tried. Raises Refused for another major one."""
    version = text(plan.head("format_version"), "format_version")
    major, _, minor = version.partition(".")
    if not major.isdecimal():
        raise ToolFailed(f"what `show -json` printed is no plan: its format_version is {version[:40]!r}")
    if int(major[:9]) != MAJOR:
        raise Refused(f"{tool} writes plans in format {version[:40]}, which this bot cannot read: it knows {MAJOR}.x")
    if minor.isdecimal() and int(minor[:9]) > MINOR:
        yield Notice(
            Severity.WARNING,
            f"The plan's format, {version[:40]}, is newer than what this bot was tried with ({MAJOR}.{MINOR})",
            "What it has no words for is shown under the tool's own.",
        )


def _applyable_notices(head: Node, changes: tuple[Change, ...], outputs: tuple[Change, ...]) -> Iterator[Notice]:
    """The tool and we do not agree on whether there is something to apply."""
    pending = [change for change in changes if change.action not in (Action.READ, Action.DEFER)]
    if (pending or outputs) and not flag(head, "applyable", absent=True) and not flag(head, "errored", absent=False):
        yield Notice(Severity.WARNING, "The tool says that there is nothing to apply in this plan")


def _counts(changes: tuple[Change, ...], outputs: tuple[Change, ...], failed: int) -> Counts:
    counts = dict.fromkeys(COUNT_FIELDS.values(), 0)
    for change in changes:
        if change.action in COUNT_FIELDS:
            counts[COUNT_FIELDS[change.action]] += 1
    counts["unknown"] += sum(output.action is Action.UNKNOWN for output in outputs)
    return Counts(
        **counts,
        imports=sum(change.import_id is not None for change in changes),
        moves=sum(change.moved_from is not None for change in changes),
        outputs=len(outputs),
        checks=failed,
    )
