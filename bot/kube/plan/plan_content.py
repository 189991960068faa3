"""What a plan's comment shows of a cluster's objects: changes become `Content`. Called by the tools that plan.

Pure. Shows texts that are masked already: a Secret's value must not be in a change's fields, notes or problem.
"""

from collections.abc import Iterator, Sequence

from bot.core.plan import Action, Change, Content, Counts, Line, Notice, Severity
from bot.kube.objects.object_changes import BLOCKING_VERBS, ObjectChange, Verb, blocking_reason
from bot.kube.plan.field_lines import change_lines, collapse_lines, diff_lines, drift_lines, pluralize, text_lines
from bot.kube.plan.immutable_fields import replacing_fields
from bot.kube.plan.renames import GeneratedRename, pair_renames

OFFLINE_NOTE = "Rendered differences only: no cluster is configured, nothing was asked of one"
CONFIRM_REASON = "asks for a confirmation by name"
DRIFT_NOTE = (
    "What others changed and this pull request leaves alone stays so; `allow: [conflicts]` on the base branch sets it"
    " back, as does a change of the object here"
)

_ACTIONS = {
    Verb.CREATE: Action.CREATE,
    Verb.CHANGE: Action.UPDATE,
    Verb.REPLACE: Action.REPLACE,
    Verb.DELETE: Action.DELETE,
    Verb.AWAIT: Action.AWAIT,
    Verb.CONFLICT: Action.CONFLICT,
    Verb.UNKNOWN: Action.UNKNOWN,
}


def plan_content(tool: str, changes: Sequence[ObjectChange], *, offline: bool, notes: Sequence[str] = ()) -> Content:
    """Show everything that happens to objects, in the order of the changes; unchanged ones are counted in a note.

    Offline, differences are only counted: what was compared with no cluster is not to be applied.
    """
    pairs = pair_renames(changes)
    rows = tuple(_rows(changes, pairs))
    offline_notes = [OFFLINE_NOTE] if offline else []
    return Content(
        tool,
        rows,
        drift=tuple(_drift(changes)),
        notices=tuple(_notices(changes)),
        notes=(*offline_notes, *_unchanged_notes(changes), *notes),
        counts=Counts(rendered=len(rows)) if offline else _counts(rows),
        obstacles=tuple(_obstacles(changes)),
        precious=tuple(change.ref.path for change in changes if change.confirm and change.verb is not Verb.CHANGE),
        overwritten=tuple(change.ref.path for change in changes if change.confirm and change.verb is Verb.CHANGE),
    )


def _rows(changes: Sequence[ObjectChange], pairs: Sequence[GeneratedRename]) -> Iterator[Change]:
    renames_by_new = {pair.new.ref: pair for pair in pairs}
    renamed_away = {pair.old.ref for pair in pairs}
    for change in changes:
        if change.verb is Verb.CREATE and change.ref in renames_by_new:
            yield _rename_row(renames_by_new[change.ref])
        elif _action(change) and change.ref not in renamed_away:
            yield _row(change)


def _row(change: ObjectChange) -> Change:
    action = _action(change) or Action.NONE
    return Change(
        str(change.ref),
        action,
        tuple(_lines(change)),
        reason="; ".join(_reasons(change)),
        forces=replacing_fields(change) if change.verb is Verb.REPLACE else (),
        words=("cannot tell",) if action is Action.UNKNOWN else (),
    )


def _action(change: ObjectChange) -> Action | None:
    """None for what stays as it is. To become another project's object is a move, though no field changes."""
    return Action.MOVE if change.verb is Verb.ADOPT and change.moves_from else _ACTIONS.get(change.verb)


def _lines(change: ObjectChange) -> Iterator[Line]:
    if change.problem and (change.verb not in BLOCKING_VERBS or "\n" in change.problem.strip()):
        yield from text_lines(change.problem.strip(), "!")
    yield from (Line(" ", f"note: {collapse_lines(note)}") for note in change.notes)
    yield from (Line("-", f"goes with it: {collapse_lines(loss)}") for loss in change.losses)
    if change.verb is not Verb.DELETE:
        yield from change_lines(change)


def _obstacles(changes: Sequence[ObjectChange]) -> Iterator[str]:
    for change in changes:
        if change.verb in BLOCKING_VERBS:
            yield blocking_reason(change)


def _drift(changes: Sequence[ObjectChange]) -> Iterator[Change]:
    for change in changes:
        if change.drift:
            yield Change(str(change.ref), Action.UPDATE, tuple(drift_lines(change)))


def _reasons(change: ObjectChange) -> Iterator[str]:
    if change.verb in BLOCKING_VERBS:
        first_line = change.problem.strip().partition("\n")[0] or "no reason given"
        yield collapse_lines(first_line) + (f" ({collapse_lines(change.where)})" if change.where else "")
    if change.confirm:
        yield CONFIRM_REASON


def _rename_row(pair: GeneratedRename) -> Change:
    """As the change of one object's text."""
    old, new = (next((field for field in change.fields if not field.path), None) for change in (pair.old, pair.new))
    if old and new and old.old is not None and new.new is not None:
        lines = [
            *(Line(" ", f"note: {collapse_lines(note)}") for note in pair.new.notes),
            *diff_lines(old.old, new.new),
        ]
    else:
        lines = list(_lines(pair.new))
    return Change(str(pair.new.ref), Action.UPDATE, tuple(lines), reason=str(pair), moved_from=str(pair.old.ref))


def _counts(changes: Sequence[Change]) -> Counts:
    actions = [change.action for change in changes]
    return Counts(
        create=actions.count(Action.CREATE),
        change=actions.count(Action.UPDATE),
        replace=actions.count(Action.REPLACE),
        destroy=actions.count(Action.DELETE),
        awaits=actions.count(Action.AWAIT),
        moves=actions.count(Action.MOVE),
        conflicts=actions.count(Action.CONFLICT),
        unknown=actions.count(Action.UNKNOWN),
    )


def _unchanged_notes(changes: Sequence[ObjectChange]) -> Iterator[str]:
    """How many objects stay as they are, and what is to be said of one of them."""
    unchanged = [change for change in changes if not _action(change)]
    adopted = sum(change.verb is Verb.ADOPT for change in unchanged)
    if unchanged:
        adopted_note = f"; {adopted:,} {'is' if adopted == 1 else 'are'} taken into the inventory" if adopted else ""
        yield f"{pluralize(len(unchanged), 'object')} unchanged{adopted_note}"
    for change in unchanged:
        yield from (f"{change.ref}: {collapse_lines(note)}" for note in change.notes)
    if any(change.drift for change in changes):
        yield DRIFT_NOTE


def _notices(changes: Sequence[ObjectChange]) -> Iterator[Notice]:
    """The server's warnings, each once, with the objects that it was given for; and why what left Git does not go."""
    changes_by_warning: dict[str, list[ObjectChange]] = {}
    for change in changes:
        for warning in change.warnings:
            changes_by_warning.setdefault(collapse_lines(warning), []).append(change)
        if change.stays:
            yield Notice(Severity.WARNING, str(change.ref), collapse_lines(change.stays))
        if change.problem and change.verb not in _ACTIONS:
            yield Notice(Severity.ERROR, str(change.ref), collapse_lines(change.problem), change.where)
    for warning, warned in changes_by_warning.items():
        remainder = f" and {len(warned) - 1:,} more" if len(warned) > 1 else ""
        yield Notice(Severity.WARNING, warning, f"{warned[0].ref}{remainder}", warned[0].where)
