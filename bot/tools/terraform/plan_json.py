"""`terraform show -json` of a plan becomes what we show. Counts and risk come from here alone, never from prose.

Accepts any 1.x of the format: unknown keys are ignored, unknown actions shown. Source: HashiCorp, "JSON Output Format".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.core.errors import Refused, ToolFailed
from bot.core.plan import Action, Change, Content, Counts, Notice, Severity
from bot.tools.terraform import checks, deferred, drift
from bot.tools.terraform.canonical import canonical_json, plan_secrets
from bot.tools.terraform.changes import is_changed, read_output_change, read_resource_change
from bot.tools.terraform.json_fields import Node, flag, node_map, nodes, parse, text
from bot.tools.terraform.masking import Secrets

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
PARTIAL = Notice(Severity.ERROR, "This is only a part of a plan", "The tool ended with an error before it was done.")


@dataclass(frozen=True, slots=True)
class PlanReading:
    """What was read: for people, for the digest (with secrets: never kept), and the secrets to keep out of logs."""

    content: Content
    canonical: bytes
    secrets: frozenset[str]


def read_plan(show_json: str, tool: str) -> PlanReading:
    """Read the JSON of `show -json PLAN`. Raises ToolFailed where it is none, Refused for a format that is not ours."""
    plan = parse(show_json, "what `show -json` printed")
    format_notices = tuple(_format_notices(plan, tool))
    try:
        return _read(plan, tool, format_notices)
    except RecursionError as error:
        raise ToolFailed("a value of the plan is nested too deep to be read") from error


def _read(plan: Node, tool: str, format_notices: tuple[Notice, ...]) -> PlanReading:
    secrets = Secrets(frozenset(plan_secrets(plan)))
    changes = tuple(_changes(plan, secrets))
    outputs = tuple(_outputs(plan, secrets))
    drift_report = drift.read(plan, secrets)
    check_summary = checks.read(nodes(plan, "checks"), secrets)
    errored = flag(plan, "errored", absent=False)
    content = Content(
        tool=tool,
        changes=changes,
        outputs=outputs,
        drift=drift_report.changes,
        notices=(
            *((PARTIAL,) if errored else ()),
            *format_notices,
            *check_summary.failures,
            *_applyable_notices(plan, changes, outputs),
        ),
        notes=(*check_summary.notes, *drift_report.notes),
        complete=errored or flag(plan, "complete", absent=True),
        counts=_counts(changes, outputs, len(check_summary.failures)),
        obstacles=(ERRORED,) if errored else (),
    )
    return PlanReading(content, canonical_json(plan), secrets.texts)


def _changes(plan: Node, secrets: Secrets) -> Iterator[Change]:
    yield from (read_resource_change(node, secrets) for node in nodes(plan, "resource_changes") if is_changed(node))
    yield from (deferred.read_invocation(node, secrets) for node in nodes(plan, "action_invocations"))
    yield from (deferred.read_deferral(node, secrets) for node in nodes(plan, "deferred_changes"))
    yield from (deferred.read_deferred_action(node, secrets) for node in nodes(plan, "deferred_action_invocations"))


def _outputs(plan: Node, secrets: Secrets) -> Iterator[Change]:
    for name, raw_change in sorted(node_map(plan, "output_changes").items()):
        change = read_output_change(name, raw_change, secrets)
        if change.action is not Action.NONE:
            yield change


def _format_notices(plan: Node, tool: str) -> Iterator[Notice]:
    """Says that a minor version is newer than what was tried. Raises Refused for another major one."""
    version = text(plan, "format_version")
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


def _applyable_notices(plan: Node, changes: tuple[Change, ...], outputs: tuple[Change, ...]) -> Iterator[Notice]:
    """The tool and we do not agree on whether there is something to apply."""
    pending = [change for change in changes if change.action not in (Action.READ, Action.DEFER)]
    if (pending or outputs) and not flag(plan, "applyable", absent=True) and not flag(plan, "errored", absent=False):
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
