"""Plan one project of a run: the only job that runs a tool to plan. Settles its own row."""

from dataclasses import replace

from bot.bot import Bot
from bot.core.errors import Refused, ToolFailed
from bot.core.job import Job
from bot.core.pull import Pull
from bot.core.run import Plan, Run, RunProject, State
from bot.steps.run import settle
from bot.steps.run.work import clean, commit_of, forget_artifacts, planned, site
from bot.store import plans, pulls, runs


def run(bot: Bot, job: Job) -> None:
    bot.park_if_stopping()
    with bot.store.read() as tx:
        its = runs.get(tx, job.args["run"])
        row = runs.project(tx, job.args["run"], job.args["place"])
        stop = runs.stop_asked(tx, job.args["run"])
        pull = pulls.get(tx, its.pull) if its else None
    if its is None or row is None or pull is None:
        return
    if row.state.ended:
        settle.after(bot, row, None)
        return
    if stop:
        settle.settle(bot, replace(row, state=State.SKIPPED, note=stop))
        return
    with bot.limits.turns.one_for(pull.key), settle.claim(bot, job, pull, row) as mine:
        if mine:
            _plan(bot, pull, its, row)


def _plan(bot: Bot, pull: Pull, its: Run, row: RunProject) -> None:
    """Make the plan and settle the row with it, or with the reason why there is none."""
    made: Plan | RunProject
    try:
        made = _made(bot, pull, its, row)
    except Refused as why:
        made = replace(row, state=State.REFUSED, note=str(why))
    except ToolFailed as failed:
        made = _failed(bot, row, failed)
    finally:  # before anything is recorded: a tool may have filled the disk
        clean(bot.folders.scratch(row.run, row.project.place))
    if isinstance(made, Plan):
        _keep(bot, pull, its, row, made)
    else:
        _without(bot, pull, made)


def _without(bot: Bot, pull: Pull, row: RunProject) -> None:
    """End the row without a plan. One that was made of earlier files may not be applied in its place."""
    if row.state is not State.SKIPPED:
        with bot.store.begin() as tx:
            plans.outdo(tx, pull.key, row.project.place, f"planned again, it {row.state.value}: {row.note}")
    settle.settle(bot, row)


def _made(bot: Bot, pull: Pull, its: Run, row: RunProject) -> Plan:
    where = site(bot, pull, its, row, commit_of(its, row))
    return planned(bot, pull, its, row, where, its.selection.destroy or row.removed)


def _failed(bot: Bot, row: RunProject, failed: ToolFailed) -> RunProject:
    bot.park_if_stopping()
    with bot.store.read() as tx:
        stop = runs.stop_asked(tx, row.run)
    if stop:
        return replace(row, state=State.SKIPPED, note=stop)
    return replace(row, state=State.FAILED, note=str(failed), output=failed.output)


def _keep(bot: Bot, pull: Pull, its: Run, row: RunProject, plan: Plan) -> None:
    """Store the plan and end the row in one transaction. A removed project's list is told, not kept as a plan."""
    only_told = row.removed and not its.selection.destroy
    with bot.store.begin() as tx:
        if only_told:
            held = "\n".join(change.address for change in plan.content.changes)
            done = replace(row, state=State.DONE, output=held)
        else:
            older = plans.live_at(tx, pull.key, plan.project.place)
            plans.add(tx, plan, pull.repository.key)
            done = replace(row, state=State.DONE, plan=plan.id, counts=plan.content.counts)
        ended = runs.settle(tx, done, bot.clock())
    forget_artifacts(bot, (plan.id,) if only_told else tuple(id for id in older if id != plan.id))
    settle.after(bot, done, ended)
