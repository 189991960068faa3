"""Apply one project: the stored plan, at most once. Settles its own row, and never repeats an apply by itself.

The intent is written before the tool may change anything; the tool runs under a supervisor that outlives us. Taken up
again after a crash, this job finds what still runs, or how it ended, or says that nobody can tell.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bot import run_log, supervise
from bot.bot import Bot, short
from bot.core.errors import Refused, ToolFailed, Transient
from bot.core.job import Job
from bot.core.pull import Pull, PullState
from bot.core.run import ApplyOutcome, Intent, Plan, PlanState, Run, RunProject, Selection, State
from bot.core.trigger import TriggerKind
from bot.ports import ApplyReport, MaskingTool, Site
from bot.steps.pull.discovery import tool_of
from bot.steps.pull.evidence import is_as_planned, project_digest
from bot.steps.pull.gate_facts import objection
from bot.steps.pull.projects import discover_projects, other_directories
from bot.steps.pull.source import open_source
from bot.steps.run import settle
from bot.steps.run.work import (
    commit_of,
    delete_artifacts,
    is_cancelled,
    make_plan,
    prepare_site,
    record_cage,
    remove_directory,
    unseal_artifact,
    verify_checkout,
)
from bot.store import audit, intents, plans, pulls, runs
from bot.supervise import AttemptState

UNKNOWN = "nobody can tell how this apply ended; look at the infrastructure, then `/plan`"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One apply of one plan, with what it belongs to. `directory` is its supervisor's.

    `is_begun`: its intent was written before. `replans`: what it depends on was applied in this run, other files landed
    than were planned, or the plan is not `is_as_planned` or the row not `is_as_signed`: of an earlier version, or
    changed by someone. `landed`: it is what a merge applies.
    """

    pull: Pull
    run: Run
    row: RunProject
    plan: Plan
    intent: str
    directory: Path
    is_begun: bool
    replans: bool
    is_as_planned: bool
    is_as_signed: bool
    landed: bool
    stop_reason: str
    claim: settle.Claim | None = None


def run(bot: Bot, job: Job) -> None:
    """Apply the row's plan and settle the row. Raises Transient when it should be tried again."""
    bot.park_if_stopping()
    attempt = _load_attempt(bot, job)
    if attempt is None:
        return
    if attempt.stop_reason and not attempt.is_begun:
        settle.settle_row(bot, replace(attempt.row, state=State.SKIPPED, note=attempt.stop_reason))
        return
    with bot.limits.turns.acquire(attempt.pull), settle.claim(bot, job, attempt.pull, attempt.row) as claim:
        if claim:
            if not attempt.is_begun:
                bot.park_if_stopping()
            _apply(bot, replace(attempt, claim=claim))


def _load_attempt(bot: Bot, job: Job) -> Attempt | None:
    """What the job is about; None when its row has ended, and only what follows from that may be left to do."""
    with bot.store.read() as tx:
        run = runs.get(tx, job.run)
        row = runs.project(tx, job.run, job.place)
        pull = pulls.get(tx, run.pull) if run else None
        plan = plans.get(tx, row.plan) if row and row.plan else None
        intent = short("intent", job.run, job.place)
        is_begun = intents.get(tx, intent) is not None
        stop_reason = runs.stop_reason(tx, job.run)
        is_signed = run is not None and row is not None and runs.is_as_signed(tx, job.run, job.place, bot.vault.verify)
        applied_names = {row.project.name for row in runs.projects(tx, job.run) if row.state is State.DONE}
    if run is None or row is None or pull is None or plan is None:
        return None
    if row.state.ended:
        settle.settle_row(bot, row)
        return None
    signed = is_as_planned(bot, plan)
    replans = not (signed and is_signed) or bool(applied_names.intersection(row.project.depends_on))
    return Attempt(
        pull=pull,
        run=run,
        row=row,
        plan=plan,
        intent=intent,
        directory=bot.folders.attempt(intent),
        is_begun=is_begun,
        replans=replans or _has_moved(bot, pull, run, row, plan),
        is_as_planned=signed,
        is_as_signed=is_signed,
        landed=run.trigger.kind is TriggerKind.MERGE,
        stop_reason=stop_reason,
    )


def _has_moved(bot: Bot, pull: Pull, run: Run, row: RunProject, plan: Plan) -> bool:
    """What the plan is bound to is not what there is to be applied now, or nobody can tell."""
    if row.input_digest != plan.input_digest:
        return True
    mirror, commit = bot.mirror(pull.repository), commit_of(run, row)
    return bool(plan.tree) and (not mirror.has(commit) or mirror.tree_id(commit) != plan.tree)


