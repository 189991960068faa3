"""Plan a pull request: find its projects, write the run and its rows, start the first of them.

Promised by pushes, `/plan`, a base that moved and the sweep. Starts no tool itself.
"""

from dataclasses import replace

import sqlalchemy as sa

from bot import templates
from bot.bot import Bot, short
from bot.core.errors import Refused, ToolFailed
from bot.core.job import Job
from bot.core.pull import Pull, PullState
from bot.core.run import PlanState, Run, RunKind, RunProject, Selection, State
from bot.steps.pull.rows import rows
from bot.steps.pull.source import no_target, projects, source
from bot.steps.run import settle
from bot.steps.say import update_requests
from bot.steps.say.answers import answer, react
from bot.store import plans, pulls, runs
from bot.store.columns import load

ABOUT_A_HEAD = frozenset({"opened", "pushed", "ready", "sweep"})
SUPERSEDED = "superseded by a newer plan"


def run(bot: Bot, job: Job) -> None:
    pull = bot.pull(job)
    if job.args["why"] == "pushed":
        with bot.store.begin() as tx:
            pulls.pushed_by(tx, pull.key, job.args["asked_by"])
    id = _id(bot, job, pull)
    with bot.store.read() as tx:
        known = runs.get(tx, id)
    if known is None and not (_wanted(bot, job, pull) and _write(bot, job, pull, id)):
        return
    _supersede(bot, pull)
    settle.start_turns(bot, id)
    settle.told_if_ended(bot, id)
    update_requests.ask_for(bot, id)


def _id(bot: Bot, job: Job, pull: Pull) -> str:
    """A push found by its webhook and by the sweep is one run; going back to an earlier head is a new one."""
    own = short("plan", job.root)
    if job.args["why"] not in ABOUT_A_HEAD:
        return own
    of_head = short("plan", pull.key, pull.head.sha, pull.base.name)
    with bot.store.read() as tx:
        newest = runs.latest(tx, pull.key, RunKind.PLAN)
        known = runs.get(tx, of_head)
    return of_head if known is None or (newest and newest.id == of_head) else own


def _wanted(bot: Bot, job: Job, pull: Pull) -> bool:
    """Drafts and forks are planned when someone asks; a fork only for exactly the commit that was named in full."""
    sha = job.args.get("sha", "")
    if pull.state is PullState.CLOSED:
        return _asked(job) and _not(bot, job, pull, "the pull request is closed; reopen it first")
    if sha and not pull.fork and not _names_head(sha, pull):
        return _not(bot, job, pull, f"the head is {pull.head.sha[:7]}, not {sha[:7]}")
    if pull.fork and sha != pull.head.sha:
        if sha and _names_head(sha, pull):
            return _not(bot, job, pull, "name the whole commit: another one may be made that begins in the same way")
        text = templates.answer("fork", sha=pull.head.sha)
        bot.host(pull.repository).say(pull.repository, pull.number, "fork", text)
        return False
    return _asked(job) or (not pull.draft and pull.state is PullState.OPEN)


def _not(bot: Bot, job: Job, pull: Pull, why: str) -> bool:
    """Tell the asker why nothing is planned."""
    answer(bot, job, pull, "refused", command="/plan", why=why)
    react(bot, job, pull, "confused")
    return False


def _asked(job: Job) -> bool:
    return job.args["why"].startswith("comment") or job.args["why"] == "shell"


def _names_head(sha: str, pull: Pull) -> bool:
    return len(sha) >= 7 and pull.head.sha.startswith(sha)


def _write(bot: Bot, job: Job, pull: Pull, id: str) -> bool:
    """Write the run: with its rows, or ended at once with the reason. False when the pull is none of our business."""
    run = _new(bot, job, pull, id)
    notices: tuple[str, ...] = ()
    made: list[RunProject] = []
    try:
        with source(bot, pull) as its:
            if why := no_target(its):
                if not _asked(job):
                    return False
                raise Refused(why)
            there = projects(bot, its)
            run = replace(run, base=its.base, result=its.result)
            made, notices = rows(bot, run, its, there), there.rule_changes
    except Refused as why:
        if not run.selection.everything:  # the plans that there are stay shown
            answer(bot, job, pull, "refused", command="/plan", why=str(why))
            react(bot, job, pull, "confused")
            return False
        run = replace(run, state=State.REFUSED, note=str(why))
    except ToolFailed as why:
        run = replace(run, state=State.FAILED, note=str(why))
    if all(row.state.ended for row in made):
        state = run.state if run.state.ended else runs.outcome({row.state for row in made})
        run = replace(run, state=state, ended_at=bot.clock())
    with bot.store.begin() as tx:
        runs.add(tx, run, made, job.id, notices)
        if run.selection.everything and run.state not in (State.REFUSED, State.FAILED):
            _drop_untouched(tx, pull.key, {row.project.place for row in made})
        for row in made:
            if row.state is State.REFUSED:
                plans.outdo(tx, pull.key, row.project.place, f"planned again, it was refused: {row.note}")
    return True


def _new(bot: Bot, job: Job, pull: Pull, id: str) -> Run:
    return Run(
        id=id,
        kind=RunKind.PLAN,
        pull=pull.key,
        state=State.QUEUED,
        asked_by=job.args["asked_by"],
        why=job.args["why"],
        head=pull.head.sha,
        base=pull.base.sha,
        branch=pull.base.name,
        selection=load(Selection, job.args.get("selection", "{}")),
        created_at=bot.clock(),
    )


def _supersede(bot: Bot, pull: Pull) -> None:
    """Ask all but the pull's newest plan to stop, which need not be ours: we may have been held up."""
    with bot.store.begin() as tx:
        newest = runs.latest(tx, pull.key, RunKind.PLAN)
        older = [run.id for run in runs.unfinished(tx, pull.key, RunKind.PLAN) if newest and run.id != newest.id]
        for other in older:
            runs.ask_to_stop(tx, other, SUPERSEDED)
            runs.skip_queued(tx, other, SUPERSEDED, bot.clock())
    for other in older:
        settle.told_if_ended(bot, other)


def _drop_untouched(tx: sa.Connection, pull: str, touched: set[str]) -> None:
    """Plans of projects that the pull no longer touches are superseded by nothing."""
    for plan in plans.live(tx, pull):
        if plan.project.place not in touched:
            plans.set_state(tx, plan.id, PlanState.SUPERSEDED)
