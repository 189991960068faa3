"""A pull request was merged or closed: stop its plans, apply what its merge promises, free what it held."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.bot import Bot
from bot.core import promises
from bot.core.job import Job
from bot.core.keys import CommentSlot, PullKey
from bot.core.lifecycle import closure, left_behind
from bot.core.project import ApplyMode
from bot.core.pull import Pull, PullState
from bot.core.run import Lock, Plan, RunKind
from bot.core.same_state import with_same_state
from bot.core.trigger import Trigger, TriggerKind
from bot.steps.pull.records import PullRecords, read_records
from bot.steps.run import release, settle
from bot.steps.run.work import remove_directory
from bot.steps.say import update_requests
from bot.steps.say.answers import upsert_comment
from bot.store import locks, plans, pulls

CLOSED = "the pull request was closed"


def run(bot: Bot, job: Job) -> None:
    """Follow up a pull request's end, once; again when it was planned or applied after its merge."""
    pull = bot.fetch_pull(job)
    with bot.store.begin() as tx:
        pulls.refresh(tx, pull)
        facts = _read_facts(tx, pull)
        stopped = _stop_plans(bot, tx, facts.records) if facts.has_new_work else ()
    bot.start(stopped)
    if pull.state is PullState.OPEN:
        return
    if not facts.has_new_work:
        if not facts.records.open_runs:
            remove_directory(bot.folders.prepared(pull.key))
        return
    if facts.records.applying:  # its end asks again
        return
    if pull.state is PullState.MERGED and facts.records.unapplied:
        _apply_landed(bot, job, pull, facts)
        return
    if pull.state is PullState.MERGED:
        release.release_pull(bot, pull, closure(pull))
    else:
        _close_unmerged(bot, pull, facts)
    remove_directory(bot.folders.prepared(pull.key))


@dataclass(frozen=True, slots=True)
class ClosureFacts:
    """One moment. `left` are plans whose apply leaves something, `rivals` others with something to apply there."""

    records: PullRecords
    has_new_work: bool
    left: tuple[Plan, ...] = ()
    rivals: tuple[PullKey, ...] = ()


def _read_facts(tx: sa.Connection, pull: Pull) -> ClosureFacts:
    records = read_records(tx, pull)
    if not _has_new_work(pull, records):
        return ClosureFacts(records, has_new_work=False)
    left = left_behind((*records.applied, *plans.attempted(tx, pull.key)))
    rivals = release.list_rivals(tx, pull, records.unapplied)
    return ClosureFacts(records, has_new_work=True, left=left, rivals=rivals)


def _stop_plans(bot: Bot, tx: sa.Connection, records: PullRecords) -> tuple[Job, ...]:
    plan_runs = [run.id for run in records.open_runs if run.kind is RunKind.PLAN]
    return tuple(job for run in plan_runs for job in settle.stop_run(bot, tx, run, CLOSED))


def _has_new_work(pull: Pull, records: PullRecords) -> bool:
    """Its end was not dealt with; or it was planned or applied after its merge was."""
    if pull.state is PullState.OPEN:
        return False
    holds = pull.state is PullState.MERGED and bool(records.unapplied or records.locks)
    return records.handled_closure != closure(pull) or holds


def _close_unmerged(bot: Bot, pull: Pull, facts: ClosureFacts) -> None:
    """Closed without a merge: what was applied of it, in whole or in part, is in no branch: said, and the lock kept."""
    names = sorted({plan.project.name for plan in facts.left})
    if not (names and facts.records.locks):
        release.release_pull(bot, pull, closure(pull))
        return
    upsert_comment(bot, pull, "closed", "closed_applied", projects=names)
    with bot.store.begin() as tx:
        pulls.set_handled_closure(tx, pull.key, closure(pull))


def _apply_landed(bot: Bot, job: Job, pull: Pull, facts: ClosureFacts) -> None:
    """Merged with something left to apply: take the lock, in the order of the base branch, and begin what may.

    Asked again whenever a lock is freed, when an apply has ended, and by the sweep, until nothing is left.
    """
    unapplied = facts.records.unapplied
    if release.has_earlier_merge(bot, pull, facts.rivals):
        return
    now = bot.clock()
    asker = pull.merged_by or job.asked_by
    groups = facts.records.plan_run.findings.same_state if facts.records.plan_run else ()
    places = with_same_state(groups, (plan.project.place for plan in unapplied))
    requested = [Lock(pull.repository.key, place, pull.key, asker, now) for place in sorted(places)]
    with bot.store.begin() as tx:
        pulls.hold(tx, pull.key)
        if locks.take(tx, requested):
            return
        jobs = list(update_requests.request_version(bot, tx, CommentSlot.plan(pull.key), pull.key))
    by_merge = [plan for plan in unapplied if plan.rules.apply is ApplyMode.MERGE]
    if by_merge:
        cause = f"land:{pull.key}:{pull.merge_commit}"
        jobs.append(promises.apply(cause, pull.key, asker, Trigger(TriggerKind.MERGE)))
    if len(by_merge) < len(unapplied):
        names = ", ".join(plan.project.name for plan in unapplied if plan not in by_merge)
        upsert_comment(bot, pull, "landed", "landed_waiting", why=names, command="/apply")
    bot.start(jobs)
