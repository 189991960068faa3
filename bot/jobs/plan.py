"""Plan a pull request: find its projects, write the run and its rows, start the first of them.

Promised by pushes, `/plan`, a base that moved and the sweep. Starts no tool itself.
"""

from dataclasses import replace

import sqlalchemy as sa

from bot import templates
from bot.bot import Bot, short
from bot.core.errors import Refused, ToolFailed
from bot.core.job import Job
from bot.core.lifecycle import run_state
from bot.core.pull import Pull, PullState
from bot.core.run import PlanState, Run, RunKind, RunProject, State
from bot.core.trigger import TriggerKind
from bot.core.vocabulary import COMMIT, DESTROY, SELECTION, CommandSpec, Example
from bot.steps.pull.rows import plan_rows
from bot.steps.pull.source import base_refusal, discover_projects, open_source
from bot.steps.run import settle
from bot.steps.say import update_requests
from bot.steps.say.answers import answer, react
from bot.store import plans, pulls, runs

SUPERSEDED = "superseded by a newer plan"
COMMAND = CommandSpec(
    examples=(
        Example("/plan", "Plans every project that this pull request affects, as if it were merged now"),
        Example("/plan -p infra/db", "Plans these projects, affected or not"),
        Example("/plan --destroy -p infra/db", "Plans to destroy everything that a project holds"),
        Example("/plan 1f3c…", "On a pull request from a fork: plans exactly this commit"),
    ),
    options=(*SELECTION, DESTROY, COMMIT),
    page="""
    It runs by itself when a pull request is opened, pushed to, reopened, marked as ready or given another base, and
    when the base moves under it; comment it to plan a draft, after a failure, or when a plan is stale.

    Where projects are chosen (`/plan -d infra/db -w prod` is one workspace of a directory), the other plans stay.
    `--destroy` ends all that a project holds, also one that the pull request removes. Of a fork's commit all 40 digits
    are needed, since whoever can push can make another commit that begins like it; no later one is planned.

    The answer is the [plan comment](comment.md), which is edited in place. Refused, for example:

    > **🚫 `/plan` was not carried out:** no project matches; there are: infra/network, db-prod, legacy

    On a merged pull request `/plan` plans what was not applied.
    """,
    rank=10,
)


def run(bot: Bot, job: Job) -> None:
    """Write the plan run, once, stop older ones and start its first rows."""
    pull = bot.pull(job)
    if job.trigger.kind is TriggerKind.PUSHED:
        with bot.store.begin() as tx:
            pulls.record_pusher(tx, pull.key, job.asked_by)
    id = _run_id(bot, job, pull)
    with bot.store.read() as tx:
        plan_run = runs.get(tx, id)
    if plan_run is None and not (_should_plan(bot, job, pull) and _write_run(bot, job, pull, id)):
        return
    _supersede(bot, pull)
    settle.start_next_rows(bot, id)
    settle.promise_run_finished(bot, id)
    update_requests.request_run_update(bot, id)


def _run_id(bot: Bot, job: Job, pull: Pull) -> str:
    """A push found by its webhook and by the sweep is one run; going back to an earlier head is a new one."""
    own = short("plan", job.root)
    if not job.trigger.about_head:
        return own
    of_head = short("plan", pull.key, pull.head.sha, pull.base.name)
    with bot.store.read() as tx:
        newest = runs.latest(tx, pull.key, RunKind.PLAN)
        head_run = runs.get(tx, of_head)
    return of_head if head_run is None or (newest and newest.id == of_head) else own


