"""`/help`: the list of commands, for everybody."""

from bot import templates
from bot.bot import Bot
from bot.core.job import Job
from bot.core.pull import Role
from bot.core.vocabulary import CommandSpec, Example
from bot.steps.say.answers import answer_in_markdown

COMMAND = CommandSpec(
    examples=(Example("/help", "Shows this"),),
    role=Role.NONE,
    free_text=True,
    page="Answers with the list of commands.",
    rank=90,
)


def run(bot: Bot, job: Job) -> None:
    """Answer with every command and what it does."""
    answer_in_markdown(bot, job, templates.help_text(bot.vocabulary))
