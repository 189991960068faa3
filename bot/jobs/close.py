"""A pull request was merged or closed: stop its plans, apply what its merge promises, free what it held."""

from bot.bot import Bot
from bot.core import promises
from bot.core.job import Job
from bot.core.lifecycle import closure, to_apply
from bot.core.project import ApplyMode
from bot.core.pull import Pull, PullState
from bot.core.run import Lock, Plan, RunKind
from bot.core.trigger import Trigger, TriggerKind
from bot.steps.run import release, settle
from bot.steps.run.release import has_earlier_merge
from bot.steps.run.work import remove_directory
from bot.steps.say import update_requests
from bot.steps.say.answers import upsert_comment
from bot.store import intents, locks, plans, pulls, runs

CLOSED = "the pull request was closed"


def run(bot: Bot, job: Job) -> None:
    """Follow up a pull request's end, once; again when it was planned or applied after its merge."""
    pull = bot.pull(job)
    with bot.store.read() as tx:
        handled_closure = pulls.handled_closure(tx, pull.key)
        applying = runs.list_unfinished(tx, pull.key, RunKind.APPLY)
        unapplied = to_apply(plans.live(tx, pull.key))
        pull_locks = locks.of_pull(tx, pull.key)
        idle = not runs.list_unfinished(tx, pull.key)
    # planned and applied after its merge was dealt with
    new_work = pull.state is PullState.MERGED and (unapplied or pull_locks)
    if pull.state is PullState.OPEN:
        return
    if handled_closure == closure(pull) and not new_work:
        if idle:
            remove_directory(bot.folders.prepared(pull.key))
        return
    _stop_plans(bot, pull)
    if applying:  # its end asks again
        return
    if pull.state is PullState.CLOSED:
        _close_unmerged(bot, pull)
    elif not unapplied:
        release.release_pull(bot, pull)
    else:
        _apply_landed(bot, job, pull, unapplied)
        return
    remove_directory(bot.folders.prepared(pull.key))
    with bot.store.begin() as tx:
        pulls.set_handled_closure(tx, pull.key, closure(pull))


def _stop_plans(bot: Bot, pull: Pull) -> None:
    with bot.store.begin() as tx:
        open_runs = runs.list_unfinished(tx, pull.key, RunKind.PLAN)
        for open_run in open_runs:
            runs.request_stop(tx, open_run.id, CLOSED)
            runs.skip_queued(tx, open_run.id, CLOSED, bot.clock())
    for open_run in open_runs:
        settle.promise_run_finished(bot, open_run.id)


def _close_unmerged(bot: Bot, pull: Pull) -> None:
    """Closed without a merge: what was applied of it, in whole or in part, is in no branch: said, and the lock kept."""
    with bot.store.read() as tx:
        attempted = [plan for id in intents.plans_of(tx, pull.key) if (plan := plans.get(tx, id))]
        names = sorted({plan.project.name for plan in (*plans.applied_plans(tx, pull.key), *attempted)})
        pull_locks = locks.of_pull(tx, pull.key)
    if names and pull_locks:
        upsert_comment(bot, pull, "closed", "closed_applied", projects=names)
        return
    release.release_pull(bot, pull)


def _apply_landed(bot: Bot, job: Job, pull: Pull, unapplied: list[Plan]) -> None:
    """Merged with something left to apply: take the lock, in the order of the base branch, and begin what may.

    Asked again whenever a lock is freed, when an apply has ended, and by the sweep, until nothing is left.
    """
    if has_earlier_merge(bot, pull, unapplied):
        return
    now = bot.clock()
    asker = pull.merged_by or job.asked_by
    requested = [Lock(pull.repository.key, plan.project.place, pull.key, asker, now) for plan in unapplied]
    with bot.store.begin() as tx:
        if locks.take(tx, requested):
            return
    by_merge = [plan for plan in unapplied if plan.rules.apply is ApplyMode.MERGE]
    if by_merge:
        cause = f"land:{pull.key}:{pull.merge_commit}"
        bot.engine.start(promises.apply(cause, pull.key, asker, Trigger(TriggerKind.MERGE)))
    if len(by_merge) < len(unapplied):
        names = ", ".join(plan.project.name for plan in unapplied if plan not in by_merge)
        upsert_comment(bot, pull, "landed", "landed_waiting", why=names, command="/apply")
    update_requests.request_update(bot, update_requests.plan_slot(pull.key), pull.key)
