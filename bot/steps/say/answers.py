"""Answer the one who asked for a job: a comment of its own, by the asking comment; once, however often it is said."""

from bot import templates
from bot.bot import Bot
from bot.core.job import Job
from bot.core.pull import Pull
from bot.steps.say.topics import say


def answer(bot: Bot, job: Job, pull: Pull, kind: str, **fields: object) -> None:
    """Say the words of that kind under the topic of this job."""
    upsert_comment(bot, pull, answer_topic(job), kind, **fields)


def answer_in_markdown(bot: Bot, job: Job, text: str) -> None:
    """Say the text, which has no words of others in it, under the topic of this job: worth reading also later."""
    repository = bot.repository(job)
    say(bot.host(repository), repository, job.pull.number, _topic("page", job), text)


def upsert_comment(bot: Bot, pull: Pull, topic: str, kind: str, **fields: object) -> None:
    """Say the words of that kind in the pull's one comment of that topic."""
    say(bot.host(pull.repository), pull.repository, pull.number, topic, templates.answer(kind, **fields))


def react(bot: Bot, job: Job, pull: Pull, reaction: str) -> None:
    """Put a reaction under the comment that asked, if one did."""
    if job.comment:
        bot.host(pull.repository).react(pull.repository, job.comment, reaction)


def answer_topics(job: Job) -> tuple[str, ...]:
    """What an answer to this job may be marked with."""
    return answer_topic(job), _topic("page", job)


def answer_topic(job: Job) -> str:
    """What an answer to this job is marked with that the next one makes old."""
    return _topic("answer", job)


def _topic(kind: str, job: Job) -> str:
    return f"{kind}:{job.root.partition(':')[2]}"
