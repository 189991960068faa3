"""How a row ends, and what follows from it: the next turns, whoever waited, the run's end, and something to be said."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from bot.bot import Bot
from bot.core.errors import Refused, Transient
from bot.core.job import Job
from bot.core.pull import Pull
from bot.core.run import Run, RunKind, RunProject, State
from bot.steps.run import dependents
from bot.steps.say import update_requests
from bot.steps.say.answers import tell
from bot.store import intents, locks, pulls, runs

JOB_OF = {RunKind.PLAN: "plan_project", RunKind.APPLY: "apply_project"}
SLOT = "another run of this project"
AGAIN_SECONDS = 5.0

logger = logging.getLogger(__name__)


def settle(bot: Bot, row: RunProject) -> None:
    """End the row as given; when it was the last, end its run too."""
    with bot.store.begin() as tx:
        ended = runs.settle(tx, row, bot.clock())
    after(bot, row, ended)


def after(bot: Bot, row: RunProject, ended: Run | None) -> None:
    """What follows once a row's end is stored; `ended` is its run if that ended with it. Twice is once."""
    if ended or dependents.release(bot, row.run):
        told_if_ended(bot, row.run)
    if not ended:
        start_turns(bot, row.run)
    update_requests.ask_for(bot, row.run)


def go_on(bot: Bot, run: str) -> None:
    """Bring a run forward as far as its rows allow: free dependents, give turns, promise what its end asks for."""
    dependents.release(bot, run)
    start_turns(bot, run)
    told_if_ended(bot, run)


def told_if_ended(bot: Bot, id: str) -> None:
    """When the run has ended, promise what is to be done once about that."""
    with bot.store.read() as tx:
        run = runs.get(tx, id)
    if run and run.state.ended:
        bot.engine.start(Job(f"run_finished:{id}", "run_finished", {"run": id, **pull_args_of(run)}))


def start_turns(bot: Bot, run: str) -> None:
    """Start as many of the run's rows as may be at work at once."""
    with bot.store.begin() as tx:
        places = runs.next_turns(tx, run, bot.limits.turns.most)
    for place in places:
        start(bot, run, place)


def start(bot: Bot, run: str, place: str) -> None:
    """Start a row's job. Starting too often does no harm: the row is claimed by one."""
    with bot.store.read() as tx:
        of = runs.get(tx, run)
    if of:
        bot.engine.start(Job(f"{run}:{place}:{uuid.uuid4().hex[:8]}", JOB_OF[of.kind], {"run": run, "place": place}))


def start_again(bot: Bot, run: str, place: str) -> None:
    """A row whose job is gone goes back to the queue; an apply that had begun is found there by its intent."""
    with bot.store.begin() as tx:
        runs.wait(tx, run, place, "")
    start(bot, run, place)


@contextmanager
def claim(bot: Bot, job: Job, pull: Pull, row: RunProject) -> Iterator[bool]:
    """Hold the row and its place's slot; false when another job works on the row, or it must wait for another run.

    Both are taken in one transaction, so that whoever gets nothing has nothing to give back. A later try of the same
    job finds what it holds.
    """
    repository, place = pull.repository.key, row.project.place
    with bot.store.begin() as tx:
        mine = runs.claim(tx, row.run, place, job.root, bot.clock())
        if mine and not locks.enter(tx, repository, place, row.run):
            runs.wait(tx, row.run, place, SLOT)
            mine = False
    if not mine:
        yield False
        return
    update_requests.ask_for(bot, row.run)
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
        locks.leave(tx, repository, place, run)
        waiting = runs.waiting(tx, SLOT)
    for row in waiting:
        if row.project.place == place and row.run != run:
            start(bot, row.run, place)


def broke(bot: Bot, job: Job, why: str) -> None:
    """Tell on the pull request that a job could not go on: its row fails, or its run does."""
    run, place = job.args.get("run"), job.args.get("place")
    if run and place:
        with bot.store.read() as tx:
            row = runs.project(tx, run, place)
            begun = any((intent.run, intent.place) == (run, place) for intent in intents.open_ones(tx))
        if begun:  # the tool may be at work: the next job finds it, and tells how it ended
            with bot.store.begin() as tx:
                runs.wait(tx, run, place, "")
            bot.engine.later(Job(f"{run}:{place}:{uuid.uuid4().hex[:8]}", job.kind, dict(job.args)), AGAIN_SECONDS)
        elif row:
            settle(bot, replace(row, state=State.FAILED, note=why))
        return
    if run:
        with bot.store.begin() as tx:
            its = runs.get(tx, run)
            if its and its.state.ended:  # how it ended stays true; what came after it went wrong
                runs.annotate(tx, run, why)
            else:
                runs.end(tx, run, State.FAILED, why, bot.clock())
        update_requests.ask_for(bot, run)
    elif "number" in job.args and job.kind != "update_comment":
        _tell(bot, job, why)


def _tell(bot: Bot, job: Job, why: str) -> None:
    """Of a job that has no run yet: say so where people are, as far as the forge lets us."""
    with suppress(Refused, Transient):
        tell(bot, bot.pull(job), f"broke:{job.root}", "broke", job=job.kind, why=why)


def react(bot: Bot, run: Run) -> None:
    """Put the result under the comment that asked, if one did."""
    kind, _, comment = run.why.partition(":")
    if kind != "comment":
        return
    with bot.store.read() as tx:
        pull = pulls.get(tx, run.pull)
    if pull:
        with suppress(Refused, Transient):  # a nicety; the run's comment tells the result
            good = run.state in (State.DONE, State.SKIPPED)
            bot.host(pull.repository).react(pull.repository, int(comment), "rocket" if good else "confused")


def pull_args_of(run: Run) -> dict[str, str]:
    """Job arguments that name the run's pull request."""
    repository, _, number = run.pull.rpartition("#")
    return {"repository": repository, "number": number}
