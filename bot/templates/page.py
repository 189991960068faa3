"""Put a comment together: what always stays (alert, counts, blockers, commands), then as many rows and sections as fit.

Called by this package's front page. The room is the host's limit in bytes, less what the host adds by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from markupsafe import Markup

from bot.core.gate_case import Demand, group_demands
from bot.core.run import State
from bot.core.uncovered import lines_to_add
from bot.core.view import RunView
from bot.templates import headline, wording
from bot.templates.dangers import dangers
from bot.templates.escape import code_block, fence_line
from bot.templates.fit import fit_sections
from bot.templates.groups import ProjectGroup, group_projects, shared_notes
from bot.templates.render import render
from bot.templates.sections import byte_size
from bot.templates.table import apply_rows, columns, plan_rows
from bot.templates.tally import Tally, stop_reason, tally_run

# For the marker by which a host knows its own comment, and for the lines that tell what is not shown.
RESERVED_BYTES = 1024 + 512
# How many lines a list may have: the first of these with which everything that must stay fits.
LIST_LENGTHS = (15, 8, 4, 2, 1)
MOST_PROJECT_LINES, MOST_LINE_CHARACTERS = 8, 200

Frame = Callable[[int], Mapping[str, object]]


def plan_page(view: RunView) -> str:
    """Render a run's plan comment, within `view.limit` bytes."""
    tally, groups = tally_run(view), group_projects(view)
    unchanged = _changes_nothing(view, tally)
    fields = {
        **_shared_fields(view, tally),
        **_gate_fields(() if unchanged else view.demands),
        "heading": headline.plan_heading(view, tally),
        "unchanged": unchanged,
        "columns": columns(tally.counts),
        "uncounted": f"{tally.total - tally.states[State.DONE]:,} not counted"
        if tally.unsuccessful or tally.unfinished
        else "",
        "removed": view.removed,
        "project_lines": _project_lines(view),
        "valid_until": _valid_until(view),
        "shared_notes": shared_notes(groups),
    }
    rows = [] if unchanged else plan_rows(view, tally.counts)
    return _render_fitted(
        "plan.md.j2", view, rows, groups, lambda list_length: {**fields, "dangers": dangers(groups, tally, list_length)}
    )


def apply_page(view: RunView) -> str:
    """Render an apply's comment, within `view.limit` bytes."""
    tally = tally_run(view)
    fields = {
        **_shared_fields(view, tally),
        "heading": headline.apply_heading(view, tally),
        "unknown": [project.row.project.name for project in view.projects if project.row.state is State.UNKNOWN],
    }
    return _render_fitted("apply.md.j2", view, apply_rows(view), group_projects(view), lambda list_length: fields)


def _render_fitted(
    template: str, view: RunView, rows: Sequence[Markup], groups: Sequence[ProjectGroup], frame: Frame
) -> str:
    """Lists as long as what must stay allows, then rows, then sections."""
    room = view.limit - RESERVED_BYTES
    list_length, remaining = _longest_lists(template, frame, room)
    visible_rows = _fitting_rows(rows, remaining)
    remaining -= sum(byte_size(row) + 1 for row in visible_rows)
    sections = fit_sections(groups, remaining)
    return render(
        template,
        **frame(list_length),
        list_length=list_length,
        rows=visible_rows,
        hidden_rows=len(rows) - len(visible_rows),
        details=Markup("\n\n".join(sections.sections)),
        folded_away=sections.omitted_projects,
    )


def _longest_lists(template: str, frame: Frame, room: int) -> tuple[int, int]:
    """How long lists may be, and the room that is left then; at least a quarter is kept for rows and sections."""
    list_length, remaining = 0, 0
    for list_length in LIST_LENGTHS:
        bare = render(
            template, **frame(list_length), list_length=list_length, rows=[], hidden_rows=1, details="", folded_away=1
        )
        remaining = room - byte_size(bare)
        if remaining >= room // 4:
            break
    return list_length, remaining


def _fitting_rows(rows: Sequence[Markup], room: int) -> list[Markup]:
    """The first ones that fit."""
    visible_rows: list[Markup] = []
    for row in rows:
        room -= byte_size(row) + 1
        if room < 0:
            break
        visible_rows.append(row)
    return visible_rows


def _shared_fields(view: RunView, tally: Tally) -> dict[str, object]:
    """What both kinds of comment say."""
    return {
        "view": view,
        "tally": tally,
        "stop_reason": stop_reason(view),
        "duration": wording.format_duration(view.run.created_at, view.run.ended_at),
    }


def _changes_nothing(view: RunView, tally: Tally) -> bool:
    """Nothing would change, nothing is to be approved, and nothing went wrong in finding that out."""
    all_planned = view.run.state is State.DONE and tally.states[State.DONE] == tally.total
    return all_planned and tally.counts.silent and not view.demands


def _gate_fields(demands: Sequence[Demand]) -> dict[str, object]:
    lines = group_demands(demands)
    return {"unmet": [line for line in lines if not line.met], "met": [line for line in lines if line.met]}


def _project_lines(view: RunView) -> Markup:
    lines = lines_to_add(view.run.findings.uncovered)
    shown = [fence_line(line, MOST_LINE_CHARACTERS) for line in lines[:MOST_PROJECT_LINES]]
    return code_block([*shown, *(["  # …"] if len(lines) > len(shown) else [])], "yaml")


def _valid_until(view: RunView) -> datetime | None:
    """When the first plan expires that is not applied yet."""
    unapplied = [project for project in view.projects if project.applied_at is None and not project.row.counts.empty]
    return min(
        (project.valid_until for project in unapplied if project.valid_until and not project.stale_because),
        default=None,
    )
