"""What follows in an apply from a row's end: rows that waited for it get their turn, or are skipped."""

from bot.bot import Bot
from bot.core import lifecycle
from bot.core.run import WaitReason
from bot.store import runs


def unblock_dependents(bot: Bot, run: str) -> bool:
    """Give a turn to rows whose dependencies are all applied; skip those of which one did not go well: true if any."""
    with bot.store.read() as tx:
        if not runs.any_waiting(tx, run, WaitReason.DEPENDENCIES):
            return False
    with bot.store.begin() as tx:
        changed = lifecycle.follow_dependencies(runs.projects(tx, run))
        for row in changed:
            if row.state.ended:
                runs.settle(tx, row, bot.clock())
            else:
                runs.wait(tx, run, row.project.place, row.waits_for)
    return any(row.state.ended for row in changed)
