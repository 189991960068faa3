"""One row of a plan's JSON becomes one Change, masked. Called by what reads plans; counts nothing."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from bot.core.plan import Action, Change, Line
from bot.tools.terraform.diff import dotted, lines
from bot.tools.terraform.json_fields import Row, paths, row, text, texts
from bot.tools.terraform.masking import Secrets, masked
from bot.tools.terraform.reasons import why

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
KNOWN_LATER = "(known after apply)"
VERSION = "_wo_version"
# An update of which nothing is to be seen.
UNSEEN = "# nothing visible changes: only what counts as sensitive, or a write-only value"
REMARKED = "(the same value)  # only what counts as sensitive changes"
MOST_GENERATED = 200


def changed(of: Row) -> bool:
    """Whether anything happens to the resource: a move or an import by itself is enough."""
    change = row(of, "change")
    return action(change) is not Action.NONE or bool(change.get("importing")) or bool(of.get("previous_address"))


def action(change: Row) -> Action:
    return KNOWN.get(texts(change, "actions"), Action.UNKNOWN)


def resource(of: Row, hidden: Secrets) -> Change:
    """A resource's change as it is planned."""
    change = row(of, "change")
    forces = paths(change, "replace_paths")
    imported, moved = row(change, "importing"), text(of, "previous_address")
    found = Change(
        address=text(of, "address"),
        action=_only(action(change), imported, moved),
        lines=(*_lines(change, hidden, forces), *_generated(change)),
        reason=why(text(of, "action_reason")),
        forces=tuple(dotted(path) for path in forces),
        moved_from=moved or None,
        import_id=_import_id(imported) if imported else None,
        deposed=text(of, "deposed") or None,
        words=texts(change, "actions"),
    )
    return without_secrets(found, hidden)


def output(name: str, change: Row, hidden: Secrets) -> Change:
    before, after = _sides(change)
    shown = lines({name: before}, {name: after}, hide=hidden.hide)
    if not _tells(shown):
        shown = (Line("!", f"  {name} = {REMARKED}"),)
    words = texts(change, "actions")
    if action(change) is Action.UNKNOWN:
        shown = (*shown, Line("!", f"  # unknown action: {', '.join(words) or 'none named'}"))
    found = Change(name, action(change), shown, words=words)
    return without_secrets(found, hidden)


def without_secrets(change: Change, hidden: Secrets) -> Change:
    """Every secret gone from all its words: what a provider copies elsewhere has no mask on it."""
    if not hidden.texts:
        return change
    hide = hidden.hide
    return replace(
        change,
        address=hidden.hide_keys(change.address),
        lines=tuple(Line(line.marker, hide(line.text)) for line in change.lines),
        reason=hide(change.reason),
        forces=tuple(hide(path) for path in change.forces),
        moved_from=hidden.hide_keys(change.moved_from) if change.moved_from else None,
        import_id=hide(change.import_id) if change.import_id else None,
    )


def _only(planned: Action, imported: Row, moved: str) -> Action:
    """An import or a move by itself is an action of its own."""
    if planned is not Action.NONE:
        return planned
    return Action.IMPORT if imported or not moved else Action.MOVE


def _import_id(importing: Row) -> str:
    if importing.get("unknown"):
        return KNOWN_LATER
    return str(importing.get("id") or json.dumps(importing.get("identity"), ensure_ascii=False, sort_keys=True))


def _lines(change: Row, hidden: Secrets, forces: list[list[Any]]) -> tuple[Line, ...]:
    if action(change) is Action.FORGET:
        return ()
    before, after = _sides(change)
    replacing = frozenset(tuple(str(step) for step in path) for path in forces)
    if not isinstance(before, dict | None) or not isinstance(after, dict | None):
        return lines({"value": before}, {"value": after}, hide=hidden.hide)
    if action(change) is Action.NONE and before == after:
        return ()
    shown = (*lines(before, after, replacing, hidden.hide), *_written(before or {}, after or {}))
    return shown if action(change) is not Action.UPDATE or _tells(shown) else (*shown, Line("!", f"  {UNSEEN}"))


def _tells(shown: tuple[Line, ...]) -> bool:
    return any(line.marker != " " for line in shown)


def _sides(change: Row) -> tuple[Any, Any]:
    before = masked(change.get("before"), change.get("before_sensitive"))
    return before, masked(change.get("after"), change.get("after_sensitive"), change.get("after_unknown"))


def _written(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Line]:
    """Write-only attributes have no value in a plan: the version beside them tells that they are written anew."""
    for key in sorted(after):
        value = after[key]
        name = key.removesuffix("_version")
        if key.endswith(VERSION) and value is not None and value != before.get(key) and name in after:
            yield Line("!" if before else "+", f"  {name} = (write-only value)")


def _generated(change: Row) -> Iterator[Line]:
    """What the tool would write into the configuration for an import."""
    code = text(change, "generated_config").strip("\n").splitlines()
    if code:
        yield Line(" ", "  # the tool generated this configuration for it:")
    yield from (Line(" ", f"  {line}") for line in code[:MOST_GENERATED])
    if len(code) > MOST_GENERATED:
        yield Line(" ", f"  # ({len(code) - MOST_GENERATED:,} lines more)")
