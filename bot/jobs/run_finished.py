"""What is to be done once about a run that has ended. Promised by whoever settled its last row; twice does no harm."""

from bot.bot import Bot
from bot.core.job import Job
from bot.core.project import ApplyMode
from bot.core.pull import PullState
from bot.core.run import Plan, Run, RunKind, State
from bot.steps.pull import stale
from bot.steps.run import settle
from bot.steps.run.work import clean
from bot.steps.say import update_requests
from bot.store import plans, pulls, runs


def run(bot: Bot, job: Job) -> None:
    with bot.store.read() as tx:
        its = runs.get(tx, job.args["run"])
        rows = runs.projects(tx, job.args["run"])
        live = plans.live(tx, its.pull) if its else ()
    if its is None:
        return
    settle.react(bot, its)
    _tidy(bot, job, its)
    _forget_prepared(bot, its)
    left = [plan for plan in live if not plan.content.counts.empty]
    if its.kind is RunKind.APPLY:
        _apply_ended(bot, job, its, {row.project.place for row in rows if row.state in _TOUCHED}, left)
    elif any(plan.rules.apply is ApplyMode.APPROVAL for plan in left):
        args = {**_pull_args(job), "asked_by": its.asked_by, "why": "approval"}
        bot.engine.start(Job(f"ripe:{its.id}", "apply", args))


_TOUCHED = (State.DONE, State.FAILED, State.UNKNOWN)


def _apply_ended(bot: Bot, job: Job, its: Run, touched: set[str], left: list[Plan]) -> None:
    """Tell other pulls whose plans rest on state that is no more; go on to the merge when nothing is left."""
    stale.mark_others(bot, its.pull, touched)
    stale.mark_dependents(bot, its.pull, touched)
    update_requests.ask(bot, update_requests.plan_topic(its.pull), its.pull)
    if left and its.state is not State.DONE:
        bot.engine.start(Job(f"again:{its.id}", "plan", {**_pull_args(job), "asked_by": its.asked_by, "why": "apply"}))
    if its.state is State.DONE and not left:
        bot.engine.start(Job(f"merge:{its.id}", "merge", {**_pull_args(job), "run": its.id}))
    else:
        bot.engine.start(Job(f"close:{its.id}", "close", {**_pull_args(job), "asked_by": its.asked_by}))


def _tidy(bot: Bot, job: Job, its: Run) -> None:
    with bot.store.read() as tx:
        settled = all(row.state.ended for row in runs.projects(tx, its.id))
    if settled:
        mirror = bot.mirror(bot.repository(job))
        for commit in {its.result, its.base, *_commits(bot, its)} - {""}:
            mirror.drop(bot.folders.checkout(its.id, commit))
        clean(bot.folders.top / "scratch" / its.id)


def _forget_prepared(bot: Bot, its: Run) -> None:
    """What was made ready for a pull that is over goes with its last run; `close` drops it of all others."""
    with bot.store.read() as tx:
        pull = pulls.get(tx, its.pull)
        idle = not runs.unfinished(tx, its.pull)
    if pull and pull.state is not PullState.OPEN and idle:
        clean(bot.folders.prepared(pull.key))


def _commits(bot: Bot, its: Run) -> set[str]:
    with bot.store.read() as tx:
        held = [plans.get(tx, row.plan) for row in runs.projects(tx, its.id) if row.plan]
    return {plan.result for plan in held if plan}


def _pull_args(job: Job) -> dict[str, str]:
    return {"repository": job.args["repository"], "number": job.args["number"]}
