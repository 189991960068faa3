"""`/cancel`: stop the pull request's plans, queued and running; interrupt its apply once, whose outcome is told."""

from bot.bot import Bot
from bot.core.job import Job
from bot.steps.run import settle
from bot.steps.say import update_requests
from bot.steps.say.answers import answer, react
from bot.store import ledger, runs


def run(bot: Bot, job: Job) -> None:
    pull = bot.pull(job)
    why = f"cancelled by {job.args['asked_by']}"
    with bot.store.begin() as tx:
        open_runs = runs.unfinished(tx, pull.key)
        for its in open_runs:
            runs.ask_to_stop(tx, its.id, why)
            runs.skip_queued(tx, its.id, why, bot.clock())
        ledger.note(tx, bot.clock(), job.args["asked_by"], "cancelled", pull.key, runs=str(len(open_runs)))
    for its in open_runs:
        settle.told_if_ended(bot, its.id)
        update_requests.ask_for(bot, its.id)
    react(bot, job, pull, "rocket")
    if open_runs:
        answer(bot, job, pull, "cancelled", count=len(open_runs))
    else:
        answer(bot, job, pull, "nothing_to_cancel")
