"""Apply one project: the stored plan, at most once. Settles its own row, and never repeats an apply by itself.

The intent is written before the tool may change anything; the tool runs under a supervisor that outlives us. Taken up
again after a crash, this job finds what still runs, or how it ended, or says that nobody can tell.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bot import process, supervise
from bot.bot import Bot, short
from bot.core.errors import Refused, ToolFailed, Transient
from bot.core.job import Job
from bot.core.pull import Pull, PullState
from bot.core.run import Intent, Outcome, Plan, PlanState, Run, RunProject, State
from bot.ports import Applied, Careful, Site
from bot.steps.pull.discovery import tool_of
from bot.steps.pull.gate_facts import objection
from bot.steps.pull.source import source
from bot.steps.run import settle
from bot.steps.run.work import cancelled, clean, commit_of, forget_artifacts, planned, site, unseal
from bot.store import intents, ledger, plans, pulls, runs
from bot.supervise import Standing

UNKNOWN = "nobody can tell how this apply ended; look at the infrastructure, then `/plan`"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One apply of one plan, with what it belongs to. `directory` is its supervisor's."""

    pull: Pull
    run: Run
    row: RunProject
    plan: Plan
    intent: str
    directory: Path


def run(bot: Bot, job: Job) -> None:
    bot.park_if_stopping()
    attempt = _attempt(bot, job)
    if attempt is None:
        return
    with bot.store.read() as tx:
        begun = intents.get(tx, attempt.intent)
        stop = runs.stop_asked(tx, attempt.run.id)
    if stop and begun is None:
        settle.settle(bot, replace(attempt.row, state=State.SKIPPED, note=stop))
        return
    with bot.limits.turns.one_for(attempt.pull.key), settle.claim(bot, job, attempt.pull, attempt.row) as mine:
        if mine:
            if begun is None:
                bot.park_if_stopping()
            _carry_out(bot, attempt, begun)


def _attempt(bot: Bot, job: Job) -> Attempt | None:
    """What the job is about; None when its row has ended, and only what follows from that may be left to do."""
    with bot.store.read() as tx:
        its = runs.get(tx, job.args["run"])
        row = runs.project(tx, job.args["run"], job.args["place"])
        pull = pulls.get(tx, its.pull) if its else None
        plan = plans.get(tx, row.plan) if row and row.plan else None
    if its is None or row is None or pull is None or plan is None:
        return None
    if row.state.ended:
        settle.after(bot, row, None)
        return None
    intent = short("intent", its.id, row.project.place)
    return Attempt(pull, its, row, plan, intent, bot.folders.attempt(intent))


def _carry_out(bot: Bot, attempt: Attempt, begun: Intent | None) -> None:
    """Begin the apply, or find the one that was begun, and settle the row with how it ended."""
    try:
        where = _site(bot, attempt)
        if supervise.look(attempt.directory).standing is Standing.NEVER_BEGAN:
            attempt = attempt if begun else _verified(bot, attempt)
            _start(bot, attempt, where)
        hear = _teller(bot, attempt, where)
        ended = supervise.wait(attempt.directory, stopped=lambda: cancelled(bot, attempt.run.id), hear=hear)
        applied = _outcome(bot, attempt, where, ended)
    except (Refused, ToolFailed) as why:
        _not_carried_out(bot, attempt, why)
    else:
        _keep(bot, attempt, applied)
    clean(attempt.directory)
    clean(bot.folders.scratch(attempt.run.id, attempt.row.project.place))


def _not_carried_out(bot: Bot, attempt: Attempt, why: Refused | ToolFailed) -> None:
    """Settle a row that could not go on: refused or failed when nothing began, by its exit status when it did."""
    ended = supervise.wait(attempt.directory, stopped=lambda: cancelled(bot, attempt.run.id))
    if ended.standing is Standing.NEVER_BEGAN:
        with bot.store.begin() as tx:
            intents.end(tx, attempt.intent, Outcome.FAILED)
        state = State.REFUSED if isinstance(why, Refused) else State.FAILED
        settle.settle(bot, replace(attempt.row, state=state, note=str(why), output=getattr(why, "output", "")))
        return
    good = ended.exit == 0
    summary = "applied" if good else f"{UNKNOWN} ({why})"
    _keep(bot, attempt, Applied(Outcome.DONE if good else Outcome.UNKNOWN, summary, ""))


def _site(bot: Bot, attempt: Attempt) -> Site:
    """Stored plans are applied where they were made; what is planned again is planned at what is there now."""
    again = _to_plan_again(bot, attempt)
    commit = commit_of(attempt.run, attempt.row) if again else attempt.plan.result
    return site(bot, attempt.pull, attempt.run, attempt.row, commit)


def _to_plan_again(bot: Bot, attempt: Attempt) -> bool:
    """What it depends on was applied in this run, or other files landed than were planned."""
    with bot.store.read() as tx:
        beside = {row.project.name for row in runs.projects(tx, attempt.run.id) if row.state is State.DONE}
    landed_otherwise = attempt.row.input_digest != attempt.plan.input_digest
    return landed_otherwise or bool(beside.intersection(attempt.row.project.depends_on))


