"""What is to be done once about a run that has ended. Promised by whoever settled its last row; twice does no harm."""

from bot.bot import Bot
from bot.core import promises
from bot.core.job import Job
from bot.core.lifecycle import to_apply
from bot.core.project import ApplyMode
from bot.core.pull import PullState
from bot.core.run import Plan, Run, RunKind, State
from bot.core.trigger import Trigger, TriggerKind
from bot.steps.pull import stale
from bot.steps.run import settle
from bot.steps.run.work import remove_directory
from bot.steps.say import update_requests
from bot.store import plans, pulls, runs


def run(bot: Bot, job: Job) -> None:
    """React under the comment that asked, clean up, and promise what follows from the run's end."""
    with bot.store.read() as tx:
        finished_run = runs.get(tx, job.run)
        rows = runs.projects(tx, job.run)
        live = plans.live(tx, finished_run.pull) if finished_run else ()
    if finished_run is None:
        return
    settle.react_to_comment(bot, finished_run)
    _drop_checkouts(bot, job, finished_run)
    _delete_prepared(bot, finished_run)
    unapplied = to_apply(live)
    if finished_run.kind is RunKind.APPLY:
        attempted = {row.project.place for row in rows if row.state in _ATTEMPTED}
        _follow_up_apply(bot, finished_run, attempted, unapplied)
    elif any(plan.rules.apply is ApplyMode.APPROVAL for plan in unapplied):
        trigger = Trigger(TriggerKind.APPROVAL)
        bot.engine.start(promises.apply(f"ripe:{finished_run.id}", finished_run.pull, finished_run.asked_by, trigger))


_ATTEMPTED = (State.DONE, State.FAILED, State.UNKNOWN)


def _follow_up_apply(bot: Bot, run: Run, touched: set[str], unapplied: list[Plan]) -> None:
    """Tell other pulls whose plans rest on state that is no more; go on to the merge when nothing is left."""
    stale.mark_others(bot, run.pull, touched)
    stale.mark_dependents(bot, run.pull, touched)
    update_requests.request_update(bot, update_requests.plan_slot(run.pull), run.pull)
    if unapplied and run.state is not State.DONE:
        bot.engine.start(promises.plan(f"again:{run.id}", run.pull, run.asked_by, Trigger(TriggerKind.APPLY)))
    if run.state is State.DONE and not unapplied:
        bot.engine.start(promises.merge(run.id, run.pull))
    else:
        bot.engine.start(promises.close(f"close:{run.id}", run.pull, run.asked_by))


def _drop_checkouts(bot: Bot, job: Job, run: Run) -> None:
    with bot.store.read() as tx:
        settled = all(row.state.ended for row in runs.projects(tx, run.id))
    if settled:
        mirror = bot.mirror(bot.repository(job))
        for commit in {run.result, run.base, *_commits(bot, run)} - {""}:
            mirror.remove_worktree(bot.folders.checkout(run.id, commit))
        remove_directory(bot.folders.top / "scratch" / run.id)


def _delete_prepared(bot: Bot, run: Run) -> None:
    """What was made ready for a pull that is over goes with its last run; `close` drops it of all others."""
    with bot.store.read() as tx:
        pull = pulls.get(tx, run.pull)
        idle = not runs.list_unfinished(tx, run.pull)
    if pull and pull.state is not PullState.OPEN and idle:
        remove_directory(bot.folders.prepared(pull.key))


def _commits(bot: Bot, run: Run) -> set[str]:
    with bot.store.read() as tx:
        row_plans = [plans.get(tx, row.plan) for row in runs.projects(tx, run.id) if row.plan]
    return {plan.result for plan in row_plans if plan}
