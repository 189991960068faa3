"""`terraform show -json` of a plan becomes what we show. Counts and risk come from here alone, never from prose.

Accepts any 1.x of the format: unknown keys are ignored, unknown actions shown. Source: HashiCorp, "JSON Output Format".
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.core.plan import Action, Change, Content, Counts, Line, Notice, Severity
from bot.tools.terraform.diff import dotted, lines
from bot.tools.terraform.masking import masked, secrets, without

KNOWN: Mapping[tuple[str, ...], Action] = {
    ("no-op",): Action.NONE,
    ("create",): Action.CREATE,
    ("read",): Action.READ,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("forget",): Action.FORGET,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("create", "forget"): Action.REPLACE,
}
REASONS = {
    "replace_because_tainted": "tainted",
    "replace_by_request": "asked for",
    "replace_by_triggers": "triggered",
    "delete_because_no_resource_config": "no longer in the configuration",
    "delete_because_wrong_repetition": "count or for_each changed",
    "delete_because_count_index": "beyond count",
    "delete_because_each_key": "no longer in for_each",
    "delete_because_no_module": "its module is gone",
    "delete_because_no_move_target": "moved to nowhere",
}
FIELD = {
    Action.CREATE: "create",
    Action.UPDATE: "change",
    Action.REPLACE: "replace",
    Action.DELETE: "destroy",
    Action.FORGET: "forget",
    Action.READ: "read",
    Action.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: for people, for the digest (with secrets: never kept), and the secrets to keep out of logs."""

    content: Content
    canonical: bytes
    hidden: frozenset[str]


def read(text: str, tool: str, notices: tuple[Notice, ...] = (), notes: tuple[str, ...] = ()) -> Reading:
    """Read the JSON of `show -json PLAN`."""
    plan: dict[str, Any] = json.loads(text)
    rows = plan.get("resource_changes") or []
    changes = tuple(change for row in rows if (change := _change(row)) is not None)
    changes += tuple(_deferred(row) for row in plan.get("deferred_changes") or [])
    changes += tuple(_action(row) for row in plan.get("action_invocations") or [])
    outputs = tuple(_outputs(plan.get("output_changes") or {}))
    drift = tuple(_drift(plan))
    hidden = frozenset(_secrets(plan))
    failed = tuple(_checks(plan.get("checks") or []))
    content = Content(
        tool=tool,
        changes=_without(changes, hidden),
        outputs=_without(outputs, hidden),
        drift=_without(drift, hidden),
        notices=(*_version(plan), *notices, *failed),
        notes=notes,
        complete=bool(plan.get("complete", True)),
        counts=_counts(changes, outputs, failed),
    )
    return Reading(content, _canonical(plan), hidden)


def _without(changes: tuple[Change, ...], hidden: frozenset[str]) -> tuple[Change, ...]:
    """The changes with every secret gone from their lines: what a provider copies elsewhere, no mask marks."""
    if not hidden:
        return changes
    return tuple(
        replace(change, lines=tuple(Line(line.marker, without(line.text, hidden)) for line in change.lines))
        for change in changes
    )


def _change(row: dict[str, Any]) -> Change | None:
    """One resource; None when nothing at all happens to it."""
    change = row["change"]
    words = tuple(change.get("actions") or ())
    action = KNOWN.get(words, Action.UNKNOWN)
    imported, moved = change.get("importing"), row.get("previous_address")
    if action is Action.NONE and not imported and not moved:
        return None
    forces = change.get("replace_paths") or []
    return Change(
        address=row["address"],
        action=_only(action, imported, moved),
        lines=_lines(change, forces),
        reason=REASONS.get(row.get("action_reason", ""), ""),
        forces=tuple(dotted(path) for path in forces),
        moved_from=moved,
        import_id=_import_id(imported) if imported else None,
        deposed=row.get("deposed"),
        words=words,
    )


def _only(action: Action, imported: Any, moved: Any) -> Action:
    """An import or a move by itself is an action of its own."""
    if action is not Action.NONE:
        return action
    return Action.IMPORT if imported else Action.MOVE


def _import_id(importing: dict[str, Any]) -> str:
    if importing.get("unknown"):
        return "(known after apply)"
    return str(importing.get("id") or json.dumps(importing.get("identity")))


def _lines(change: dict[str, Any], forces: list[list[Any]] | None = None) -> tuple[Any, ...]:
    before = masked(change.get("before"), change.get("before_sensitive"))
    after = masked(change.get("after"), change.get("after_sensitive"), change.get("after_unknown"))
    paths = frozenset(tuple(str(step) for step in path) for path in forces or [])
    if isinstance(before, dict | None) and isinstance(after, dict | None):
        return lines(before, after, paths)
    return lines({"value": before}, {"value": after})


