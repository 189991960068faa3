"""Comments as the bot reads them: with the commands that its jobs declare."""

from bot import jobs
from bot.core import commands
from bot.core.commands import Command, Misread

VOCABULARY = jobs.vocabulary()


def read(body: str) -> tuple[Command | Misread, ...]:
    return commands.read(body, VOCABULARY)