def _apply(bot: Bot, attempt: Attempt) -> None:
    """Begin the apply, or find the one that was begun, and settle the row with how it ended."""
    try:
        is_started = supervise.status(attempt.directory).state is not AttemptState.NOT_STARTED
        if not is_started and not attempt.is_as_signed:
            attempt = _read_anew(bot, attempt)
        site = _apply_site(bot, attempt)
        if not is_started:
            record_cage(bot, attempt.row, site)
            attempt = _verify_plan(bot, attempt)
            _start_supervised(bot, attempt, site)
        on_output = _log_writer(bot, attempt, site)
        end = supervise.wait(attempt.directory, stopped=lambda: is_cancelled(bot, attempt.run.id), on_output=on_output)
        applied = _outcome(bot, attempt, site, end)
    except (Refused, ToolFailed) as error:
        _record_failure(bot, attempt, error)
    else:
        _record_outcome(bot, attempt, applied)
    remove_directory(attempt.directory)
    remove_directory(bot.folders.scratch(attempt.run.id, attempt.row.project.place))


def _record_failure(bot: Bot, attempt: Attempt, error: Refused | ToolFailed) -> None:
    """Settle a row that could not go on: refused or failed when nothing began, by its exit status when it did."""
    end = supervise.wait(attempt.directory, stopped=lambda: is_cancelled(bot, attempt.run.id))
    if end.state is AttemptState.NOT_STARTED:
        state = State.REFUSED if isinstance(error, Refused) else State.FAILED
        row = replace(attempt.row, state=state, note=str(error), output=getattr(error, "output", ""))
        with bot.store.begin() as tx:
            intents.end(tx, attempt.intent, ApplyOutcome.FAILED)
            jobs = settle.settle(bot, tx, row, attempt.claim)
        bot.start(jobs)
        return
    succeeded = end.exit == 0
    summary = "applied" if succeeded else f"{UNKNOWN} ({error})"
    _record_outcome(bot, attempt, ApplyReport(ApplyOutcome.DONE if succeeded else ApplyOutcome.UNKNOWN, summary, ""))


def _read_anew(bot: Bot, attempt: Attempt) -> Attempt:
    """The attempt as forge and git say it is, to be planned again: its row is of an earlier version, or was changed."""
    repository, place = attempt.pull.repository, attempt.row.project.place
    live_pull = bot.host(repository).pull(repository, attempt.pull.number)
    landed = live_pull.state is PullState.MERGED
    with open_source(bot, live_pull, as_landed=landed) as source:
        projects = discover_projects(bot, source)
        project = projects.find(place)
        if project is None:
            raise Refused("the project is no longer there; `/plan`, then `/apply`")
        removed = project in projects.removed
        tree = source.before if removed else source.after
        input_digest = project_digest(bot, tree, project, other_directories(projects, project))
    run = replace(
        attempt.run,
        head=source.head,
        base=source.base,
        branch=live_pull.base.name,
        result=source.result,
        selection=Selection(),
    )
    rules = projects.rules(place)
    row = replace(attempt.row, project=project, rules=rules, removed=removed, input_digest=input_digest)
    return replace(attempt, run=run, row=row, landed=landed, replans=True, is_as_planned=False)


def _apply_site(bot: Bot, attempt: Attempt) -> Site:
    """Stored plans are applied where they were made; what is planned again is planned at what is there now."""
    return prepare_site(bot, attempt.pull, attempt.run, attempt.row, None if attempt.replans else attempt.plan)


def _verify_plan(bot: Bot, attempt: Attempt) -> Attempt:
    """The attempt with a plan that is true now. Raises Refused when planning again gives another result."""
    _preflight(bot, attempt)
    if not attempt.replans:
        return attempt
    old = attempt.plan
    site = prepare_site(bot, attempt.pull, attempt.run, attempt.row)
    new = make_plan(bot, attempt.pull, attempt.run, attempt.row, site, old.destroy)
    if new.plan_digest != old.plan_digest:
        delete_artifacts(bot, (new.id,))
        with bot.store.begin() as tx:
            plans.set_state(tx, old.id, PlanState.STALE, "planning again gave another result")
        raise Refused("planned again just before its apply, it came out differently; see the new plan, then `/apply`")
    if not attempt.is_as_planned:
        _preflight(bot, replace(attempt, plan=new))
    with bot.store.begin() as tx:
        plans.add(tx, new, attempt.pull.repository.key)
        runs.set_plan(tx, old.id, new.id)
        if attempt.is_as_signed:
            runs.sign(tx, attempt.run, replace(attempt.row, plan=new.id), bot.vault.sign)
    delete_artifacts(bot, (old.id,))
    return replace(attempt, plan=new, row=replace(attempt.row, plan=new.id))


