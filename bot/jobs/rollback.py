"""`/rollback`: a pull request with the inverse of a merged one, made from Git history and planned like any other."""

from bot.bot import Bot
from bot.core.errors import Refused
from bot.core.job import Job
from bot.core.pull import Pull, PullState
from bot.core.run import Selection
from bot.git import Mirror
from bot.steps.pull.source import fetched
from bot.steps.say.answers import answer, react
from bot.store import ledger, pulls
from bot.store.columns import load


def run(bot: Bot, job: Job) -> None:
    pull = bot.pull(job)
    try:
        opened = _opened(bot, job, pull)
    except Refused as why:
        react(bot, job, pull, "confused")
        answer(bot, job, pull, "refused", command="/rollback", why=str(why))
        return
    react(bot, job, pull, "rocket")
    answer(bot, job, pull, "rollback_opened", number=opened.number, url=opened.url, source=pull.number)


def _opened(bot: Bot, job: Job, pull: Pull) -> Pull:
    """Push the revert to a branch of its own and open its pull request; both are found again the second time."""
    if not load(Selection, job.args.get("selection", "{}")).everything:
        raise Refused("a rollback takes back the whole pull request; leave out -p, -d and -w")
    if pull.state is not PullState.MERGED or pull.merge_commit is None:
        raise Refused("only a merged pull request can be taken back; close this one instead")
    mirror = bot.mirror(pull.repository)
    base, _ = fetched(bot, mirror, pull)
    branch = f"gitops-bot/rollback-{pull.number}-{pull.merge_commit[:8]}"
    mirror.push(_reverted(mirror, pull, base), branch)
    opened = bot.host(pull.repository).open_pull(
        pull.repository, branch, pull.base.name, f"Roll back #{pull.number}: {pull.title}", _body(job, pull)
    )
    with bot.store.begin() as tx:
        pulls.save(tx, opened)
        pulls.asked_by(tx, opened.key, job.args["asked_by"])
        ledger.note(tx, bot.clock(), job.args["asked_by"], "rollback", pull.key, opened=str(opened.number))
    return opened


def _reverted(mirror: Mirror, pull: Pull, base: str) -> str:
    """The commit that takes back what landed."""
    return mirror.revert(pull.merge_commit or "", base, pull.head.sha)


def _body(job: Job, pull: Pull) -> str:
    return f"Takes back #{pull.number}, asked by @{job.args['asked_by']}. Planned, approved and applied like any other."
