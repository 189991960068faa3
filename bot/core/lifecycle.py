"""How runs, rows, plans and pull requests go on and end. Pure: rows and states in, what follows out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bot.core.pull import Pull, PullState
from bot.core.run import Plan, PlanState, RowTurn, RunProject, State, WaitReason

OPEN_STATES = tuple(state for state in State if not state.ended)
"""Of runs and rows on which something may still happen."""
LIVE_STATES = (PlanState.CURRENT, PlanState.STALE)
"""Of plans that a pull request has, whether they may be applied or not."""
UNLOCKED = "unlocked"
"""In place of a closure: `/unlock` let go of what the pull request held, and no closure is to apply it."""
_WORST_FIRST = (State.UNKNOWN, State.FAILED, State.REFUSED, State.DONE, State.SKIPPED)


def run_state(rows: Iterable[State]) -> State | None:
    """How a run ended by how its rows did: as badly as the worst, skipped ones apart. None while one is open."""
    states = set(rows)
    if any(not state.ended for state in states):
        return None
    return next((state for state in _WORST_FIRST if state in states), State.DONE)


def next_places(rows: Sequence[RowTurn], limit: int) -> tuple[str, ...]:
    """Places whose turn has come, in order, so that no more than `limit` rows of the run are at work at once."""
    working = sum(row.state is State.RUNNING or (row.state is State.QUEUED and row.waits_for is None) for row in rows)
    waiting = [row.place for row in rows if _waits(row, WaitReason.TURN)]
    return tuple(waiting[: max(0, limit - working)])


def follow_dependencies(rows: Sequence[RunProject]) -> tuple[RunProject, ...]:
    """The rows that change because others of the run ended: given their turn, or skipped, as are those behind them."""
    states = {row.project.name: row.state for row in rows}
    changed: dict[str, RunProject] = {}
    blocked = [row for row in rows if _waits(row, WaitReason.DEPENDENCIES)]
    while blocked:
        skipped = [row for row in blocked if _failed_dependencies(row, states)]
        for row in skipped:
            names = ", ".join(_failed_dependencies(row, states))
            note = f"not begun: {names} did not go well"
            changed[row.project.place] = replace(row, state=State.SKIPPED, note=note, waits_for=None)
            states[row.project.name] = State.SKIPPED
        blocked = [row for row in blocked if row not in skipped]
        if not skipped:
            break
    for row in blocked:
        if all(states.get(name, State.DONE) is State.DONE for name in row.project.depends_on):
            changed[row.project.place] = replace(row, waits_for=WaitReason.TURN)
    return tuple(changed[row.project.place] for row in rows if row.project.place in changed)


def to_apply(plans: Iterable[Plan]) -> list[Plan]:
    """The plans that change something."""
    return [plan for plan in plans if not plan.content.counts.empty]


def to_approve_only(plans: Iterable[Plan]) -> list[Plan]:
    """The plans that change nothing now, and that change what later applies run."""
    return [plan for plan in plans if plan.content.counts.empty and plan.runs]


def left_behind(attempted: Iterable[Plan]) -> tuple[Plan, ...]:
    """What applies of a pull leave in no branch while it is not merged: a place's newest, unless all of it is gone.

    `attempted` are plans whose apply began, the oldest first.
    """
    newest = {plan.project.place: plan for plan in attempted}
    return tuple(plan for plan in newest.values() if not (plan.destroy and plan.state is PlanState.APPLIED))


def closure(pull: Pull) -> str:
    """What names the end of a pull request: the commit that landed, `merged` where none is known, or `closed`."""
    return pull.merge_commit or "merged" if pull.state is PullState.MERGED else "closed"


def _waits(row: RunProject | RowTurn, reason: WaitReason) -> bool:
    return row.state is State.QUEUED and row.waits_for is reason


def _failed_dependencies(row: RunProject, states: Mapping[str, State]) -> list[str]:
    """Dependencies in this run that ended otherwise than applied."""
    return [
        name
        for name in row.project.depends_on
        if (state := states.get(name)) and state.ended and state is not State.DONE
    ]
