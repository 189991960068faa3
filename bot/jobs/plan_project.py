"""Plan one project of a run: the only job that runs a tool to plan. Settles its own row."""

from collections.abc import Sequence
from dataclasses import replace

from bot.bot import Bot
from bot.core.errors import Refused, ToolFailed
from bot.core.job import Job
from bot.core.pull import Pull
from bot.core.run import Plan, Run, RunProject, State
from bot.ports import ListingTool
from bot.steps.pull.discovery import tool_of
from bot.steps.run import settle
from bot.steps.run.survival import survived
from bot.steps.run.work import delete_artifacts, make_plan, prepare_site, record_cage, remove_directory
from bot.store import plans, pulls, runs


def run(bot: Bot, job: Job) -> None:
    """Plan the row's project and settle the row, unless its run was asked to stop."""
    bot.park_if_stopping()
    with bot.store.read() as tx:
        plan_run = runs.get(tx, job.run)
        row = runs.project(tx, job.run, job.place)
        stop_reason = runs.stop_reason(tx, job.run)
        pull = pulls.get(tx, plan_run.pull) if plan_run else None
    if plan_run is None or row is None or pull is None:
        return
    if row.state.ended:
        settle.settle_row(bot, row)
        return
    if stop_reason:
        settle.settle_row(bot, replace(row, state=State.SKIPPED, note=stop_reason))
        return
    with bot.limits.turns.acquire(pull), settle.claim(bot, job, pull, row) as claim:
        if claim:
            _plan(bot, pull, plan_run, claim)


def _plan(bot: Bot, pull: Pull, run: Run, claim: settle.Claim) -> None:
    """Make the plan and settle the row with it, or with the reason why there is none."""
    outcome: Plan | RunProject
    row = claim.row
    try:
        with survived(bot, row):
            outcome = _make_plan(bot, pull, run, row)
    except Refused as refusal:
        outcome = replace(row, state=State.REFUSED, note=str(refusal))
    except ToolFailed as failure:
        outcome = _failed_row(bot, row, failure)
    finally:  # before anything is recorded: a tool may have filled the disk
        remove_directory(bot.folders.scratch(row.run, row.project.place))
    if isinstance(outcome, Plan):
        _store_plan(bot, pull, run, claim, outcome)
    else:
        _end_without_plan(bot, pull, claim, outcome)


def _end_without_plan(bot: Bot, pull: Pull, claim: settle.Claim, row: RunProject) -> None:
    """End the row without a plan. Where one failed, that of earlier files may not be applied in its place."""
    with bot.store.begin() as tx:
        if row.state in (State.FAILED, State.REFUSED):
            plans.invalidate(tx, pull.key, row.project.place, f"planned again, it {row.state.value}: {row.note}")
        jobs = settle.settle(bot, tx, row, claim)
    bot.start(jobs)


def _make_plan(bot: Bot, pull: Pull, run: Run, row: RunProject) -> Plan | RunProject:
    """Plan; of a removed project that nobody asked to destroy, list what it holds."""
    site, tool = prepare_site(bot, pull, run, row), tool_of(bot.tools, row.project)
    record_cage(bot, row, site)
    if _is_listing(run, row) and isinstance(tool, ListingTool):
        return _listed_row(row, tool.list_objects(site))
    return make_plan(bot, pull, run, row, site, run.selection.destroy or row.removed)


def _failed_row(bot: Bot, row: RunProject, failure: ToolFailed) -> RunProject:
    bot.park_if_stopping()
    with bot.store.read() as tx:
        stop_reason = runs.stop_reason(tx, row.run)
    if stop_reason:
        return replace(row, state=State.SKIPPED, note=stop_reason)
    return replace(row, state=State.FAILED, note=str(failure), output=failure.output, where=failure.where)


def _is_listing(run: Run, row: RunProject) -> bool:
    return row.removed and not run.selection.destroy


def _listed_row(row: RunProject, addresses: Sequence[str]) -> RunProject:
    return replace(row, state=State.DONE, output="\n".join(addresses))


def _store_plan(bot: Bot, pull: Pull, run: Run, claim: settle.Claim, plan: Plan) -> None:
    """Store the plan and end the row in one transaction. A removed project's list is told, not kept as a plan."""
    row = claim.row
    listing_only = _is_listing(run, row)
    with bot.store.begin() as tx:
        if listing_only:
            ended_row = _listed_row(row, [change.address for change in plan.content.changes])
        else:
            older = plans.live_ids(tx, pull.key, plan.project.place)
            plans.add(tx, plan, pull.repository.key)
            ended_row = replace(row, state=State.DONE, plan=plan.id, counts=plan.content.counts)
        jobs = settle.settle(bot, tx, ended_row, claim)
    delete_artifacts(bot, (plan.id,) if listing_only else tuple(id for id in older if id != plan.id))
    bot.start(jobs)