def _outputs(changed: dict[str, Any]) -> Iterator[Change]:
    for name, change in sorted(changed.items()):
        words = tuple(change.get("actions") or ())
        action = KNOWN.get(words, Action.UNKNOWN)
        if action is Action.NONE:
            continue
        before = masked(change.get("before"), change.get("before_sensitive"))
        after = masked(change.get("after"), change.get("after_sensitive"), change.get("after_unknown"))
        yield Change(name, action, lines({name: before}, {name: after}), words=words)


def _drift(plan: dict[str, Any]) -> Iterator[Change]:
    """What changed outside of Terraform and matters to this plan."""
    relevant = {row.get("resource") for row in plan.get("relevant_attributes") or []}
    for row in plan.get("resource_drift") or []:
        bare = row["address"].partition("[")[0]
        if row["address"] in relevant or bare in relevant or row["change"].get("actions") == ["delete"]:
            words = tuple(row["change"].get("actions") or ())
            yield Change(row["address"], KNOWN.get(words, Action.UNKNOWN), _lines(row["change"]), words=words)


def _deferred(row: dict[str, Any]) -> Change:
    inner = row.get("resource_change") or {}
    return Change(
        str(inner.get("address", "?")), Action.UNKNOWN, reason=f"deferred: {row.get('reason', '')}", words=("deferred",)
    )


def _action(row: dict[str, Any]) -> Change:
    trigger = row.get("lifecycle_action_trigger") or {}
    by = f"by {trigger.get('triggering_resource_address', '')}" if trigger else "when applied"
    return Change(str(row.get("address", "?")), Action.UNKNOWN, reason=by, words=("invoke",))


def _checks(checks: list[dict[str, Any]]) -> Iterator[Notice]:
    for check in checks:
        if check.get("status") in ("fail", "error"):
            name = str((check.get("address") or {}).get("to_display", "?"))
            problems = [
                str(problem.get("message", ""))
                for instance in check.get("instances") or []
                for problem in instance.get("problems") or []
            ]
            yield Notice(Severity.CHECK, f"{name} fails", "\n".join(problems))


def _version(plan: dict[str, Any]) -> Iterator[Notice]:
    version = str(plan.get("format_version", ""))
    if version.partition(".")[0] != "1":
        yield Notice(Severity.WARNING, f"the plan's format is {version}: newer than what this bot knows")


def _counts(changes: tuple[Change, ...], outputs: tuple[Change, ...], failed: tuple[Notice, ...]) -> Counts:
    counts = dict.fromkeys(FIELD.values(), 0)
    for change in changes:
        if change.action in FIELD:
            counts[FIELD[change.action]] += 1
    return Counts(
        **counts,
        imports=sum(change.import_id is not None for change in changes),
        moves=sum(change.moved_from is not None for change in changes),
        outputs=len(outputs),
        checks=len(failed),
    )


def _canonical(plan: dict[str, Any]) -> bytes:
    """What an approval is bound to: changes, outputs and checks; no time, no prior state."""
    rows = [
        row
        for row in plan.get("resource_changes") or []
        if row["change"].get("actions") != ["no-op"] or row["change"].get("importing") or row.get("previous_address")
    ]
    kept = {
        "changes": sorted(rows, key=lambda row: (row["address"], row.get("deposed", ""))),
        "outputs": {
            name: change
            for name, change in (plan.get("output_changes") or {}).items()
            if change.get("actions") != ["no-op"]
        },
        "checks": [(check.get("address"), check.get("status")) for check in plan.get("checks") or []],
        "deferred": plan.get("deferred_changes") or [],
        "actions": plan.get("action_invocations") or [],
        "complete": plan.get("complete", True),
    }
    return json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()


def _secrets(plan: dict[str, Any]) -> Iterator[str]:
    rows = [*(plan.get("resource_changes") or []), *(plan.get("resource_drift") or [])]
    for change in [row["change"] for row in rows] + list((plan.get("output_changes") or {}).values()):
        for side in ("before", "after"):
            yield from secrets(change.get(side), change.get(f"{side}_sensitive"))
    variables = ((plan.get("configuration") or {}).get("root_module") or {}).get("variables") or {}
    for name, declared in variables.items():
        if declared.get("sensitive"):
            yield from secrets(((plan.get("variables") or {}).get(name) or {}).get("value"), True)
