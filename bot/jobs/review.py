"""Someone reviewed: show the gate as it is now, and apply what waits for an approval."""

from bot.bot import Bot
from bot.core import promises
from bot.core.job import Job
from bot.core.keys import CommentSlot
from bot.core.lifecycle import to_apply
from bot.core.project import ApplyMode
from bot.core.run import RunKind
from bot.core.trigger import Trigger, TriggerKind
from bot.steps.say import update_requests
from bot.store import plans, pulls, runs


def run(bot: Bot, job: Job) -> None:
    """Update the plan comment, and promise an apply where an approval may begin one."""
    pull = bot.fetch_pull(job)
    with bot.store.begin() as tx:
        pulls.refresh(tx, pull)
        if runs.latest(tx, pull.key, RunKind.PLAN) is None:
            return
        live = plans.live(tx, pull.key)
        jobs = update_requests.request_version(bot, tx, CommentSlot.plan(pull.key), pull.key)
    bot.start(jobs)
    if any(plan.rules.apply is ApplyMode.APPROVAL for plan in to_apply(live)):
        bot.engine.start(promises.apply(f"ripe:{job.id}", pull.key, bot.name, Trigger(TriggerKind.APPROVAL)))
