"""Where a merged pull request began on its base branch. Asked by the gate and by `/rollback`."""

from collections.abc import Iterable

from bot.bot import Bot
from bot.core.pull import BaseBranch, Pull, branch_at
from bot.core.run import Plan
from bot.git import Mirror
from bot.steps.pull.evidence import is_as_planned
from bot.steps.pull.records import PullRecords


def planned_bases(bot: Bot, pull: Pull, plans: Iterable[Plan], branches: tuple[BaseBranch, ...]) -> list[str]:
    """List what the base branch was when these plans were made, of those that this bot signed."""
    signed = (plan for plan in plans if is_as_planned(bot, plan))
    return [plan.base for plan in signed if branch_at(branches, plan.created_at) == pull.base.name]


def base_before_rollback(bot: Bot, mirror: Mirror, pull: Pull, records: PullRecords) -> str | None:
    """Return what the base branch was before the first commit that the pull landed; None where nobody can tell.

    A branch that moved on to the head itself is told by the plans of that very head alone: earlier ones may have been
    made before other people's commits, which are not the pull's.
    """
    plans = (plan for plan in (*records.live, *records.applied) if plan.head == pull.head.sha)
    bases = planned_bases(bot, pull, plans, records.base_branches)
    return mirror.before_landing(pull.merge_commit or "", pull.head.sha, bases)
