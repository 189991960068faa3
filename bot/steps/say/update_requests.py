"""Ask for a comment and its statuses to be said again. Many requests make few edits: one job writes at a time.

What asks inside a transaction gets the jobs that are to be started once it is committed.
"""

import sqlalchemy as sa

from bot.bot import Bot
from bot.core import promises
from bot.core.job import Job
from bot.core.keys import CommentSlot, PullKey
from bot.core.run import Run, RunKind
from bot.store import comment_slots, runs


def request_update(bot: Bot, slot: CommentSlot, pull: PullKey) -> None:
    """Ask for the slot's comment."""
    with bot.store.begin() as tx:
        jobs = request_version(bot, tx, slot, pull)
    bot.start(jobs)


def request_version(bot: Bot, tx: sa.Connection, slot: CommentSlot, pull: PullKey) -> tuple[Job, ...]:
    """Ask for the slot's comment; a job to write it, unless one holds the lease and will see the new version."""
    version = comment_slots.request_version(tx, slot, pull)
    leased = comment_slots.is_leased(tx, slot, bot.clock())
    return () if leased else (promises.update_comment(slot, version, pull),)


def request_run_version(bot: Bot, tx: sa.Connection, run: Run) -> tuple[Job, ...]:
    """As `request_version`, for the comment that shows the run."""
    return request_version(bot, tx, run_slot(run), run.pull)


def run_slot(run: Run) -> CommentSlot:
    """The slot of the comment that shows the run."""
    return CommentSlot.plan(run.pull) if run.kind is RunKind.PLAN else CommentSlot.apply(run.id)


def run_in_slot(tx: sa.Connection, slot: CommentSlot) -> Run | None:
    """The run that the slot shows now."""
    if slot.pull is not None:
        return runs.latest(tx, slot.pull, RunKind.PLAN)
    return runs.get(tx, slot.run) if slot.run else None
