"""A merge queue asks for checks on a commit: what it holds was judged on its pull requests, so both statuses pass."""

from bot.bot import Bot
from bot.core.job import Job
from bot.core.pull import CheckState, Status
from bot.steps.say.statuses import APPLY, PLAN


def run(bot: Bot, job: Job) -> None:
    """Set both statuses on the merge queue's commit."""
    repository = bot.repository(job)
    for name in (PLAN, APPLY):
        status = Status(name, CheckState.SUCCESS, "judged on the pull request")
        bot.host(repository).status(repository, job.args["sha"], status)
