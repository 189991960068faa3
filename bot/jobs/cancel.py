"""`/cancel`: stop the pull request's plans, queued and running; interrupt its apply once, whose outcome is told."""

from bot.bot import Bot
from bot.core.job import Job
from bot.core.vocabulary import CommandSpec, Example
from bot.steps.run import settle
from bot.steps.say import update_requests
from bot.steps.say.answers import answer, react
from bot.store import audit, pulls, runs

COMMAND = CommandSpec(
    examples=(Example("/cancel", "Stops this pull request's plans, and interrupts its apply"),),
    page="""
    Plans stop, queued and running. An apply is interrupted once, as Ctrl-C would: Terraform ends what it has begun and
    keeps its state. The apply's comment tells how it ended.

    > 🛑 2 runs asked to stop. A plan stops at once; an apply is interrupted once, and its comment tells how it ended.
    > `/plan` begins again.
    """,
    rank=50,
)


def run(bot: Bot, job: Job) -> None:
    """Ask every unfinished run of the pull request to stop, and answer how many there were."""
    pull = bot.fetch_pull(job)
    reason = f"cancelled by {job.asked_by}"
    jobs: list[Job] = []
    with bot.store.begin() as tx:
        pulls.refresh(tx, pull)
        open_runs = runs.list_unfinished(tx, pull.key)
        for open_run in open_runs:
            jobs += settle.stop_run(bot, tx, open_run.id, reason)
            jobs += update_requests.request_run_version(bot, tx, open_run)
        audit.record(tx, bot.clock(), job.asked_by, "cancelled", pull.key, runs=str(len(open_runs)))
    bot.start(jobs)
    react(bot, job, pull, "rocket")
    if open_runs:
        answer(bot, job, pull, "cancelled", count=len(open_runs))
    else:
        answer(bot, job, pull, "nothing_to_cancel")
