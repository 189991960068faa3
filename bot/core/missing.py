"""What the sweep adds: jobs that should have been promised and were not. Pure: levels in, missing jobs out."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core import commands
from bot.core.decide import command, pull_args
from bot.core.job import Job
from bot.core.pull import Comment, Pull, PullState, Repository


@dataclass(frozen=True, slots=True)
class Seen:
    """A pull request as the forge has it, beside what the store has of it.

    `planned_head` is the head of its newest plan run; `closed_for` the closure that was dealt with; `holds` whether it
    has locks or live plans.
    """

    pull: Pull
    planned_head: str | None
    closed_for: str | None
    holds: bool


def for_pulls(seen: Sequence[Seen], turn: str) -> tuple[Job, ...]:
    """Open pulls without a plan of their head, or on which anything happened; gone ones that still hold something."""
    return tuple(job for one in seen for job in _for_pull(one, turn))


def for_comments(repository: Repository, comments: Sequence[Comment]) -> tuple[Job, ...]:
    """Commands whose webhook was lost; those that arrived have the same job already."""
    return tuple(
        command(repository, comment.id, comment.number)
        for comment in comments
        if not comment.author_is_bot and not comment.edited and commands.read(comment.body)
    )


def _for_pull(one: Seen, turn: str) -> tuple[Job, ...]:
    pull, args = one.pull, pull_args(one.pull.repository, one.pull.number)
    if pull.state is PullState.OPEN:
        unplanned = one.planned_head != pull.head.sha and not pull.draft and not pull.fork
        if unplanned:
            plan = args | {"asked_by": pull.author, "why": "sweep"}
            return (Job(f"sweep:{pull.key}:{pull.head.sha}", "plan", plan),)
        moment = int(pull.updated.timestamp()) if pull.updated else turn
        return (Job(f"sweep:{pull.key}:{moment}", "review", args),) if one.holds else ()
    closure = pull.merge_commit or "merged" if pull.state is PullState.MERGED else "closed"
    if one.holds and one.closed_for not in (closure, "unlocked"):
        return (Job(f"sweep:{pull.key}:{closure}:{turn}", "close", args | {"asked_by": pull.merged_by or pull.author}),)
    return ()
