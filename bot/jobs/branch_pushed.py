"""A branch moved: pull requests into it whose plans no longer fit are told, and planned again. Others cost nothing.

Who pushed is noted: of pull requests from it, closed ones too, for they may be opened again; and of the commit, from
which one may be opened later.
"""

from bot.bot import Bot
from bot.core.errors import Refused
from bot.core.job import Job
from bot.core.pull import PullState
from bot.steps.pull import stale
from bot.store import pulls


def run(bot: Bot, job: Job) -> None:
    """Record who pushed, then check the plans of open pull requests into the branch."""
    with bot.store.begin() as tx:
        if pusher := job.args.get("by"):
            pulls.record_branch_pusher(tx, job.repository, job.args["branch"], pusher)
            if sha := job.args.get("sha"):  # a promise of an earlier version has none
                pulls.record_pushed_commit(tx, job.repository, sha, pusher)
        open_pulls = pulls.list_pulls(tx, job.repository, PullState.OPEN)
    for pull in open_pulls:
        if pull.base.name != job.args["branch"]:
            continue
        try:
            stale.check(bot, pull)
        except Refused:  # a conflict, or a configuration that broke: planning again tells it
            stale.plan_again(bot, pull.key)
