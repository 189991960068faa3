"""Ask for a comment and its statuses to be said again. Many requests make few edits: one job writes at a time."""

import sqlalchemy as sa

from bot.bot import Bot
from bot.core import promises
from bot.core.keys import PullKey
from bot.core.run import Run, RunKind
from bot.store import comment_slots, runs


def request_run_update(bot: Bot, run: str) -> None:
    """Ask for the comment that shows the run."""
    with bot.store.read() as tx:
        run_kind = runs.kind_and_pull(tx, run)
    if run_kind:
        kind, pull = run_kind
        request_update(bot, plan_slot(pull) if kind is RunKind.PLAN else apply_slot(run), pull)


def request_update(bot: Bot, slot: str, pull: PullKey) -> None:
    """Ask for the slot's comment; promises a job unless one holds the lease and will see the new version."""
    with bot.store.begin() as tx:
        version = comment_slots.request_version(tx, slot, pull)
        leased = comment_slots.is_leased(tx, slot, bot.clock())
    if not leased:
        promise_update(bot, slot, pull, version)


def promise_update(bot: Bot, slot: str, pull: PullKey, version: int) -> None:
    """Promise the job that writes this version of the slot's comment."""
    bot.engine.start(promises.update_comment(slot, version, pull))


def plan_slot(pull: PullKey) -> str:
    """The slot of the pull's one plan comment, which shows its newest plan run."""
    return f"plan:{pull}"


def apply_slot(run: str) -> str:
    """The slot of an apply run's own comment."""
    return f"apply:{run}"


def run_in_slot(tx: sa.Connection, slot: str) -> Run | None:
    """The run that the slot shows now."""
    kind, _, key = slot.partition(":")
    return runs.latest(tx, key, RunKind.PLAN) if kind == "plan" else runs.get(tx, key)