def _should_plan(bot: Bot, job: Job, pull: Pull) -> bool:
    """Drafts and forks are planned when someone asks; a fork only for exactly the commit that was named in full."""
    sha = job.args.get("sha", "")
    if pull.state is PullState.CLOSED:
        return job.trigger.by_person and _decline(bot, job, pull, "the pull request is closed; reopen it first")
    if sha and not pull.fork and not _names_head(sha, pull):
        return _decline(bot, job, pull, f"the head is {pull.head.sha[:7]}, not {sha[:7]}")
    if pull.fork and sha != pull.head.sha:
        if sha and _names_head(sha, pull):
            return _decline(
                bot, job, pull, "name the whole commit: another one may be made that begins in the same way"
            )
        text = templates.answer("fork", sha=pull.head.sha)
        bot.host(pull.repository).say(pull.repository, pull.number, "fork", text)
        return False
    return job.trigger.by_person or (not pull.draft and pull.state is PullState.OPEN)


def _decline(bot: Bot, job: Job, pull: Pull, reason: str) -> bool:
    """Tell the asker why nothing is planned."""
    answer(bot, job, pull, "refused", command="/plan", why=reason)
    react(bot, job, pull, "confused")
    return False


def _names_head(sha: str, pull: Pull) -> bool:
    return len(sha) >= 7 and pull.head.sha.startswith(sha)


def _write_run(bot: Bot, job: Job, pull: Pull, id: str) -> bool:
    """Write the run: with its rows, or ended at once with the reason. False when the pull is none of our business."""
    run = _new_run(bot, job, pull, id)
    notices: tuple[str, ...] = ()
    new_rows: list[RunProject] = []
    try:
        with open_source(bot, pull) as source:
            if refusal := base_refusal(bot, source):
                if not job.trigger.by_person:
                    return False
                raise Refused(refusal)
            projects = discover_projects(bot, source)
            run = replace(run, base=source.base, result=source.result)
            new_rows, notices = plan_rows(bot, run, source, projects), projects.rule_changes
    except Refused as error:
        if not run.selection.everything:  # the plans that there are stay shown
            answer(bot, job, pull, "refused", command="/plan", why=str(error))
            react(bot, job, pull, "confused")
            return False
        run = replace(run, state=State.REFUSED, note=str(error))
    except ToolFailed as error:
        run = replace(run, state=State.FAILED, note=str(error))
    if all(row.state.ended for row in new_rows):
        state = run.state if run.state.ended else run_state(row.state for row in new_rows)
        run = replace(run, state=state or State.DONE, ended_at=bot.clock())
    with bot.store.begin() as tx:
        runs.add(tx, run, new_rows, job.id, notices)
        if run.selection.everything and run.state not in (State.REFUSED, State.FAILED):
            _drop_untouched(tx, pull.key, {row.project.place for row in new_rows})
        for row in new_rows:
            if row.state is State.REFUSED:
                plans.invalidate(tx, pull.key, row.project.place, f"planned again, it was refused: {row.note}")
    return True


def _new_run(bot: Bot, job: Job, pull: Pull, id: str) -> Run:
    return Run(
        id=id,
        kind=RunKind.PLAN,
        pull=pull.key,
        state=State.QUEUED,
        asked_by=job.asked_by,
        trigger=job.trigger,
        head=pull.head.sha,
        base=pull.base.sha,
        branch=pull.base.name,
        selection=job.selection,
        created_at=bot.clock(),
    )


def _supersede(bot: Bot, pull: Pull) -> None:
    """Ask all but the pull's newest plan to stop, which need not be ours: we may have been held up."""
    with bot.store.begin() as tx:
        newest = runs.latest(tx, pull.key, RunKind.PLAN)
        older = [run.id for run in runs.list_unfinished(tx, pull.key, RunKind.PLAN) if newest and run.id != newest.id]
        for older_run in older:
            runs.request_stop(tx, older_run, SUPERSEDED)
            runs.skip_queued(tx, older_run, SUPERSEDED, bot.clock())
    for older_run in older:
        settle.promise_run_finished(bot, older_run)


def _drop_untouched(tx: sa.Connection, pull: str, touched: set[str]) -> None:
    """Plans of projects that the pull no longer touches are superseded by nothing."""
    for plan in plans.live(tx, pull):
        if plan.project.place not in touched:
            plans.set_state(tx, plan.id, PlanState.SUPERSEDED)