def _preflight(bot: Bot, attempt: Attempt) -> None:
    """The last look before anything changes: same head, same base branch, nobody froze, objected or took back."""
    live_pull = bot.host(attempt.pull.repository).pull(attempt.pull.repository, attempt.pull.number)
    if live_pull.key != attempt.run.pull:
        raise Refused("the forge knows this pull request by another number or in another repository; `/plan` again")
    if live_pull.state is PullState.OPEN and live_pull.head.sha != attempt.run.head:
        raise Refused(f"the pull request moved on to {live_pull.head.sha[:7]} before this project began")
    if live_pull.base.name != attempt.run.branch:
        raise Refused(f"the pull request was given another base, {live_pull.base.name}, before this project began")
    landed = attempt.landed
    plan = replace(attempt.plan, expires_at=max(attempt.plan.expires_at, bot.clock())) if landed else attempt.plan
    with open_source(bot, live_pull, as_landed=landed) as source:
        plan_now = replace(plan, state=PlanState.CURRENT) if landed else plan
        reason = objection(bot, source, plan_now, attempt.run.selection.confirmed)
    if reason:
        raise Refused(f"before this project began: {reason}")


def _start_supervised(bot: Bot, attempt: Attempt, site: Site) -> None:
    """Note the intent, then let the supervisor begin. From here on nothing is done twice."""
    if attempt.plan.artifact_digest is None:
        raise Refused("the plan has nothing to apply")
    tool = tool_of(bot.tools, attempt.row.project)
    if (version := tool.version(attempt.row.project, site.environment)) != attempt.plan.tool_version:
        raise Refused(f"it was planned with {attempt.plan.tool_version}, and here is {version} now; `/plan` again")
    invocation = tool.prepare_apply(site, unseal_artifact(bot, attempt.plan, site.scratch))
    verify_checkout(bot, attempt.pull, site)
    intent = Intent(attempt.intent, attempt.run.id, attempt.row.project.place, attempt.plan.id, bot.clock())
    with bot.store.begin() as tx:
        intents.record(tx, intent)
    supervise.start(attempt.directory, invocation, site.cage)


def _log_writer(bot: Bot, attempt: Attempt, site: Site) -> Callable[[str], None]:
    """Tells the run's log what the tool says, as far as that may be shown at once."""
    tool = tool_of(bot.tools, attempt.row.project)
    mask = tool.live_mask(site) if isinstance(tool, MaskingTool) else str
    return lambda lines: run_log.append_log(site.log, mask(lines))


def _outcome(bot: Bot, attempt: Attempt, site: Site, end: supervise.AttemptStatus) -> ApplyReport:
    if end.state is AttemptState.LOST:
        return ApplyReport(ApplyOutcome.UNKNOWN, UNKNOWN, "")
    try:
        output = replace(site, log=attempt.directory / supervise.OUTPUT)
        applied = tool_of(bot.tools, attempt.row.project).report_apply(output, end.exit)
    except (Refused, ToolFailed) as error:
        return ApplyReport(ApplyOutcome.UNKNOWN, f"{UNKNOWN} ({error})", "")
    _append_rest(site.log, applied.unlogged)
    return applied


def _append_rest(log: Path, rest: str) -> None:
    """All of it or nothing: on a full disk Transient is raised, and it is told when there is room."""
    size = log.stat().st_size if log.exists() else 0
    try:
        with log.open("ab") as file:
            file.write(rest.encode(errors="replace"))
    except OSError as error:
        os.truncate(log, size)
        raise Transient(f"the log cannot be written: {error.strerror}") from error


def _record_outcome(bot: Bot, attempt: Attempt, applied: ApplyReport) -> None:
    """Store how it ended, in one transaction, the moment it is known."""
    succeeded = applied.outcome is ApplyOutcome.DONE
    state = State.DONE if succeeded else State.UNKNOWN if applied.outcome is ApplyOutcome.UNKNOWN else State.FAILED
    row = replace(attempt.row, state=state, note=applied.summary, output=applied.output, effects=applied.effects)
    now = bot.clock()
    with bot.store.begin() as tx:
        intents.end(tx, attempt.intent, applied.outcome)
        if succeeded:
            plans.mark_applied(tx, attempt.plan.id, attempt.run.asked_by, now)
        else:
            plans.set_state(
                tx, attempt.plan.id, PlanState.STALE, "its apply did not go well; `/plan` shows what is left"
            )
        detail = {"project": row.project.name, "plan": attempt.plan.id, "digest": attempt.plan.plan_digest}
        audit.record(tx, now, attempt.run.asked_by, f"apply {applied.outcome.value}", attempt.pull.key, **detail)
        jobs = settle.settle(bot, tx, row, attempt.claim)
    delete_artifacts(bot, (attempt.plan.id,))
    bot.start(jobs)
