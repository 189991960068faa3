"""What a plan's comment shows of a cluster's objects: outcomes become `Content`. Called by the tools that plan.

Pure. Shows texts that are masked already: a Secret's value must not be in an outcome's fields, notes or problem.
"""

from collections.abc import Iterator, Sequence

from bot.core.plan import Action, Change, Content, Counts, Line, Notice, Severity
from bot.kube.objects.outcomes import Outcome, Verb
from bot.kube.plan.field_lines import difference, lines_of, one_line, plain, some
from bot.kube.plan.immutable import forcing
from bot.kube.plan.renames import Rename, renames

OFFLINE = "Rendered differences only: no cluster is configured, nothing was asked of one"
CONFIRM = "asks for a confirmation by name"

_ACTIONS = {
    Verb.CREATE: Action.CREATE,
    Verb.CHANGE: Action.UPDATE,
    Verb.REPLACE: Action.REPLACE,
    Verb.DELETE: Action.DELETE,
    Verb.UNTOLD: Action.UNKNOWN,
}


def content(tool: str, outcomes: Sequence[Outcome], *, offline: bool, notes: Sequence[str] = ()) -> Content:
    """Everything that happens to objects, in the outcomes' order; those to which nothing does are counted in a note.

    Offline, differences are only counted: what was compared with no cluster is not to be applied.
    """
    pairs = renames(outcomes)
    changes = tuple(_changes(outcomes, pairs))
    said = [OFFLINE] if offline else []
    return Content(
        tool,
        changes,
        notices=tuple(_notices(outcomes)),
        notes=(*said, *_of_the_rest(outcomes), *notes),
        counts=Counts(rendered=len(changes)) if offline else _counts(changes),
        obstacles=tuple(_obstacles(outcomes)),
        precious=tuple(one.ref.path for one in outcomes if one.confirm),
    )


def _changes(outcomes: Sequence[Outcome], pairs: Sequence[Rename]) -> Iterator[Change]:
    renamed = {pair.new.ref: pair for pair in pairs}
    gone = {pair.old.ref for pair in pairs}
    for one in outcomes:
        if one.verb is Verb.CREATE and one.ref in renamed:
            yield _renamed(renamed[one.ref])
        elif one.verb in _ACTIONS and one.ref not in gone:
            yield _change(one)


def _change(one: Outcome) -> Change:
    action = _ACTIONS[one.verb]
    return Change(
        str(one.ref),
        action,
        tuple(_lines(one)),
        reason="; ".join(_reasons(one)),
        forces=forcing(one) if one.verb is Verb.REPLACE else (),
        words=("cannot tell",) if action is Action.UNKNOWN else (),
    )


def _lines(one: Outcome) -> Iterator[Line]:
    if one.problem and (one.verb is not Verb.UNTOLD or "\n" in one.problem.strip()):
        yield from plain(one.problem.strip(), "!")
    yield from (Line(" ", f"note: {one_line(note)}") for note in one.notes)
    yield from (Line("-", f"goes with it: {one_line(loss)}") for loss in one.losses)
    if one.verb is not Verb.DELETE:
        yield from lines_of(one)


def _obstacles(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for one in outcomes:
        if one.verb is Verb.UNTOLD:
            yield f"nobody can tell what becomes of {one.ref}: {one.problem.strip().partition(chr(10))[0]}"


def _reasons(one: Outcome) -> Iterator[str]:
    if one.verb is Verb.UNTOLD:
        first = one.problem.strip().partition("\n")[0] or "no reason given"
        yield one_line(first) + (f" ({one_line(one.where)})" if one.where else "")
    if one.confirm:
        yield CONFIRM


def _renamed(pair: Rename) -> Change:
    """As the change of one object's text."""
    old, new = (next((part for part in one.fields if not part.path), None) for one in (pair.old, pair.new))
    if old and new and old.old is not None and new.new is not None:
        lines = [*(Line(" ", f"note: {one_line(note)}") for note in pair.new.notes), *difference(old.old, new.new)]
    else:
        lines = list(_lines(pair.new))
    return Change(str(pair.new.ref), Action.UPDATE, tuple(lines), reason=str(pair), moved_from=str(pair.old.ref))


def _counts(changes: Sequence[Change]) -> Counts:
    found = [change.action for change in changes]
    return Counts(
        create=found.count(Action.CREATE),
        change=found.count(Action.UPDATE),
        replace=found.count(Action.REPLACE),
        destroy=found.count(Action.DELETE),
        unknown=found.count(Action.UNKNOWN),
    )


def _of_the_rest(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """How many objects stay as they are, and what is to be said of one of them."""
    rest = [one for one in outcomes if one.verb not in _ACTIONS]
    adopted = sum(one.verb is Verb.ADOPT for one in rest)
    if rest:
        taken = f"; {adopted:,} {'is' if adopted == 1 else 'are'} taken into the inventory" if adopted else ""
        yield f"{some(len(rest), 'object')} unchanged{taken}"
    for one in rest:
        yield from (f"{one.ref}: {one_line(note)}" for note in one.notes)


def _notices(outcomes: Sequence[Outcome]) -> Iterator[Notice]:
    """The server's warnings, each once, with the objects that it was given for; and the problems of unchanged ones."""
    given: dict[str, list[Outcome]] = {}
    for one in outcomes:
        for warning in one.warnings:
            given.setdefault(one_line(warning), []).append(one)
        if one.problem and one.verb not in _ACTIONS:
            yield Notice(Severity.ERROR, str(one.ref), one_line(one.problem), one.where)
    for warning, by in given.items():
        more = f" and {len(by) - 1:,} more" if len(by) > 1 else ""
        yield Notice(Severity.WARNING, warning, f"{by[0].ref}{more}", by[0].where)
