"""A store that was put back from a copy knows less than the forge shows of us: applies are frozen until a person looks.

Such a store holds promises that were kept since. Our own comments tell: each apply has one, marked with its run.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from bot.bot import Bot
from bot.core.errors import Refused, Transient
from bot.core.keys import CommentSlot
from bot.core.own_comment import end_of, topic_of
from bot.core.pull import Comment, Repository
from bot.core.run import ApplyOutcome, Freeze, PlanState, Run, RunKind, State
from bot.core.trigger import Trigger, TriggerKind
from bot.store import audit, intents, locks, plans, pulls, runs

REMEDY = "compare the infrastructure with Git, comment `/plan` where it matters, then run `gitops-bot thaw`"
UNKNOWN_END = "it is over, as its comment shows; the store was put back from a copy that does not know how it ended"

logger = logging.getLogger(__name__)


def compare_with_forges(bot: Bot) -> None:
    """Read our comments before anything that was promised goes on. A forge that does not answer is read by the sweep.

    Nothing of its repositories is applied before it answers.
    """
    with bot.store.read() as tx:
        swept = [(repository, pulls.swept_at(tx, repository.key)) for repository in pulls.repositories(tx)]
    for repository, since in swept:
        host = bot.hosts.get(repository.forge)
        if host is None or since is None:
            continue
        try:
            own = host.whoami()
            comments = [comment for comment in host.comments(repository, since) if comment.author == own]
        except (Refused, Transient) as error:
            logger.warning("%s: whether the store is an old one is looked at later: %s", repository.name, error)
            continue
        freeze_if_restored(bot, repository, comments)


def freeze_if_restored(bot: Bot, repository: Repository, own_comments: Sequence[Comment]) -> None:
    """Freeze all applies where a comment of ours tells of an apply, or of its end, that the store does not know."""
    with bot.store.read() as tx:
        applies = [apply for comment in own_comments if (apply := _unknown_apply(tx, comment))]
    if not applies:
        return
    pull = applies[-1].pull
    reason = (
        f"the store is older than what was done: {repository.name}#{pull.number} tells of an apply that it does not "
        f"know, as after a restore from a copy; {REMEDY}"
    )
    logger.error("applies are frozen: %s", reason)
    now = bot.clock()
    with bot.store.begin() as tx:
        for apply in applies:
            _record(tx, apply, now)
        earlier = locks.get_freeze(tx)
        full_reason = f"{earlier.reason}; {reason}" if earlier else reason
        locks.freeze_applies(tx, Freeze(full_reason, bot.name, now))
        audit.record(tx, now, bot.name, "freeze", pull, reason=reason)


def _unknown_apply(tx: sa.Connection, comment: Comment) -> Run | None:
    """The apply that the comment tells of, where the store has not heard of it, or not of its end."""
    id = CommentSlot(topic_of(comment.body) or "").run
    run = runs.get(tx, id) if id else None
    if id is None or (run and (run.state.ended or end_of(comment.body) is None)):
        return None
    trigger = Trigger(TriggerKind.SWEEP)
    return run or Run(id, RunKind.APPLY, comment.ref.pull, State.QUEUED, comment.author, trigger, head="", base="")


def _record(tx: sa.Connection, apply: Run, now: datetime) -> None:
    """It is over, nobody here can tell how, and no plan of its pull request is to be applied as it was."""
    runs.add(tx, replace(apply, created_at=apply.created_at or now), (), job="")
    runs.end(tx, apply.id, State.UNKNOWN, UNKNOWN_END, now)
    for intent in intents.list_open(tx):
        if intent.run == apply.id:
            intents.end(tx, intent.id, ApplyOutcome.UNKNOWN)
    for plan in plans.live(tx, apply.pull):
        plans.set_state(tx, plan.id, PlanState.STALE, "the pull request was applied since")
