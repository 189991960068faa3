"""Plan a pull request: find its projects, write the run and its rows, start the first of them.

Promised by pushes, `/plan`, a base that moved and the sweep. Starts no tool itself.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import sqlalchemy as sa

from bot.bot import Bot, short
from bot.core.errors import Refused, ToolFailed
from bot.core.job import Job
from bot.core.lifecycle import run_state
from bot.core.pull import Pull, PullState
from bot.core.run import PlanState, Run, RunKind, RunProject, State
from bot.core.trigger import TriggerKind
from bot.core.vocabulary import COMMIT, DESTROY, SELECTION, CommandSpec, Example
from bot.steps.pull.configurations import base_refusal
from bot.steps.pull.projects import discover_projects
from bot.steps.pull.rows import plan_rows
from bot.steps.pull.source import open_source
from bot.steps.run import settle
from bot.steps.say.answers import answer, react, upsert_comment
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
    pull = bot.fetch_pull(job)
    with bot.store.begin() as tx:
        pulls.refresh(tx, pull)
        if job.trigger.kind is TriggerKind.PUSHED:
            pulls.record_pusher(tx, pull.key, job.asked_by)
        id = _run_id(tx, job, pull)
        is_written = runs.get(tx, id) is not None
    if is_written:
        _go_on(bot, pull, id)
        return
    decision = _decide(job, pull)
    match decision.answer:
        case Answer.REFUSED:
            _decline(bot, job, pull, decision.reason)
        case Answer.FORK:
            upsert_comment(bot, pull, "fork", "fork", sha=pull.head.sha)
    if decision.plan:
        _write_run(bot, job, pull, id)


class Answer(StrEnum):
    """What a person is told instead of a plan."""

    REFUSED = "refused"
    FORK = "fork"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the pull is to be planned, and what is said where it is not; nothing where nobody waits for it."""

    plan: bool
    answer: Answer | None = None
    reason: str = ""


def _run_id(tx: sa.Connection, job: Job, pull: Pull) -> str:
    """A push found by its webhook and by the sweep is one run; going back to an earlier head is a new one."""
    own = short("plan", job.root)
    if not job.trigger.about_head:
        return own
    of_head = short("plan", pull.key, pull.head.sha, pull.base.name)
    newest = runs.latest(tx, pull.key, RunKind.PLAN)
    head_run = runs.get(tx, of_head)
    return of_head if head_run is None or (newest and newest.id == of_head) else own


def _decide(job: Job, pull: Pull) -> Decision:
    """Drafts and forks are planned when someone asks; a fork only for exactly the commit that was named in full."""
    sha = job.args.get("sha", "")
    if pull.state is PullState.CLOSED:
        return _refusal("the pull request is closed; reopen it first") if job.trigger.by_person else Decision(False)
    if sha and not pull.fork and not _names_head(sha, pull):
        return _refusal(f"the head is {pull.head.sha[:7]}, not {sha[:7]}")
    if pull.fork and sha != pull.head.sha:
        if sha and _names_head(sha, pull):
            return _refusal("name the whole commit: another one may be made that begins in the same way")
        return Decision(False, Answer.FORK)
    return Decision(job.trigger.by_person or (not pull.draft and pull.state is PullState.OPEN))


def _refusal(reason: str) -> Decision:
    return Decision(False, Answer.REFUSED, reason)


def _decline(bot: Bot, job: Job, pull: Pull, reason: str) -> None:
    """Tell the asker why nothing is planned."""
    answer(bot, job, pull, "refused", command="/plan", why=reason)
    react(bot, job, pull, "confused")


def _names_head(sha: str, pull: Pull) -> bool:
    return len(sha) >= 7 and pull.head.sha.startswith(sha)


def _write_run(bot: Bot, job: Job, pull: Pull, id: str) -> None:
    """Write the run, with its rows or ended at once with the reason, and go on with it; a pull may be not ours."""
    run = _new_run(bot, job, pull, id)
    notices: tuple[str, ...] = ()
    new_rows: list[RunProject] = []
    try:
        with open_source(bot, pull) as source:
            if refusal := base_refusal(bot, source):
                if not job.trigger.by_person:
                    return
                raise Refused(refusal)
            projects = discover_projects(bot, source)
            findings = projects.findings if run.selection.everything else replace(projects.findings, uncovered=())
            run = replace(run, base=source.base, result=source.result, findings=findings)
            new_rows, notices = plan_rows(bot, run, source, projects), projects.notices
    except Refused as error:
        if not run.selection.everything:  # the plans that there are stay shown
            _decline(bot, job, pull, str(error))
            return
        run = replace(run, state=State.REFUSED, note=str(error))
    except ToolFailed as error:
        run = replace(run, state=State.FAILED, note=str(error))
    if all(row.state.ended for row in new_rows):
        state = run.state if run.state.ended else run_state(row.state for row in new_rows)
        run = replace(run, state=state or State.DONE, ended_at=bot.clock())
    with bot.store.begin() as tx:
        pulls.hold(tx, pull.key)
        runs.add(tx, run, new_rows, job.id, notices)
        if run.selection.everything and run.state not in (State.REFUSED, State.FAILED):
            _drop_untouched(tx, pull.key, {row.project.place for row in new_rows})
        for row in new_rows:
            if row.state is State.REFUSED:
                plans.invalidate(tx, pull.key, row.project.place, f"planned again, it was refused: {row.note}")
        jobs = _advance(bot, tx, pull, id)
    bot.start(jobs)


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


def _go_on(bot: Bot, pull: Pull, id: str) -> None:
    """The run was written by a job that was killed then, or by another one about the same head."""
    with bot.store.begin() as tx:
        pulls.hold(tx, pull.key)
        jobs = _advance(bot, tx, pull, id)
    bot.start(jobs)


def _advance(bot: Bot, tx: sa.Connection, pull: Pull, id: str) -> tuple[Job, ...]:
    return (*_supersede(bot, tx, pull), *settle.follow_up(bot, tx, id))


def _supersede(bot: Bot, tx: sa.Connection, pull: Pull) -> tuple[Job, ...]:
    """Ask all but the pull's newest plan to stop, which need not be ours: we may have been held up."""
    newest = runs.latest(tx, pull.key, RunKind.PLAN)
    older = [run.id for run in runs.list_unfinished(tx, pull.key, RunKind.PLAN) if newest and run.id != newest.id]
    return tuple(job for run in older for job in settle.stop_run(bot, tx, run, SUPERSEDED))


def _drop_untouched(tx: sa.Connection, pull: str, touched: set[str]) -> None:
    """Plans of projects that the pull no longer touches are superseded by nothing."""
    for plan in plans.live(tx, pull):
        if plan.project.place not in touched:
            plans.set_state(tx, plan.id, PlanState.SUPERSEDED)