def _verified(bot: Bot, attempt: Attempt) -> Attempt:
    """The attempt with a plan that is true now. Raises Refused when planning again gives another result."""
    _still_wanted(bot, attempt)
    if not _to_plan_again(bot, attempt):
        return attempt
    old = attempt.plan
    where = site(bot, attempt.pull, attempt.run, attempt.row, commit_of(attempt.run, attempt.row))
    new = planned(bot, attempt.pull, attempt.run, attempt.row, where, old.destroy)
    if new.plan_digest != old.plan_digest:
        forget_artifacts(bot, (new.id,))
        with bot.store.begin() as tx:
            plans.set_state(tx, old.id, PlanState.STALE, "planning again gave another result")
        raise Refused("planned again just before its apply, it came out differently; see the new plan, then `/apply`")
    with bot.store.begin() as tx:
        plans.add(tx, new, attempt.pull.repository.key)
        runs.set_plan(tx, old.id, new.id)
    forget_artifacts(bot, (old.id,))
    return replace(attempt, plan=new, row=replace(attempt.row, plan=new.id))


def _still_wanted(bot: Bot, attempt: Attempt) -> None:
    """The last look before anything changes: same head, same base branch, nobody froze, objected or took back."""
    now = bot.host(attempt.pull.repository).pull(attempt.pull.repository, attempt.pull.number)
    if now.state is PullState.OPEN and now.head.sha != attempt.run.head:
        raise Refused(f"the pull request moved on to {now.head.sha[:7]} before this project began")
    if now.base.name != attempt.run.branch:
        raise Refused(f"the pull request was given another base, {now.base.name}, before this project began")
    landed = attempt.run.why == "merge"
    plan = replace(attempt.plan, expires_at=max(attempt.plan.expires_at, bot.clock())) if landed else attempt.plan
    with source(bot, now, as_landed=landed) as its:
        current = replace(plan, state=PlanState.CURRENT) if landed else plan
        why = objection(bot, its, current, attempt.run.selection.confirmed)
    if why:
        raise Refused(f"before this project began: {why}")


def _start(bot: Bot, attempt: Attempt, where: Site) -> None:
    """Note the intent, then let the supervisor begin. From here on nothing is done twice."""
    if attempt.plan.artifact_digest is None:
        raise Refused("the plan has nothing to apply")
    its = tool_of(bot.tools, attempt.row.project)
    if (here := its.version(attempt.row.project, where.environment)) != attempt.plan.tool_version:
        raise Refused(f"it was planned with {attempt.plan.tool_version}, and here is {here} now; `/plan` again")
    invocation = its.ready(where, unseal(bot, attempt.plan, where.scratch))
    intent = Intent(attempt.intent, attempt.run.id, attempt.row.project.place, attempt.plan.id, bot.clock())
    with bot.store.begin() as tx:
        intents.write(tx, intent)
    supervise.begin(attempt.directory, invocation)


def _teller(bot: Bot, attempt: Attempt, where: Site) -> Callable[[str], None]:
    """Tells the run's log what the tool says, as far as that may be shown at once."""
    its = tool_of(bot.tools, attempt.row.project)
    shown = its.live(where) if isinstance(its, Careful) else str
    return lambda lines: process.append(where.log, shown(lines))


def _outcome(bot: Bot, attempt: Attempt, where: Site, ended: supervise.End) -> Applied:
    if ended.standing is Standing.LOST:
        return Applied(Outcome.UNKNOWN, UNKNOWN, "")
    try:
        output = replace(where, log=attempt.directory / supervise.OUTPUT)
        applied = tool_of(bot.tools, attempt.row.project).applied(output, ended.exit)
    except (Refused, ToolFailed) as why:
        return Applied(Outcome.UNKNOWN, f"{UNKNOWN} ({why})", "")
    _tell_rest(where.log, applied.rest)
    return applied


def _tell_rest(log: Path, rest: str) -> None:
    """All of it or nothing: on a full disk Transient is raised, and it is told when there is room."""
    size = log.stat().st_size if log.exists() else 0
    try:
        with log.open("ab") as file:
            file.write(rest.encode(errors="replace"))
    except OSError as why:
        os.truncate(log, size)
        raise Transient(f"the log cannot be written: {why.strerror}") from why


def _keep(bot: Bot, attempt: Attempt, applied: Applied) -> None:
    """Store how it ended, in one transaction, the moment it is known."""
    done = applied.outcome is Outcome.DONE
    state = State.DONE if done else State.UNKNOWN if applied.outcome is Outcome.UNKNOWN else State.FAILED
    row = replace(attempt.row, state=state, note=applied.summary, output=applied.output)
    now = bot.clock()
    with bot.store.begin() as tx:
        intents.end(tx, attempt.intent, applied.outcome)
        if done:
            plans.applied(tx, attempt.plan.id, attempt.run.asked_by, now)
        else:
            plans.set_state(
                tx, attempt.plan.id, PlanState.STALE, "its apply did not go well; `/plan` shows what is left"
            )
        words = {"project": row.project.name, "plan": attempt.plan.id, "digest": attempt.plan.plan_digest}
        ledger.note(tx, now, attempt.run.asked_by, f"apply {applied.outcome.value}", attempt.pull.key, **words)
        ended = runs.settle(tx, row, now)
    forget_artifacts(bot, (attempt.plan.id,))
    settle.after(bot, row, ended)
