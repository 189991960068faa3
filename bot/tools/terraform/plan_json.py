"""`terraform show -json` of a plan becomes what we show. Counts and risk come from here alone, never from prose.

Accepts any 1.x of the format: unknown keys are ignored, unknown actions shown. Source: HashiCorp, "JSON Output Format".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.core.errors import Refused, ToolFailed
from bot.core.plan import Action, Change, Content, Counts, Notice, Severity
from bot.tools.terraform import checks, deferred, drift
from bot.tools.terraform.canonical import canonical, secrets_of
from bot.tools.terraform.changes import changed, output, resource
from bot.tools.terraform.json_fields import Row, flag, parsed, rows, table, text
from bot.tools.terraform.masking import Secrets

MAJOR, MINOR = 1, 2
FIELD: Mapping[Action, str] = {
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
ENDED = Notice(Severity.ERROR, "This is only a part of a plan", "The tool ended with an error before it was done.")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: for people, for the digest (with secrets: never kept), and the secrets to keep out of logs."""

    content: Content
    canonical: bytes
    hidden: frozenset[str]


def read(words: str, tool: str) -> Reading:
    """Read the JSON of `show -json PLAN`. Raises ToolFailed where it is none, Refused for a format that is not ours."""
    plan = parsed(words, "what `show -json` printed")
    newer = tuple(_version(plan, tool))
    try:
        return _read(plan, tool, newer)
    except RecursionError as error:
        raise ToolFailed("a value of the plan is nested too deep to be read") from error


def _read(plan: Row, tool: str, newer: tuple[Notice, ...]) -> Reading:
    hidden = Secrets(frozenset(secrets_of(plan)))
    changes = tuple(_changes(plan, hidden))
    outputs = tuple(_outputs(plan, hidden))
    outside = drift.read(plan, hidden)
    looked_at = checks.read(rows(plan, "checks"), hidden)
    errored = flag(plan, "errored", absent=False)
    content = Content(
        tool=tool,
        changes=changes,
        outputs=outputs,
        drift=outside.changes,
        notices=(*((ENDED,) if errored else ()), *newer, *looked_at.failed, *_idle(plan, changes, outputs)),
        notes=(*looked_at.notes, *outside.notes),
        complete=errored or flag(plan, "complete", absent=True),
        counts=_counts(changes, outputs, len(looked_at.failed)),
        obstacles=(ERRORED,) if errored else (),
    )
    return Reading(content, canonical(plan), hidden.texts)


def _changes(plan: Row, hidden: Secrets) -> Iterator[Change]:
    yield from (resource(row, hidden) for row in rows(plan, "resource_changes") if changed(row))
    yield from (deferred.invoked(row, hidden) for row in rows(plan, "action_invocations"))
    yield from (deferred.deferred(row, hidden) for row in rows(plan, "deferred_changes"))
    yield from (deferred.deferred_action(row, hidden) for row in rows(plan, "deferred_action_invocations"))


def _outputs(plan: Row, hidden: Secrets) -> Iterator[Change]:
    for name, change in sorted(table(plan, "output_changes").items()):
        told = output(name, change, hidden)
        if told.action is not Action.NONE:
            yield told


def _version(plan: Row, tool: str) -> Iterator[Notice]:
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


def _idle(plan: Row, changes: tuple[Change, ...], outputs: tuple[Change, ...]) -> Iterator[Notice]:
    """The tool and we do not agree on whether there is something to apply."""
    now = [one for one in changes if one.action not in (Action.READ, Action.DEFER)]
    if (now or outputs) and not flag(plan, "applyable", absent=True) and not flag(plan, "errored", absent=False):
        yield Notice(Severity.WARNING, "The tool says that there is nothing to apply in this plan")


def _counts(changes: tuple[Change, ...], outputs: tuple[Change, ...], failed: int) -> Counts:
    counts = dict.fromkeys(FIELD.values(), 0)
    for change in changes:
        if change.action in FIELD:
            counts[FIELD[change.action]] += 1
    counts["unknown"] += sum(output.action is Action.UNKNOWN for output in outputs)
    return Counts(
        **counts,
        imports=sum(change.import_id is not None for change in changes),
        moves=sum(change.moved_from is not None for change in changes),
        outputs=len(outputs),
        checks=failed,
    )
