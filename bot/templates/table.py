"""The rows of a comment's table: one a project, by risk; many alike become one. Called by `page`.

A row that stands for several projects shows their sum, so columns always add up to the last row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from markupsafe import Markup

from bot.core.plan import Counts
from bot.core.project import ApplyMode
from bot.core.run import RunKind, RunProject, State
from bot.core.view import ProjectView, RunView
from bot.templates import words
from bot.templates.escape import code, prose
from bot.templates.tally import summed

MOST_SINGLE = 30
MOST_NAMED = 3
LONGEST_NAME = 100
LONGEST_STATE = 90

ALWAYS = (("+", "create"), ("~", "change"), ("±", "replace"), ("−", "destroy"))
SOMETIMES = (("unknown", "unknown"),)


class Risk(IntEnum):
    """What a project's row is about; the lowest is shown first."""

    DESTROYS = 0
    FAILED = 1
    CHANGES = 2
    CREATES = 3
    MINOR = 4
    RUNNING = 5
    QUEUED = 6
    SKIPPED = 7
    APPLIED = 8
    NOTHING = 9


_ICONS = {
    Risk.DESTROYS: "🔴",
    Risk.FAILED: "❌",
    Risk.CHANGES: "🟡",
    Risk.CREATES: "🟢",
    Risk.MINOR: "🔵",
    Risk.RUNNING: "🔄",
    Risk.QUEUED: "⏳",
    Risk.SKIPPED: "⏭️",
    Risk.APPLIED: "✅",
    Risk.NOTHING: "⚪",
}
_ICONS_OF = {State.REFUSED: "🚫", State.UNKNOWN: "❓"}
_UNENDED = {State.RUNNING: Risk.RUNNING, State.QUEUED: Risk.QUEUED, State.SKIPPED: Risk.SKIPPED}


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    field: str

    def of(self, counts: Counts) -> int:
        return int(getattr(counts, self.field))


def risk(project: ProjectView, kind: RunKind = RunKind.PLAN) -> Risk:
    row = project.row
    if row.state in _UNENDED:
        return _UNENDED[row.state]
    if row.state is not State.DONE:
        return Risk.FAILED
    if kind is RunKind.APPLY or project.applied_at is not None:
        return Risk.APPLIED
    return _of_counts(row.counts)


def icon(project: ProjectView, kind: RunKind = RunKind.PLAN) -> str:
    return _ICONS_OF.get(project.row.state) or _ICONS[risk(project, kind)]


def columns(counts: Counts) -> tuple[Column, ...]:
    """Those that every table has, and one for what nobody knows; the rest is told in words, lest the table be wide."""
    more = [Column(title, field) for title, field in SOMETIMES if getattr(counts, field)]
    return (*(Column(title, field) for title, field in ALWAYS), *more)


def plan_rows(view: RunView, counts: Counts) -> list[Markup]:
    """The plan comment's rows, with the columns that these counts, of all of them, need."""
    ordered = sorted(view.projects, key=risk)
    return [_plan_row(alike, view, counts) for alike in _alike(ordered, view)]


def apply_rows(view: RunView) -> list[Markup]:
    """An apply comment's rows: what was to be done, how it ended, how long it took."""
    ordered = sorted(view.projects, key=lambda project: risk(project, RunKind.APPLY))
    return [_apply_row(project) for project in ordered]


def state_of(project: ProjectView, view: RunView) -> str:
    """Where a project stands, or what it waits for."""
    row = project.row
    if row.state is State.QUEUED:
        return f"waits for {row.waits_for}" if row.waits_for else "queued"
    if row.state is State.RUNNING:
        return "planning…"
    if row.state is not State.DONE:
        return _ended(row)
    if project.applied_at is not None:
        return f"applied by {project.applied_by}, {words.moment(project.applied_at)}"
    if row.counts.empty:
        return _nothing(row.counts)
    return f"stale: {project.stale_because}" if project.stale_because else _ready(row, view)


def _of_counts(counts: Counts) -> Risk:
    if counts.destroy or counts.replace or counts.unknown:
        return Risk.DESTROYS
    if counts.change or counts.invoke:
        return Risk.CHANGES
    if counts.create:
        return Risk.CREATES
    return Risk.NOTHING if counts.silent else Risk.MINOR


def _nothing(counts: Counts) -> str:
    if counts.deferred:
        return "put off, nothing to apply yet"
    return "rendered only, nothing is applied" if counts.rendered else "no changes"


def _ended(row: RunProject) -> str:
    word = "not planned" if row.state is State.SKIPPED else row.state.value
    return f"{word}: {row.note}" if row.note else word


def _ready(row: RunProject, view: RunView) -> str:
    """Whether the gate is open for the project, as far as it was asked."""
    unmet = [demand for demand in view.demands if not demand.met and demand.project in (None, row.project.name)]
    own = [demand.text for demand in unmet if demand.project]
    if own:
        return f"blocked: {own[0]}"
    if unmet:
        return "blocked, see below"
    if row.rules.apply is ApplyMode.MERGE and not view.merged:
        return "will be applied by the merge"
    return "ready to apply" if view.demands else "planned"


def _alike(ordered: Sequence[ProjectView], view: RunView) -> list[list[ProjectView]]:
    """Each alone where there are few; else those that read the same together, in the place of the first."""
    if len(ordered) <= MOST_SINGLE:
        return [[project] for project in ordered]
    found: dict[object, list[ProjectView]] = {}
    for project in ordered:
        key = (icon(project), project.row.counts, state_of(project, view))
        found.setdefault(key, []).append(project)
    return list(found.values())


def _plan_row(alike: Sequence[ProjectView], view: RunView, of_all: Counts) -> Markup:
    first = alike[0]
    counts = summed([project.row.counts for project in alike])
    numbers = [f"{column.of(counts):,}" if column.of(counts) else "" for column in columns(of_all)]
    also = [words.also(counts)] if words.also(of_all) else []
    return _row([icon(first), _names(alike), *numbers, *also, prose(state_of(first, view), LONGEST_STATE)])


def _apply_row(project: ProjectView) -> Markup:
    row = project.row
    took = words.lasted(row.started_at, row.ended_at)
    cells = [icon(project, RunKind.APPLY), _names([project]), words.signs(row.counts), prose(_result(row), 160), took]
    return _row(cells)


def _result(row: RunProject) -> str:
    if row.state is State.QUEUED:
        return f"waits for {row.waits_for}" if row.waits_for else "queued"
    if row.state is State.RUNNING:
        return "applying…"
    if row.state is State.DONE:
        return f"applied: {row.note}" if row.note else "applied"
    if row.state is State.SKIPPED:
        return row.note or "not begun"
    return f"{row.state.value}: {row.note}" if row.note else row.state.value


def _names(alike: Sequence[ProjectView]) -> Markup:
    named = Markup(", ").join(code(project.row.project.name, LONGEST_NAME) for project in alike[:MOST_NAMED])
    removed = Markup(" (removed)") if all(project.row.removed for project in alike) else Markup("")
    if len(alike) == 1:
        return named + removed
    more = Markup(f" and {len(alike) - MOST_NAMED:,} more") if len(alike) > MOST_NAMED else Markup("")
    return Markup(f"**{len(alike):,} projects**: ") + named + more + removed


def _row(cells: Sequence[str]) -> Markup:
    """Cells are Markup, or words and numbers of ours."""
    return Markup(f"| {' | '.join(cells)} |")
