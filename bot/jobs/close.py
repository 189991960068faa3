"""A pull request was merged or closed: stop its plans, apply what its merge promises, free what it held."""

from bot.bot import Bot
from bot.core.job import Job
from bot.core.project import ApplyMode
from bot.core.pull import Pull, PullState
from bot.core.run import Lock, Plan, RunKind
from bot.steps.run import release, settle
from bot.steps.run.release import earlier_merge
from bot.steps.run.work import clean
from bot.steps.say import update_requests
from bot.steps.say.answers import tell
from bot.store import intents, locks, plans, pulls, runs

CLOSED = "the pull request was closed"


def run(bot: Bot, job: Job) -> None:
    pull = bot.pull(job)
    with bot.store.read() as tx:
        dealt_with = pulls.closed_for(tx, pull.key)
        applying = runs.unfinished(tx, pull.key, RunKind.APPLY)
        left = [plan for plan in plans.live(tx, pull.key) if not plan.content.counts.empty]
        held = locks.of_pull(tx, pull.key)
        idle = not runs.unfinished(tx, pull.key)
    again = pull.state is PullState.MERGED and (left or held)  # planned and applied after its merge was dealt with
    if pull.state is PullState.OPEN:
        return
    if dealt_with == _closure(pull) and not again:
        if idle:
            clean(bot.folders.prepared(pull.key))
        return
    _stop_plans(bot, pull)
    if applying:  # its end asks again
        return
    if pull.state is PullState.CLOSED:
        _closed(bot, pull)
    elif not left:
        release.all_of(bot, pull)
    else:
        _landed(bot, job, pull, left)
        return
    clean(bot.folders.prepared(pull.key))
    with bot.store.begin() as tx:
        pulls.set_closed_for(tx, pull.key, _closure(pull))


def _closure(pull: Pull) -> str:
    return pull.merge_commit or "merged" if pull.state is PullState.MERGED else "closed"


def _stop_plans(bot: Bot, pull: Pull) -> None:
    with bot.store.begin() as tx:
        open_runs = runs.unfinished(tx, pull.key, RunKind.PLAN)
        for its in open_runs:
            runs.ask_to_stop(tx, its.id, CLOSED)
            runs.skip_queued(tx, its.id, CLOSED, bot.clock())
    for its in open_runs:
        settle.told_if_ended(bot, its.id)


def _closed(bot: Bot, pull: Pull) -> None:
    """Closed without a merge: what was applied of it, in whole or in part, is in no branch: said, and the lock kept."""
    with bot.store.read() as tx:
        begun = [plan for id in intents.plans_of(tx, pull.key) if (plan := plans.get(tx, id))]
        names = sorted({plan.project.name for plan in (*plans.applied_of(tx, pull.key), *begun)})
        held = locks.of_pull(tx, pull.key)
    if names and held:
        tell(bot, pull, "closed", "closed_applied", projects=names)
        return
    release.all_of(bot, pull)


def _landed(bot: Bot, job: Job, pull: Pull, left: list[Plan]) -> None:
    """Merged with something left to apply: take the lock, in the order of the base branch, and begin what may.

    Asked again whenever a lock is freed, when an apply has ended, and by the sweep, until nothing is left.
    """
    if earlier_merge(bot, pull, left):
        return
    now = bot.clock()
    who = pull.merged_by or job.args["asked_by"]
    wanted = [Lock(pull.repository.key, plan.project.place, pull.key, who, now) for plan in left]
    with bot.store.begin() as tx:
        if locks.take(tx, wanted):
            return
    by_merge = [plan for plan in left if plan.rules.apply is ApplyMode.MERGE]
    args = {"repository": pull.repository.key, "number": str(pull.number), "asked_by": who, "why": "merge"}
    if by_merge:
        bot.engine.start(Job(f"land:{pull.key}:{pull.merge_commit}", "apply", args))
    if len(by_merge) < len(left):
        names = ", ".join(plan.project.name for plan in left if plan not in by_merge)
        tell(bot, pull, "landed", "landed_waiting", why=names, command="/apply")
    update_requests.ask(bot, update_requests.plan_topic(pull.key), pull.key)
