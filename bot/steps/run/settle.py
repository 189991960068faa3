"""How a row ends, and what follows from it: the next turns, whoever waited, the run's end, and something to be said.

All of it is written in one transaction; what is to be started comes out as jobs. A job that was killed before it
started them runs again, finds its row ended, and asks for the same: starting twice is starting once.
"""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

import sqlalchemy as sa

from bot.bot import Bot
from bot.core import lifecycle, promises
from bot.core.errors import Refused, Transient
from bot.core.job import Job
from bot.core.pull import Pull
from bot.core.run import Run, RunKind, RunProject, State, WaitReason
from bot.steps.say import update_requests
from bot.steps.say.answers import upsert_comment
from bot.store import intents, locks, pulls, runs

AGAIN_SECONDS = 5.0

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Claim:
    """A row that a job works on, and its place's slot until that is given back."""

    repository: str
    row: RunProject
    holds_slot: bool = True


def settle_row(bot: Bot, row: RunProject, claim: Claim | None = None) -> None:
    """End the row as given; when it was the last, end its run too. Gives back the slot of the claim."""
    with bot.store.begin() as tx:
        jobs = settle(bot, tx, row, claim)
    bot.start(jobs)


def settle(bot: Bot, tx: sa.Connection, row: RunProject, claim: Claim | None = None) -> tuple[Job, ...]:
    """As `settle_row`, within a transaction; the jobs to be started after it."""
    if not _has_ended(tx, row):
        _log_end(tx, row)
    runs.settle(tx, row, bot.clock())
    jobs = follow_up(bot, tx, row.run)
    return (*jobs, *_release_slot(tx, claim)) if claim else jobs


def _has_ended(tx: sa.Connection, row: RunProject) -> bool:
    stored = runs.project(tx, row.run, row.project.place)
    return stored is None or stored.state.ended


def _log_end(tx: sa.Connection, row: RunProject) -> None:
    """Tell whoever reads the log what became of which project of which pull request."""
    run = runs.get(tx, row.run)
    repository = pulls.repository(tx, run.pull.repository) if run else None
    if run is None or repository is None:
        return
    about = {
        "repository": repository.name,
        "pull": run.pull.number,
        "project": row.project.name,
        "run": run.id,
        "outcome": row.state.value,
    }
    where = f"{repository.name}#{run.pull.number}"
    logger.info("%s of %s in %s: %s", run.kind.value, row.project.name, where, row.state.value, extra=about)


def follow_up(bot: Bot, tx: sa.Connection, run: str) -> tuple[Job, ...]:
    """What follows once a row's end is stored: the run goes on, and its comment is said again. Twice is once."""
    run_jobs = advance(bot, tx, run)
    advanced = runs.get(tx, run)
    return (*run_jobs, *update_requests.request_run_version(bot, tx, advanced)) if advanced else ()


def advance(bot: Bot, tx: sa.Connection, id: str) -> tuple[Job, ...]:
    """Bring a run forward as far as its rows allow: free dependents, give turns, promise what its end asks for."""
    run = runs.lock(tx, id)
    if run is None:
        return ()
    _unblock_dependents(bot, tx, id)
    places = runs.next_turns(tx, id, bot.limits.turns.limit)
    return (*(_row_job(run.kind, id, place) for place in places), *end_jobs(tx, id))


def advance_run(bot: Bot, run: str) -> None:
    """As `advance`, in a transaction of its own."""
    with bot.store.begin() as tx:
        jobs = advance(bot, tx, run)
    bot.start(jobs)


def end_jobs(tx: sa.Connection, id: str) -> tuple[Job, ...]:
    """What is to be done once about a run that has ended; nothing while it has not."""
    run = runs.get(tx, id)
    return (promises.run_finished(id, run.pull),) if run and run.state.ended else ()


def stop_run(bot: Bot, tx: sa.Connection, id: str, reason: str) -> tuple[Job, ...]:
    """Ask a run to stop and skip what of it has not begun."""
    runs.request_stop(tx, id, reason)
    runs.skip_queued(tx, id, reason, bot.clock())
    return end_jobs(tx, id)


def start_row(bot: Bot, run: Run, place: str) -> None:
    """Start a row's job. Starting too often does no harm: the row is claimed by one."""
    bot.engine.start(_row_job(run.kind, run.id, place))


def restart_row(bot: Bot, run: Run, place: str) -> None:
    """A row whose job is gone goes back to the queue; an apply that had begun is found there by its intent."""
    with bot.store.begin() as tx:
        runs.wait(tx, run.id, place, None)
    start_row(bot, run, place)


