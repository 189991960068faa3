"""Someone reviewed: show the gate as it is now, and apply what waits for an approval."""

from bot.bot import Bot
from bot.core.job import Job
from bot.core.project import ApplyMode
from bot.core.run import RunKind
from bot.steps.say import update_requests
from bot.store import plans, runs


def run(bot: Bot, job: Job) -> None:
    pull = bot.pull(job)
    with bot.store.read() as tx:
        live = plans.live(tx, pull.key)
        newest = runs.latest(tx, pull.key, RunKind.PLAN)
    if newest is None:
        return
    update_requests.ask(bot, update_requests.plan_topic(pull.key), pull.key)
    if any(plan.rules.apply is ApplyMode.APPROVAL and not plan.content.counts.empty for plan in live):
        args = {**job.args, "asked_by": bot.name, "why": "approval"}
        bot.engine.start(Job(f"ripe:{job.id}", "apply", args))
