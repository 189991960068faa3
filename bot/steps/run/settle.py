"""How a row ends, and what follows from it: the next turns, whoever waited, the run's end, and something to be said."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from bot.bot import Bot
from bot.core import promises
from bot.core.errors import Refused, Transient
from bot.core.job import Job
from bot.core.pull import Pull
from bot.core.run import Run, RunKind, RunProject, State, WaitReason
from bot.steps.run import dependents
from bot.steps.say import update_requests
from bot.steps.say.answers import upsert_comment
from bot.store import intents, locks, pulls, runs

AGAIN_SECONDS = 5.0

logger = logging.getLogger(__name__)


def settle_row(bot: Bot, row: RunProject) -> None:
    """End the row as given; when it was the last, end its run too."""
    with bot.store.begin() as tx:
        ended_run = runs.settle(tx, row, bot.clock())
    follow_up(bot, row, ended_run)


def follow_up(bot: Bot, row: RunProject, ended_run: Run | None) -> None:
    """What follows once a row's end is stored; `ended` is its run if that ended with it. Twice is once."""
    if ended_run or dependents.unblock_dependents(bot, row.run):
        promise_run_finished(bot, row.run)
    if not ended_run:
        start_next_rows(bot, row.run)
    update_requests.request_run_update(bot, row.run)


def advance_run(bot: Bot, run: str) -> None:
    """Bring a run forward as far as its rows allow: free dependents, give turns, promise what its end asks for."""
    dependents.unblock_dependents(bot, run)
    start_next_rows(bot, run)
    promise_run_finished(bot, run)


def promise_run_finished(bot: Bot, id: str) -> None:
    """When the run has ended, promise what is to be done once about that."""
    with bot.store.read() as tx:
        run = runs.get(tx, id)
    if run and run.state.ended:
        bot.engine.start(promises.run_finished(id, run.pull))


def start_next_rows(bot: Bot, run: str) -> None:
    """Start as many of the run's rows as may be at work at once."""
    with bot.store.begin() as tx:
        places = runs.next_turns(tx, run, bot.limits.turns.limit)
    for place in places:
        start_row(bot, run, place)


def start_row(bot: Bot, run: str, place: str) -> None:
    """Start a row's job. Starting too often does no harm: the row is claimed by one."""
    with bot.store.read() as tx:
        parent_run = runs.get(tx, run)
    if parent_run:
        bot.engine.start(promises.project(parent_run.kind, run, place, uuid.uuid4().hex[:8]))


def restart_row(bot: Bot, run: str, place: str) -> None:
    """A row whose job is gone goes back to the queue; an apply that had begun is found there by its intent."""
    with bot.store.begin() as tx:
        runs.wait(tx, run, place, None)
    start_row(bot, run, place)


@contextmanager
def claim(bot: Bot, job: Job, pull: Pull, row: RunProject) -> Iterator[bool]:
    """Hold the row and its place's slot; false when another job works on the row, or it must wait for another run.

    Both are taken in one transaction, so that whoever gets nothing has nothing to give back. A later try of the same
    job finds what it holds.
    """
    repository, place = pull.repository.key, row.project.place
    with bot.store.begin() as tx:
        claimed = runs.claim(tx, row.run, place, job.root, bot.clock())
        if claimed and not locks.acquire_slot(tx, repository, place, row.run):
            runs.wait(tx, row.run, place, WaitReason.SLOT)
            claimed = False
    if not claimed:
        yield False
        return
    update_requests.request_run_update(bot, row.run)
    try:
        yield True
    except Transient:
        raise
    except BaseException:
        free_slot(bot, repository, place, row.run)
        raise
    free_slot(bot, repository, place, row.run)


def free_slot(bot: Bot, repository: str, place: str, run: str) -> None:
    """Give the slot back and start whoever waited for it."""
    with bot.store.begin() as tx:
        locks.release_slot(tx, repository, place, run)
        waiting = runs.waiting_rows(tx, WaitReason.SLOT)
    for row in waiting:
        if row.project.place == place and row.run != run:
            start_row(bot, row.run, place)


def fail_job(bot: Bot, job: Job, reason: str) -> None:
    """Tell on the pull request that a job could not go on: its row fails, or its run does."""
    run, place = job.args.get("run"), job.args.get("place")
    if run and place:
        with bot.store.read() as tx:
            row = runs.project(tx, run, place)
            apply_begun = any((intent.run, intent.place) == (run, place) for intent in intents.list_open(tx))
        if apply_begun:  # the tool may be at work: the next job finds it, and tells how it ended
            with bot.store.begin() as tx:
                runs.wait(tx, run, place, None)
            again = promises.project(RunKind.APPLY, run, place, uuid.uuid4().hex[:8])
            bot.engine.start_later(again, AGAIN_SECONDS)
        elif row:
            settle_row(bot, replace(row, state=State.FAILED, note=reason))
        return
    if run:
        with bot.store.begin() as tx:
            failed_run = runs.get(tx, run)
            if failed_run and failed_run.state.ended:  # how it ended stays true; what came after it went wrong
                runs.annotate(tx, run, reason)
            else:
                runs.end(tx, run, State.FAILED, reason, bot.clock())
        update_requests.request_run_update(bot, run)
    elif job.has_pull and job.kind != "update_comment":
        _report_failure(bot, job, reason)


def _report_failure(bot: Bot, job: Job, reason: str) -> None:
    """Of a job that has no run yet: say so where people are, as far as the forge lets us."""
    with suppress(Refused, Transient):
        upsert_comment(bot, bot.pull(job), f"broke:{job.root}", "broke", job=job.kind, why=reason)


def react_to_comment(bot: Bot, run: Run) -> None:
    """Put the result under the comment that asked, if one did."""
    comment = run.trigger.comment_id
    if comment is None:
        return
    with bot.store.read() as tx:
        pull = pulls.get(tx, run.pull)
    if pull:
        with suppress(Refused, Transient):  # a nicety; the run's comment tells the result
            succeeded = run.state in (State.DONE, State.SKIPPED)
            bot.host(pull.repository).react(pull.repository, int(comment), "rocket" if succeeded else "confused")