@contextmanager
def claim(bot: Bot, job: Job, pull: Pull, row: RunProject) -> Iterator[Claim | None]:
    """Hold the row and its place's slot; None when another job works on the row, or it must wait for another run.

    Both are taken in one transaction, so that whoever gets nothing has nothing to give back. A later try of the same
    job finds what it holds. Whoever settles the row with the claim has given the slot back.
    """
    claimed = Claim(pull.repository.key, row)
    with bot.store.begin() as tx:
        is_claimed = runs.claim(tx, row.run, row.project.place, job.root, bot.clock())
        if is_claimed and not locks.acquire_slot(tx, claimed.repository, row.project.place, row.run):
            runs.wait(tx, row.run, row.project.place, WaitReason.SLOT)
            is_claimed = False
        run = runs.get(tx, row.run)
        jobs = update_requests.request_run_version(bot, tx, run) if is_claimed and run else ()
    if not is_claimed:
        yield None
        return
    bot.start(jobs)
    try:
        yield claimed
    except Transient:
        raise
    except BaseException:
        _give_back(bot, claimed)
        raise
    _give_back(bot, claimed)


def free_slot(bot: Bot, repository: str, place: str, run: str) -> None:
    """Give the slot back and start whoever waited for it."""
    with bot.store.begin() as tx:
        jobs = _free_slot(tx, repository, place, run)
    bot.start(jobs)


def fail_job(bot: Bot, job: Job, reason: str) -> None:
    """Tell on the pull request that a job could not go on: its row fails, or its run does."""
    run, place = job.args.get("run"), job.args.get("place")
    if run and place:
        _fail_row(bot, run, place, reason)
    elif run:
        _fail_run(bot, run, reason)
    elif job.has_pull and job.kind != "update_comment":
        _report_failure(bot, job, reason)


def react_to_comment(bot: Bot, run: Run, pull: Pull) -> None:
    """Put the result under the comment that asked, if one did."""
    if run.comment is None:
        return
    with suppress(Refused, Transient):  # a nicety; the run's comment tells the result
        succeeded = run.state in (State.DONE, State.SKIPPED)
        bot.host(pull.repository).react(pull.repository, run.comment, "rocket" if succeeded else "confused")


def _unblock_dependents(bot: Bot, tx: sa.Connection, run: str) -> None:
    """Give a turn to rows whose dependencies are all applied; skip those of which one did not go well."""
    if not runs.has_blocked_rows(tx, run):
        return
    for row in lifecycle.follow_dependencies(runs.projects(tx, run)):
        if row.state.ended:
            runs.settle(tx, row, bot.clock())
        else:
            runs.wait(tx, run, row.project.place, row.waits_for)


def _row_job(kind: RunKind, run: str, place: str) -> Job:
    return promises.project(kind, run, place, uuid.uuid4().hex[:8])


def _give_back(bot: Bot, claim: Claim) -> None:
    if claim.holds_slot:
        free_slot(bot, claim.repository, claim.row.project.place, claim.row.run)
        claim.holds_slot = False


def _release_slot(tx: sa.Connection, claim: Claim) -> tuple[Job, ...]:
    claim.holds_slot = False
    return _free_slot(tx, claim.repository, claim.row.project.place, claim.row.run)


def _free_slot(tx: sa.Connection, repository: str, place: str, run: str) -> tuple[Job, ...]:
    """Jobs for the rows that waited for the slot."""
    locks.release_slot(tx, repository, place, run)
    waiting = [row for row in runs.waiting_rows(tx, WaitReason.SLOT) if row.project.place == place and row.run != run]
    kinds = [(row, waiting_run.kind) for row in waiting if (waiting_run := runs.get(tx, row.run))]
    return tuple(_row_job(kind, row.run, place) for row, kind in kinds)


def _fail_row(bot: Bot, run: str, place: str, reason: str) -> None:
    with bot.store.begin() as tx:
        row = runs.project(tx, run, place)
        apply_begun = any((intent.run, intent.place) == (run, place) for intent in intents.list_open(tx))
        if apply_begun:  # the tool may be at work: the next job finds it, and tells how it ended
            runs.wait(tx, run, place, None)
        jobs = settle(bot, tx, replace(row, state=State.FAILED, note=reason)) if row and not apply_begun else ()
    if apply_begun:
        bot.engine.start_later(_row_job(RunKind.APPLY, run, place), AGAIN_SECONDS)
    bot.start(jobs)


def _fail_run(bot: Bot, id: str, reason: str) -> None:
    with bot.store.begin() as tx:
        failed_run = runs.get(tx, id)
        if failed_run is None:
            return
        if failed_run.state.ended:  # how it ended stays true; what came after it went wrong
            runs.annotate(tx, id, reason)
        else:
            runs.end(tx, id, State.FAILED, reason, bot.clock())
        jobs = update_requests.request_run_version(bot, tx, failed_run)
    bot.start(jobs)


def _report_failure(bot: Bot, job: Job, reason: str) -> None:
    """Of a job that has no run yet: say so where people are, as far as the forge lets us."""
    with suppress(Refused, Transient):
        upsert_comment(bot, bot.refresh_pull(job), f"broke:{job.root}", "broke", job=job.kind, why=reason)
