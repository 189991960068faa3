"""`/rollback`: a pull request with the inverse of a merged one, made from Git history and planned like any other."""

from bot.bot import Bot
from bot.core.errors import Refused
from bot.core.job import Job
from bot.core.lifecycle import left_behind
from bot.core.pull import Pull, PullState
from bot.core.vocabulary import CommandSpec, Example
from bot.git import Mirror
from bot.steps.pull.landing import base_before_rollback
from bot.steps.pull.records import read_records
from bot.steps.pull.source import fetch_commits
from bot.steps.say.answers import answer, react
from bot.store import audit, plans, pulls

COMMAND = CommandSpec(
    examples=(Example("/rollback", "On a merged pull request: opens another that takes it back"),),
    page="""
    The other is made from Git history (merge commit, squash and rebase alike), and both are linked. It is planned,
    approved and applied like any other; whoever asked for it cannot approve it.

    > ⏪ Pull request 12 takes back what pull request 7 did. It is planned, approved and applied like any other: read
    > its plan, then comment `/apply` there.

    It takes back the whole pull request. Where later commits stand in the way, it names them and the files.

    On a pull request that is not merged it says how to take back what was applied of it: push a commit that takes the
    change back, and apply the plan of that.
    """,
    rank=40,
)


def run(bot: Bot, job: Job) -> None:
    """Open the rollback's pull request and answer with it, or with why there is none."""
    pull = bot.refresh_pull(job)
    if pull.state is not PullState.MERGED:
        react(bot, job, pull, "confused")
        _tell_way_back(bot, job, pull)
        return
    try:
        opened = _open_rollback(bot, job, pull)
    except Refused as refusal:
        react(bot, job, pull, "confused")
        answer(bot, job, pull, "refused", command="/rollback", why=str(refusal))
        return
    react(bot, job, pull, "rocket")
    addresses = {"url": opened.url, "source_url": pull.url}
    answer(bot, job, pull, "rollback_opened", number=opened.number, source=pull.number, **addresses)


def _tell_way_back(bot: Bot, job: Job, pull: Pull) -> None:
    """Nothing of the pull landed, so no history takes it back: what it applied is taken back by its own next plan."""
    with bot.store.read() as tx:
        names = sorted({plan.project.name for plan in left_behind(plans.attempted(tx, pull.key))})
    answer(bot, job, pull, "not_merged", projects=names, closed=pull.state is PullState.CLOSED)


def _open_rollback(bot: Bot, job: Job, pull: Pull) -> Pull:
    """Push the revert to a branch of its own and open its pull request; both are found again the second time."""
    if pull.merge_commit is None:
        raise Refused("the forge does not tell which commit landed: revert it by hand, on a branch of its own")
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
