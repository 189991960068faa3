"""Read a comment's commands and promise what they ask for. Everything about the person is read live, failing closed."""

from collections.abc import Sequence
from datetime import timedelta

from bot import templates
from bot.bot import Bot, apply_run_id
from bot.core import commands, promises
from bot.core.commands import Command, Misread
from bot.core.job import Job
from bot.core.keys import CommentRef, CommentSlot
from bot.core.pull import Comment, Pull, Repository, Role
from bot.ports import Host
from bot.steps.say.answers import answer_topics
from bot.steps.say.topics import say
from bot.store import audit, pulls

RECENT = timedelta(minutes=1)
ANSWERED, ANSWERS_AN_HOUR = "was answered", 5


def run(bot: Bot, job: Job) -> None:
    """Check who asks and how long ago, then start a job for each command of the comment."""
    repository = bot.repository(job)
    host = bot.host(repository)
    comment = _fetch_comment(host, repository, job.unread_comment)
    if comment is None or comment.edited or comment.author_is_bot or comment.author == host.whoami():
        return
    parsed = commands.read(comment.body, bot.vocabulary)
    if not parsed:
        return
    pull = host.pull(repository, job.pull.number)
    late = host.now() - comment.at
    if (job.swept or late > RECENT) and _is_answered(bot, pull, comment, parsed):
        return
    if late > bot.limits.late:
        _answer(bot, pull, comment, 0, "late", command=parsed[0].line, minutes=_minutes(late))
        return
    forbidden = _first_forbidden(bot, pull, comment, parsed)
    if forbidden:
        host.react(repository, comment.ref, "-1")
        access = _required_role(bot, forbidden).name.lower()
        if _may_answer(bot, pull, comment):
            _answer(bot, pull, comment, 0, "no_rights", user=comment.author, command=forbidden.line, access=access)
        return
    host.react(repository, comment.ref, "eyes")
    if _is_open_to_all(bot, parsed) and not _may_answer(bot, pull, comment):
        return
    _record(bot, pull, comment, parsed)
    for number, command in enumerate(parsed):
        _start_job(bot, pull, comment, number, command)


def _fetch_comment(host: Host, repository: Repository, ref: CommentRef) -> Comment | None:
    """The comment, or a review's words, as they are now; None where that review is gone."""
    if ref.review is None:
        return host.comment(repository, ref)
    reviews = (review for review in host.reviews(repository, ref.pull.number) if review.id == ref.review)
    return next((review.words(ref.pull) for review in reviews), None)


def _first_forbidden(
    bot: Bot, pull: Pull, comment: Comment, parsed: Sequence[Command | Misread]
) -> Command | Misread | None:
    """What the author may not ask for. The forge is asked for the role only where one is needed."""
    restricted = [command for command in parsed if _required_role(bot, command) is not Role.NONE]
    if not restricted:
        return None
    role = bot.host(pull.repository).role(pull.repository, comment.author)
    return next((command for command in restricted if role < _required_role(bot, command)), None)


def _is_open_to_all(bot: Bot, parsed: Sequence[Command | Misread]) -> bool:
    """Nobody was asked whether the author may command."""
    return all(_required_role(bot, command) is Role.NONE for command in parsed)


def _may_answer(bot: Bot, pull: Pull, comment: Comment) -> bool:
    """Whoever may not command gets a few answers an hour, on whatever pull requests; then reactions alone."""
    now = bot.clock()
    with bot.store.begin() as tx:
        is_few = audit.count(tx, comment.author, ANSWERED, now - timedelta(hours=1)) < ANSWERS_AN_HOUR
        if is_few:
            audit.record(tx, now, comment.author, ANSWERED, pull.key, comment=comment.ref.id)
    return is_few


def _required_role(bot: Bot, command: Command | Misread) -> Role:
    return bot.vocabulary[command.name].role if isinstance(command, Command) else Role.WRITE


def _record(bot: Bot, pull: Pull, comment: Comment, parsed: Sequence[Command | Misread]) -> None:
    """Write down the pull, and who asked for what."""
    with bot.store.begin() as tx:
        pulls.refresh(tx, pull)
        for command in parsed:
            if isinstance(command, Command) and _required_role(bot, command) is not Role.NONE:
                audit.record(tx, bot.clock(), comment.author, command.name, pull.key, line=command.line)


def _start_job(bot: Bot, pull: Pull, comment: Comment, number: int, command: Command | Misread) -> None:
    if isinstance(command, Misread):
        fields = {"line": command.line, "why": command.reason, "suggestion": command.suggestion}
        _answer(bot, pull, comment, number, "misread", **fields)
        bot.host(pull.repository).react(pull.repository, comment.ref, "confused")
        return
    bot.engine.start(_promise(comment, number, command))


def _promise(comment: Comment, number: int, command: Command) -> Job:
    sha = command.sha or ""
    return promises.command(command.name, comment.ref, number, comment.author, command.selection, sha)


def _is_answered(bot: Bot, pull: Pull, comment: Comment, parsed: Sequence[Command | Misread]) -> bool:
    """The forge shows what came of the comment, whatever the store knows."""
    topics = [_topic(comment, number) for number in range(len(parsed))]
    for number, command in enumerate(parsed):
        if isinstance(command, Command):
            job = _promise(comment, number, command)
            topics += [*answer_topics(job), CommentSlot.apply(apply_run_id(job)).marker]
    host = bot.host(pull.repository)
    return any(host.find_comment(pull.repository, pull.number, topic).comment for topic in topics)


def _answer(bot: Bot, pull: Pull, comment: Comment, number: int, kind: str, **fields: object) -> None:
    text = templates.answer(kind, **fields)
    say(bot.host(pull.repository), pull.repository, pull.number, _topic(comment, number), text)


def _topic(comment: Comment, number: int) -> str:
    return f"answer:{comment.ref.id}:{number}"


def _minutes(late: timedelta) -> int:
    return int(late.total_seconds() // 60)
