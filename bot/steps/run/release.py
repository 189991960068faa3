"""Let go of what a pull request holds: its locks, its plans and their artifacts; and start who waited for that."""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa

from bot.bot import Bot
from bot.core import promises
from bot.core.job import Job
from bot.core.keys import CommentSlot, PullKey
from bot.core.lifecycle import to_apply
from bot.core.pull import Pull, PullState
from bot.core.run import Lock, Plan
from bot.steps.run.work import delete_artifacts
from bot.steps.say import update_requests
from bot.store import locks, plans, pulls


def release_pull(bot: Bot, pull: Pull, closure: str) -> tuple[tuple[Lock, ...], int]:
    """Free the pull's locks and drop its plans; the locks that were freed and how many plans were dropped.

    `closure` is how the pull's end was dealt with by that.
    """
    with bot.store.begin() as tx:
        pulls.hold(tx, pull.key)
        dropped = plans.drop(tx, pull.key)
        freed = locks.free(tx, pull.key)
        pulls.set_handled_closure(tx, pull.key, closure)  # those who wait are woken after it
        jobs = _wake_waiters(bot, tx, pull.repository.key) if freed else []
    delete_artifacts(bot, dropped)
    bot.start(jobs)
    return freed, len(dropped)


def _wake_waiters(bot: Bot, tx: sa.Connection, repository: str) -> list[Job]:
    """Merged pull requests that could not take their lock try again; comments that name the lock are said again."""
    jobs = []
    for pull in pulls.unhandled_merges(tx, repository):
        cause = f"close:{pull.key}:{uuid.uuid4().hex[:8]}"
        jobs.append(promises.close(cause, pull.key, pull.merged_by or bot.name))
    planned = [pull.key for pull in pulls.list_pulls(tx, repository, PullState.OPEN) if plans.live(tx, pull.key)]
    for key in sorted(planned):
        jobs += update_requests.request_version(bot, tx, CommentSlot.plan(key), key)
    return jobs


def list_rivals(tx: sa.Connection, pull: Pull, unapplied: Sequence[Plan]) -> tuple[PullKey, ...]:
    """Other pull requests with something to apply on a project of these plans."""
    rivals = {
        plan.pull
        for own_plan in unapplied
        for plan in to_apply(plans.live_elsewhere(tx, pull.repository.key, own_plan.project.place, pull.key))
    }
    return tuple(sorted(rivals))


def has_earlier_merge(bot: Bot, pull: Pull, rivals: Sequence[PullKey]) -> bool:
    """One of these landed before this pull request."""
    host, mirror = bot.host(pull.repository), bot.mirror(pull.repository)
    for key in rivals:
        rival = host.pull(pull.repository, key.number)
        if rival.state is not PullState.MERGED or not rival.merge_commit or not pull.merge_commit:
            continue
        mirror.fetch(f"refs/heads/{pull.base.name}")
        if mirror.is_ancestor(rival.merge_commit, pull.merge_commit):
            return True
    return False
