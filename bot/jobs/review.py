"""Someone reviewed: show the gate as it is now, and apply what waits for an approval."""

from bot.bot import Bot
from bot.core import promises
from bot.core.job import Job
from bot.core.lifecycle import to_apply
from bot.core.project import ApplyMode
from bot.core.run import RunKind
from bot.core.trigger import Trigger, TriggerKind
from bot.steps.say import update_requests
from bot.store import plans, runs


def run(bot: Bot, job: Job) -> None:
    """Update the plan comment, and promise an apply where an approval may begin one."""
    pull = bot.pull(job)
    with bot.store.read() as tx:
        live = plans.live(tx, pull.key)
        newest = runs.latest(tx, pull.key, RunKind.PLAN)
    if newest is None:
        return
    update_requests.request_update(bot, update_requests.plan_slot(pull.key), pull.key)
    if any(plan.rules.apply is ApplyMode.APPROVAL for plan in to_apply(live)):
        bot.engine.start(promises.apply(f"ripe:{job.id}", pull.key, bot.name, Trigger(TriggerKind.APPROVAL)))
