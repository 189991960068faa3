"""`/rollback`: a pull request with the inverse of a merged one, made from Git history and planned like any other."""

from bot.bot import Bot
from bot.core.errors import Refused
from bot.core.job import Job
from bot.core.pull import Pull, PullState
from bot.core.vocabulary import CommandSpec, Example
from bot.git import Mirror
from bot.steps.pull.landing import base_before_rollback
from bot.steps.pull.records import read_records
from bot.steps.pull.source import fetch_commits
from bot.steps.say.answers import answer, react
from bot.store import audit, pulls

COMMAND = CommandSpec(
    examples=(Example("/rollback", "On a merged pull request: opens another that takes it back"),),
    page="""
    The other is made from Git history (merge commit, squash and rebase alike), and both are linked. It is planned,
    approved and applied like any other; whoever asked for it cannot approve it.

    > ⏪ Pull request 12 takes back what pull request 7 did. It is planned, approved and applied like any other: read
    > its plan, then comment `/apply` there.

    It takes back the whole pull request. Where later commits stand in the way, it names them and the files.
    """,
    rank=40,
)


def run(bot: Bot, job: Job) -> None:
    """Open the rollback's pull request and answer with it, or with why there is none."""
    pull = bot.refresh_pull(job)
    try:
        opened = _open_rollback(bot, job, pull)
    except Refused as refusal:
        react(bot, job, pull, "confused")
        answer(bot, job, pull, "refused", command="/rollback", why=str(refusal))
        return
    react(bot, job, pull, "rocket")
    answer(bot, job, pull, "rollback_opened", number=opened.number, url=opened.url, source=pull.number)


def _open_rollback(bot: Bot, job: Job, pull: Pull) -> Pull:
    """Push the revert to a branch of its own and open its pull request; both are found again the second time."""
    if pull.state is not PullState.MERGED or pull.merge_commit is None:
        raise Refused("only a merged pull request can be taken back; close this one instead")
    mirror = bot.mirror(pull.repository)
    base, _ = fetch_commits(bot, mirror, pull)
    branch = f"gitops-bot/rollback-{pull.number}-{pull.merge_commit[:8]}"
    mirror.push(_revert(bot, mirror, pull, base), branch)
    opened = bot.host(pull.repository).open_pull(
        pull.repository, branch, pull.base.name, f"Roll back #{pull.number}: {pull.title}", _body(job, pull)
    )
    with bot.store.begin() as tx:
        pulls.save(tx, opened)
        pulls.record_asker(tx, opened.key, job.asked_by)
        audit.record(tx, bot.clock(), job.asked_by, "rollback", pull.key, opened=str(opened.number))
    return opened


def _revert(bot: Bot, mirror: Mirror, pull: Pull, base: str) -> str:
    """The commit that takes back what landed."""
    with bot.store.read() as tx:
        records = read_records(tx, pull)
    before = base_before_rollback(bot, mirror, pull, records)
    if before is None:
        raise Refused(f"nobody can tell which commits of {pull.base.name} it brought: take them back by `git revert`")
    return mirror.revert(pull.merge_commit or "", base, before)


def _body(job: Job, pull: Pull) -> str:
    return f"Takes back #{pull.number}, asked by @{job.asked_by}. Planned, approved and applied like any other."
