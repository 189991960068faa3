"""Put a comment together: what always stays (alert, counts, blockers, commands), then as many rows and sections as fit.

Called by this package's front page. The room is the host's limit in bytes, less what the host adds by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from markupsafe import Markup

from bot.core.gate_case import Demand, told_once
from bot.core.run import State
from bot.core.view import RunView
from bot.templates import headline, words
from bot.templates.dangers import dangers
from bot.templates.fit import fit
from bot.templates.groups import Group, grouped
from bot.templates.render import render
from bot.templates.sections import size
from bot.templates.table import apply_rows, columns, plan_rows
from bot.templates.tally import Tally, tallied, why_stopped

# For the marker by which a host knows its own comment, and for the lines that tell what is not shown.
RESERVED = 1024 + 512
# How many lines a list may have: the first of these with which everything that must stay fits.
LISTS = (15, 8, 4, 2, 1)

Frame = Callable[[int], Mapping[str, object]]


def plan_page(view: RunView) -> str:
    tally, groups = tallied(view), grouped(view)
    calm = _calm(view, tally)
    said = {
        **_said(view, tally),
        **_gate(() if calm else view.demands),
        "heading": headline.plan(view, tally),
        "calm": calm,
        "columns": columns(tally.counts),
        "uncounted": f"{tally.total - tally.states[State.DONE]:,} not counted" if tally.bad or tally.open else "",
        "removed": view.removed,
        "valid_until": _valid_until(view),
    }
    rows = [] if calm else plan_rows(view, tally.counts)
    return _fitted("plan.md.j2", view, rows, groups, lambda most: {**said, "dangers": dangers(groups, tally, most)})


def apply_page(view: RunView) -> str:
    tally = tallied(view)
    said = {
        **_said(view, tally),
        "heading": headline.apply(view, tally),
        "unknown": [one.row.project.name for one in view.projects if one.row.state is State.UNKNOWN],
    }
    return _fitted("apply.md.j2", view, apply_rows(view), grouped(view), lambda most: said)


def _fitted(template: str, view: RunView, rows: Sequence[Markup], groups: Sequence[Group], frame: Frame) -> str:
    """Lists as long as what must stay allows, then rows, then sections."""
    room = view.limit - RESERVED
    most, left = _roomiest(template, frame, room)
    shown = _rows(rows, left)
    left -= sum(size(row) + 1 for row in shown)
    sections = fit(groups, left)
    return render(
        template,
        **frame(most),
        most=most,
        rows=shown,
        hidden_rows=len(rows) - len(shown),
        details=Markup("\n\n".join(sections.sections)),
        folded_away=sections.left_out,
    )


def _roomiest(template: str, frame: Frame, room: int) -> tuple[int, int]:
    """How long lists may be, and the room that is left then; at least a quarter is kept for rows and sections."""
    most, left = 0, 0
    for most in LISTS:
        bare = render(template, **frame(most), most=most, rows=[], hidden_rows=1, details="", folded_away=1)
        left = room - size(bare)
        if left >= room // 4:
            break
    return most, left


def _rows(rows: Sequence[Markup], room: int) -> list[Markup]:
    """The first ones that fit."""
    shown: list[Markup] = []
    for row in rows:
        room -= size(row) + 1
        if room < 0:
            break
        shown.append(row)
    return shown


def _said(view: RunView, tally: Tally) -> dict[str, object]:
    """What both kinds of comment say."""
    return {
        "view": view,
        "tally": tally,
        "stopped": why_stopped(view),
        "took": words.lasted(view.run.created_at, view.run.ended_at),
    }


def _calm(view: RunView, tally: Tally) -> bool:
    """Nothing would change, and nothing went wrong in finding that out."""
    done = view.run.state is State.DONE and tally.states[State.DONE] == tally.total
    return done and tally.counts.silent


def _gate(demands: Sequence[Demand]) -> dict[str, object]:
    lines = told_once(demands)
    return {"unmet": [line for line in lines if not line.met], "met": [line for line in lines if line.met]}


def _valid_until(view: RunView) -> datetime | None:
    """When the first plan expires that is not applied yet."""
    ahead = [one for one in view.projects if one.applied_at is None and not one.row.counts.empty]
    return min((one.valid_until for one in ahead if one.valid_until and not one.stale_because), default=None)
