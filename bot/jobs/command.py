"""Read a comment's commands and promise what they ask for. Everything about the person is read live, failing closed."""

from datetime import timedelta

from bot import templates
from bot.bot import Bot
from bot.core import commands
from bot.core.commands import Command, CommandName, Misread
from bot.core.job import Job
from bot.core.pull import Comment, Pull, Role
from bot.core.run import Selection
from bot.store import ledger
from bot.store.columns import dump

KIND_OF = {
    CommandName.PLAN: "plan",
    CommandName.APPLY: "apply",
    CommandName.UNLOCK: "unlock",
    CommandName.ROLLBACK: "rollback",
    CommandName.CANCEL: "cancel",
}


def run(bot: Bot, job: Job) -> None:
    repository = bot.repository(job)
    host = bot.host(repository)
    comment = host.comment(repository, int(job.args["comment"]))
    if comment.edited or comment.author_is_bot or comment.author == host.whoami():
        return
    asked = commands.read(comment.body)
    if not asked:
        return
    pull = bot.pull(job)
    late = host.now() - comment.at
    if late > bot.limits.late:
        _answer(bot, pull, comment, 0, "late", command=_line(asked[0]), minutes=_minutes(late))
        return
    if any(_needs_rights(one) for one in asked) and host.role(repository, comment.author) < Role.WRITE:
        host.react(repository, comment.id, "-1")
        _answer(bot, pull, comment, 0, "no_rights", user=comment.author, command=_line(asked[0]))
        return
    host.react(repository, comment.id, "eyes")
    for number, one in enumerate(asked):
        _carry_out(bot, pull, comment, number, one)


def _needs_rights(asked: Command | Misread) -> bool:
    return not (isinstance(asked, Command) and asked.name is CommandName.HELP)


def _carry_out(bot: Bot, pull: Pull, comment: Comment, number: int, asked: Command | Misread) -> None:
    if isinstance(asked, Misread):
        _answer(bot, pull, comment, number, "misread", line=asked.line, why=asked.why, suggestion=asked.suggestion)
        bot.host(pull.repository).react(pull.repository, comment.id, "confused")
        return
    if asked.name is CommandName.HELP:
        _say(bot, pull, comment, number, templates.help_text())
        return
    with bot.store.begin() as tx:
        ledger.note(tx, bot.clock(), comment.author, asked.name.value, pull.key, line=asked.line)
    bot.engine.start(Job(f"{pull.key}:{comment.id}:{number}", KIND_OF[asked.name], _args(pull, comment, asked)))


def _args(pull: Pull, comment: Comment, asked: Command) -> dict[str, str]:
    return {
        "repository": pull.repository.key,
        "number": str(pull.number),
        "asked_by": comment.author,
        "why": f"comment:{comment.id}",
        "selection": dump(Selection, asked.selection),
        "sha": asked.sha or "",
    }


def _answer(bot: Bot, pull: Pull, comment: Comment, number: int, kind: str, **words: object) -> None:
    _say(bot, pull, comment, number, templates.answer(kind, **words))


def _say(bot: Bot, pull: Pull, comment: Comment, number: int, text: str) -> None:
    bot.host(pull.repository).say(pull.repository, pull.number, f"answer:{comment.id}:{number}", text)


def _line(asked: Command | Misread) -> str:
    return asked.line


def _minutes(late: timedelta) -> int:
    return int(late.total_seconds() // 60)
