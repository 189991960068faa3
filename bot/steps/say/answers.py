"""Answer the one who asked for a job: a comment of its own, by the asking comment; once, however often it is said."""

from bot import templates
from bot.bot import Bot
from bot.core.job import Job
from bot.core.pull import Pull


def answer(bot: Bot, job: Job, pull: Pull, kind: str, **words: object) -> None:
    """Say the words of that kind under the topic of this job."""
    tell(bot, pull, f"answer:{job.root.partition(':')[2]}", kind, **words)


def tell(bot: Bot, pull: Pull, topic: str, kind: str, **words: object) -> None:
    """Say the words of that kind in the pull's one comment of that topic."""
    bot.host(pull.repository).say(pull.repository, pull.number, topic, templates.answer(kind, **words))


def react(bot: Bot, job: Job, pull: Pull, reaction: str) -> None:
    """Put a reaction under the comment that asked, if one did."""
    kind, _, comment = job.args.get("why", "").partition(":")
    if kind == "comment":
        bot.host(pull.repository).react(pull.repository, int(comment), reaction)
