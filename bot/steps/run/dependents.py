"""What follows in an apply from a row's end: rows that waited for it get their turn, or are skipped."""

from dataclasses import replace

from bot.bot import Bot
from bot.core.run import RunProject, State
from bot.store import runs

UPSTREAM = "what it depends on"


def release(bot: Bot, run: str) -> bool:
    """Give a turn to rows whose dependencies are all applied; skip those of which one did not go well: true if any."""
    skipped = False
    while _release_once(bot, run):
        skipped = True
    return skipped


def _release_once(bot: Bot, run: str) -> bool:
    """True when a row was skipped, since that may skip others."""
    with bot.store.read() as tx:
        if not runs.any_waits(tx, run, UPSTREAM):
            return False
    with bot.store.begin() as tx:
        rows = runs.projects(tx, run)
        states = {row.project.name: row.state for row in rows}
        waiting = [row for row in rows if row.state is State.QUEUED and row.waits_for == UPSTREAM]
        skipped = [row for row in waiting if _bad(row, states)]
        for row in skipped:
            note = f"not begun: {', '.join(_bad(row, states))} did not go well"
            runs.settle(tx, replace(row, state=State.SKIPPED, note=note), bot.clock())
        for row in waiting:
            if all(states.get(name, State.DONE) is State.DONE for name in row.project.depends_on):
                runs.wait(tx, run, row.project.place, runs.TURN)
    return bool(skipped)


def _bad(row: RunProject, states: dict[str, State]) -> list[str]:
    """Dependencies in this run that ended otherwise than applied."""
    return [
        name
        for name in row.project.depends_on
        if (state := states.get(name)) and state.ended and state is not State.DONE
    ]
