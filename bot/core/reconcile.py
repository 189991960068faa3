"""What the sweep adds: jobs that should have been promised and were not. Pure: levels in, missing jobs out."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core import commands, lifecycle, promises
from bot.core.job import Job
from bot.core.pull import Comment, Pull, PullState
from bot.core.trigger import Trigger, TriggerKind
from bot.core.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class PullLevel:
    """A pull request as the forge has it, beside what the store has of it.

    `planned_head` is the head of its newest plan run; `handled_closure` the closure that was dealt with; `holds`
    whether it has locks or live plans.
    """

    pull: Pull
    planned_head: str | None
    handled_closure: str | None
    holds: bool


def jobs_for_pulls(levels: Sequence[PullLevel], sweep_time: str) -> tuple[Job, ...]:
    """Open pulls without a plan of their head, or on which anything happened; gone ones that still hold something."""
    return tuple(job for level in levels for job in _jobs_for_pull(level, sweep_time))


def jobs_for_comments(comments: Sequence[Comment], vocabulary: Vocabulary) -> tuple[Job, ...]:
    """Commands whose webhook was lost; those that arrived have the same job already."""
    return tuple(
        promises.read_comment(comment.ref, swept=True)
        for comment in comments
        if not comment.author_is_bot and not comment.edited and commands.read(comment.body, vocabulary)
    )


def _jobs_for_pull(level: PullLevel, sweep_time: str) -> tuple[Job, ...]:
    pull = level.pull
    if pull.state is PullState.OPEN:
        unplanned = level.planned_head != pull.head.sha and not pull.draft and not pull.fork
        if unplanned:
            cause = f"sweep:{pull.key}:{pull.head.sha}"
            return (promises.plan(cause, pull.key, pull.author, Trigger(TriggerKind.SWEEP)),)
        activity = int(pull.updated.timestamp()) if pull.updated else sweep_time
        return (promises.review(f"sweep:{pull.key}:{activity}", pull.key),) if level.holds else ()
    closure = lifecycle.closure(pull)
    if level.holds and level.handled_closure not in (closure, lifecycle.UNLOCKED):
        asker = pull.merged_by or pull.author
        return (promises.close(f"sweep:{pull.key}:{closure}:{sweep_time}", pull.key, asker),)
    return ()
