"""One node of a plan's JSON becomes one Change, masked. Called by what reads plans; counts nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from bot.core.exact_json import dumps
from bot.core.plan import Action, Change, Line
from bot.tools.terraform.diff import diff_lines, dotted_path
from bot.tools.terraform.json_fields import Node, node, paths, text, texts
from bot.tools.terraform.masking import Secrets, apply_mask
from bot.tools.terraform.reasons import change_reason

ACTIONS: Mapping[tuple[str, ...], Action] = {
    ("no-op",): Action.NONE,
    ("create",): Action.CREATE,
    ("read",): Action.READ,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("forget",): Action.FORGET,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
    ("create", "forget"): Action.REPLACE,
    ("forget", "create"): Action.REPLACE,
}
KNOWN_AFTER_APPLY = "(known after apply)"
WRITE_ONLY_VERSION = "_wo_version"
# An update of which nothing is to be seen.
INVISIBLE_UPDATE = "# nothing visible changes: only what counts as sensitive, or a write-only value"
SENSITIVITY_ONLY = "(the same value)  # only what counts as sensitive changes"
MOST_GENERATED = 200


def is_changed(resource_change: Node) -> bool:
    """Whether anything happens to the resource: a move or an import by itself is enough."""
    change = node(resource_change, "change")
    return (
        planned_action(change) is not Action.NONE
        or bool(change.get("importing"))
        or bool(resource_change.get("previous_address"))
    )


def planned_action(change: Node) -> Action:
    """Name the change's list of actions; UNKNOWN for one that a newer version writes."""
    return ACTIONS.get(texts(change, "actions"), Action.UNKNOWN)


def read_resource_change(resource_change: Node, secrets: Secrets) -> Change:
    """A resource's change as it is planned."""
    raw_change = node(resource_change, "change")
    forces = paths(raw_change, "replace_paths")
    importing, previous_address = node(raw_change, "importing"), text(resource_change, "previous_address")
    change = Change(
        address=text(resource_change, "address"),
        action=_effective_action(planned_action(raw_change), importing, previous_address),
        lines=(*_lines(raw_change, secrets, forces), *_generated_config_lines(raw_change)),
        reason=change_reason(text(resource_change, "action_reason")),
        forces=tuple(dotted_path(path) for path in forces),
        moved_from=previous_address or None,
        import_id=_import_id(importing) if importing else None,
        deposed=text(resource_change, "deposed") or None,
        words=texts(raw_change, "actions"),
    )
    return hide_secrets(change, secrets)


def read_output_change(name: str, raw_change: Node, secrets: Secrets) -> Change:
    """An output's change as it is planned."""
    before, after = _before_and_after(raw_change)
    lines = diff_lines({name: before}, {name: after}, hide=secrets.hide)
    if not _has_changes(lines):
        lines = (Line("!", f"  {name} = {SENSITIVITY_ONLY}"),)
    actions = texts(raw_change, "actions")
    if planned_action(raw_change) is Action.UNKNOWN:
        lines = (*lines, Line("!", f"  # unknown action: {', '.join(actions) or 'none named'}"))
    change = Change(name, planned_action(raw_change), lines, words=actions)
    return hide_secrets(change, secrets)


def hide_secrets(change: Change, secrets: Secrets) -> Change:
    """Every secret gone from all its words: what a provider copies elsewhere has no mask on it."""
    if not secrets.texts:
        return change
    hide = secrets.hide
    return replace(
        change,
        address=secrets.hide_keys(change.address),
        lines=tuple(Line(line.marker, hide(line.text)) for line in change.lines),
        reason=hide(change.reason),
        forces=tuple(hide(path) for path in change.forces),
        moved_from=secrets.hide_keys(change.moved_from) if change.moved_from else None,
        import_id=hide(change.import_id) if change.import_id else None,
    )


def _effective_action(planned: Action, importing: Node, previous_address: str) -> Action:
    """An import or a move by itself is an action of its own."""
    if planned is not Action.NONE:
        return planned
    return Action.IMPORT if importing or not previous_address else Action.MOVE


def _import_id(importing: Node) -> str:
    if importing.get("unknown"):
        return KNOWN_AFTER_APPLY
    return str(importing.get("id") or dumps(importing.get("identity"), readable=True))


def _lines(change: Node, secrets: Secrets, forces: list[list[Any]]) -> tuple[Line, ...]:
    if planned_action(change) is Action.FORGET:
        return ()
    before, after = _before_and_after(change)
    forcing_paths = frozenset(tuple(str(step) for step in path) for path in forces)
    if not isinstance(before, dict | None) or not isinstance(after, dict | None):
        return diff_lines({"value": before}, {"value": after}, hide=secrets.hide)
    if planned_action(change) is Action.NONE and before == after:
        return ()
    lines = (*diff_lines(before, after, forcing_paths, secrets.hide), *_write_only_lines(before or {}, after or {}))
    return (
        lines
        if planned_action(change) is not Action.UPDATE or _has_changes(lines)
        else (*lines, Line("!", f"  {INVISIBLE_UPDATE}"))
    )


def _has_changes(lines: tuple[Line, ...]) -> bool:
    return any(line.marker != " " for line in lines)


def _before_and_after(change: Node) -> tuple[Any, Any]:
    """Both sides, masked. What is not there has none: of a sensitive output the tool sets both masks all the same."""
    before = apply_mask(change.get("before"), change.get("before_sensitive"))
    after = apply_mask(change.get("after"), change.get("after_sensitive"), change.get("after_unknown"))
    action = planned_action(change)
    return None if action is Action.CREATE else before, None if action is Action.DELETE else after


def _write_only_lines(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Line]:
    """Write-only attributes have no value in a plan: the version beside them tells that they are written anew."""
    for key in sorted(after):
        value = after[key]
        name = key.removesuffix("_version")
        if key.endswith(WRITE_ONLY_VERSION) and value is not None and value != before.get(key) and name in after:
            yield Line("!" if before else "+", f"  {name} = (write-only value)")


def _generated_config_lines(change: Node) -> Iterator[Line]:
    """What the tool would write into the configuration for an import."""
    code = text(change, "generated_config").strip("\n").splitlines()
    if code:
        yield Line(" ", "  # the tool generated this configuration for it:")
    yield from (Line(" ", f"  {line}") for line in code[:MOST_GENERATED])
    if len(code) > MOST_GENERATED:
        yield Line(" ", f"  # ({len(code) - MOST_GENERATED:,} lines more)")
