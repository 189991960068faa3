"""A merge queue let a pull request go without merging it. Said loudly: what was applied of it is in no branch yet."""

from bot.bot import Bot
from bot.core.job import Job
from bot.core.pull import PullState
from bot.core.run import RunKind
from bot.steps.pull.records import read_records
from bot.steps.say.answers import upsert_comment
from bot.store import runs


def run(bot: Bot, job: Job) -> None:
    """Tell it on the pull request, unless it landed meanwhile or was never planned."""
    pull = bot.refresh_pull(job)
    with bot.store.read() as tx:
        records = read_records(tx, pull)
        is_planned = runs.latest(tx, pull.key, RunKind.PLAN) is not None
    if pull.state is not PullState.OPEN or not is_planned:
        return
    names = sorted({plan.project.name for plan in records.applied})
    upsert_comment(bot, pull, f"dequeued:{job.root}", "dequeued", projects=names, locked=bool(records.locks))
