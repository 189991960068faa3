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
from bot.templates import wording
from bot.templates.escape import code, prose
from bot.templates.tally import sum_counts

MAX_SINGLE_ROWS = 30
MAX_NAMES = 3
MAX_NAME_LENGTH = 100
MAX_STATE_LENGTH = 90

FIXED_COLUMNS = (("+", "create"), ("~", "change"), ("±", "replace"), ("−", "destroy"))
OPTIONAL_COLUMNS = (("unknown", "unknown"),)


class ProjectRisk(IntEnum):
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


_RISK_ICONS = {
    ProjectRisk.DESTROYS: "🔴",
    ProjectRisk.FAILED: "❌",
    ProjectRisk.CHANGES: "🟡",
    ProjectRisk.CREATES: "🟢",
    ProjectRisk.MINOR: "🔵",
    ProjectRisk.RUNNING: "🔄",
    ProjectRisk.QUEUED: "⏳",
    ProjectRisk.SKIPPED: "⏭️",
    ProjectRisk.APPLIED: "✅",
    ProjectRisk.NOTHING: "⚪",
}
_STATE_ICONS = {State.REFUSED: "🚫", State.UNKNOWN: "❓"}
_STATE_RISKS = {
    State.RUNNING: ProjectRisk.RUNNING,
    State.QUEUED: ProjectRisk.QUEUED,
    State.SKIPPED: ProjectRisk.SKIPPED,
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of counts: its title, and the field of `Counts` in it."""

    title: str
    field: str

    def count_in(self, counts: Counts) -> int:
        """Return the count that stands in this column."""
        return int(getattr(counts, self.field))


def risk(project: ProjectView, kind: RunKind = RunKind.PLAN) -> ProjectRisk:
    """Rank what the project's row is about."""
    row = project.row
    if row.state in _STATE_RISKS:
        return _STATE_RISKS[row.state]
    if row.state is not State.DONE:
        return ProjectRisk.FAILED
    if kind is RunKind.APPLY or project.applied_at is not None:
        return ProjectRisk.APPLIED
    return _counts_risk(row.counts)


def icon(project: ProjectView, kind: RunKind = RunKind.PLAN) -> str:
    """Return the sign at the head of the project's row."""
    return _STATE_ICONS.get(project.row.state) or _RISK_ICONS[risk(project, kind)]


def columns(counts: Counts) -> tuple[Column, ...]:
    """Return the fixed ones, and one for what nobody knows; the rest is told in words, lest the table be wide."""
    optional = [Column(title, field) for title, field in OPTIONAL_COLUMNS if getattr(counts, field)]
    return (*(Column(title, field) for title, field in FIXED_COLUMNS), *optional)


def plan_rows(view: RunView, counts: Counts) -> list[Markup]:
    """Write the plan comment's rows, with the columns that these counts, of all of them, need."""
    ordered = sorted(view.projects, key=risk)
    return [_plan_row(projects, view, counts) for projects in _merge_equal_rows(ordered, view)]


def apply_rows(view: RunView) -> list[Markup]:
    """Write an apply comment's rows: what was to be done, how it ended, how long it took."""
    ordered = sorted(view.projects, key=lambda project: risk(project, RunKind.APPLY))
    return [_apply_row(project) for project in ordered]


def state_text(project: ProjectView, view: RunView) -> str:
    """Say where a project stands, or what it waits for."""
    row = project.row
    if row.state is State.QUEUED:
        return f"waits for {wording.WAIT_PHRASES[row.waits_for]}" if row.waits_for else "queued"
    if row.state is State.RUNNING:
        return "planning…"
    if row.state is not State.DONE:
        return _failure_text(row)
    if project.applied_at is not None:
        return f"applied by {project.applied_by}, {wording.format_time(project.applied_at)}"
    if row.counts.empty:
        return _unchanged_text(row.counts)
    return f"stale: {project.stale_because}" if project.stale_because else _readiness_text(row, view)


def _counts_risk(counts: Counts) -> ProjectRisk:
    if counts.destroy or counts.replace or counts.unknown or counts.conflicts:
        return ProjectRisk.DESTROYS
    if counts.change or counts.invoke or counts.awaits:
        return ProjectRisk.CHANGES
    if counts.create:
        return ProjectRisk.CREATES
    return ProjectRisk.NOTHING if counts.silent else ProjectRisk.MINOR


def _unchanged_text(counts: Counts) -> str:
    if counts.deferred:
        return "put off, nothing to apply yet"
    return "rendered only, nothing is applied" if counts.rendered else "no changes"


def _failure_text(row: RunProject) -> str:
    word = "not planned" if row.state is State.SKIPPED else row.state.value
    return f"{word}: {row.note}" if row.note else word


def _readiness_text(row: RunProject, view: RunView) -> str:
    """Whether the gate is open for the project, as far as it was asked."""
    unmet = [demand for demand in view.demands if not demand.met and demand.project in (None, row.project.name)]
    project_reasons = [demand.text for demand in unmet if demand.project]
    if project_reasons:
        return f"blocked: {project_reasons[0]}"
    if unmet:
        return "blocked, see below"
    if row.rules.apply is ApplyMode.MERGE and not view.merged:
        return "will be applied by the merge"
    return "ready to apply" if view.demands else "planned"


def _merge_equal_rows(ordered: Sequence[ProjectView], view: RunView) -> list[list[ProjectView]]:
    """Each alone where there are few; else those that read the same together, in the place of the first."""
    if len(ordered) <= MAX_SINGLE_ROWS:
        return [[project] for project in ordered]
    rows: dict[object, list[ProjectView]] = {}
    for project in ordered:
        key = (icon(project), project.row.counts, state_text(project, view))
        rows.setdefault(key, []).append(project)
    return list(rows.values())


def _plan_row(projects: Sequence[ProjectView], view: RunView, totals: Counts) -> Markup:
    first = projects[0]
    counts = sum_counts([project.row.counts for project in projects])
    numbers = [f"{column.count_in(counts):,}" if column.count_in(counts) else "" for column in columns(totals)]
    extras = [wording.describe_extras(counts)] if wording.describe_extras(totals) else []
    pulls = tuple(number for demand in view.demands for number in demand.pulls)
    state = prose(state_text(first, view), MAX_STATE_LENGTH, pulls)
    return _row([icon(first), _names(projects), *numbers, *extras, state])


def _apply_row(project: ProjectView) -> Markup:
    row = project.row
    duration = wording.format_duration(row.started_at, row.ended_at)
    cells = [
        icon(project, RunKind.APPLY),
        _names([project]),
        wording.count_signs(row.counts),
        prose(_apply_text(row), 160),
        duration,
    ]
    return _row(cells)


def _apply_text(row: RunProject) -> str:
    if row.state is State.QUEUED:
        return f"waits for {wording.WAIT_PHRASES[row.waits_for]}" if row.waits_for else "queued"
    if row.state is State.RUNNING:
        return "applying…"
    if row.state is State.DONE:
        return f"applied: {row.note}" if row.note else "applied"
    if row.state is State.SKIPPED:
        return row.note or "not begun"
    return f"{row.state.value}: {row.note}" if row.note else row.state.value


def _names(projects: Sequence[ProjectView]) -> Markup:
    names = Markup(", ").join(code(project.row.project.name, MAX_NAME_LENGTH) for project in projects[:MAX_NAMES])
    removed = Markup(" (removed)") if all(project.row.removed for project in projects) else Markup("")
    if len(projects) == 1:
        return names + removed
    unnamed = Markup(f" and {len(projects) - MAX_NAMES:,} more") if len(projects) > MAX_NAMES else Markup("")
    return Markup(f"**{len(projects):,} projects**: ") + names + unnamed + removed


def _row(cells: Sequence[str]) -> Markup:
    """Cells are Markup, or words and numbers of ours."""
    return Markup(f"| {' | '.join(cells)} |")
