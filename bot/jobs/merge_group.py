"""A merge queue asks for checks on a commit: its pull request is judged on exactly that tree."""

from bot.bot import Bot
from bot.core.errors import Refused, ToolFailed
from bot.core.gate import APPLY_STATUS, PLAN_STATUS
from bot.core.job import Job
from bot.core.pull import CheckState, Status
from bot.steps.run.queue_verdict import queue_refusal

UNKNOWN = "nobody can tell which pull request this is: queue it again"
JUDGED = "what landing this would apply is what was approved"


def run(bot: Bot, job: Job) -> None:
    """Set both statuses on the merge queue's commit: pending while it is looked at, then the verdict."""
    _set(bot, job, CheckState.PENDING, "comparing the queue's tree with what was planned")
    try:
        refusal = queue_refusal(bot, job) if job.has_pull else UNKNOWN
    except (Refused, ToolFailed) as error:
        refusal = str(error)
    _set(bot, job, CheckState.FAILURE if refusal else CheckState.SUCCESS, refusal or JUDGED)


def _set(bot: Bot, job: Job, state: CheckState, description: str) -> None:
    repository = bot.repository(job)
    for name in (PLAN_STATUS, APPLY_STATUS):
        bot.host(repository).status(repository, job.args["sha"], Status(name, state, description))
