"""Ask for a comment and its statuses to be said again. Many wishes make few edits: one job speaks at a time."""

import sqlalchemy as sa

from bot.bot import Bot
from bot.core.job import Job
from bot.core.run import Run, RunKind
from bot.store import runs, topics


def ask_for(bot: Bot, run: str) -> None:
    """Ask for the comment in which the run is told."""
    with bot.store.read() as tx:
        of = runs.kind(tx, run)
    if of:
        kind, pull = of
        ask(bot, plan_topic(pull) if kind is RunKind.PLAN else apply_topic(run), pull)


def ask(bot: Bot, topic: str, pull: str) -> None:
    with bot.store.begin() as tx:
        wish = topics.ask(tx, topic, pull)
        heard = topics.is_spoken_on(tx, topic, bot.clock())
    if not heard:
        promise(bot, topic, pull, wish)


def promise(bot: Bot, topic: str, pull: str, wish: int) -> None:
    repository, _, number = pull.rpartition("#")
    args = {"topic": topic, "repository": repository, "number": number}
    bot.engine.start(Job(f"update_comment:{topic}:{wish}", "update_comment", args))


def plan_topic(pull: str) -> str:
    """The pull's one plan comment, which tells its newest plan run."""
    return f"plan:{pull}"


def apply_topic(run: str) -> str:
    """An apply run's own comment."""
    return f"apply:{run}"


def told_in(tx: sa.Connection, topic: str) -> Run | None:
    """The run that the topic tells now."""
    kind, _, of = topic.partition(":")
    return runs.latest(tx, of, RunKind.PLAN) if kind == "plan" else runs.get(tx, of)
