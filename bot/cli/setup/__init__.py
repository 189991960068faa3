"""`gitops-bot setup FORGE …`: what a forge needs before it can work with the bot. A file of this folder is a forge."""

import importlib
import pkgutil
from typing import TYPE_CHECKING

from bot.cli.usage import Subcommands, Usage

if TYPE_CHECKING:
    from bot.cli.call import Call

USAGE = Usage(
    summary="what a forge needs: a GitHub App, or a repository's webhook on Gitea",
    text="""
    `github` makes a GitHub App, with the rights and events that the bot needs, and writes its settings.

    `gitea` looks at what the token may do in a repository, says what is missing, and makes the webhook that calls this
    bot, or mends the one that there is.
    """,
    exits={
        0: "it is as it should be",
        1: "the forge does not answer",
        3: "a right or a setting is missing or wrong, or nobody agreed; nothing was done",
    },
    example="gitops-bot setup github --organisation acme --file /etc/gitops-bot/github.toml",
)


def declare(commands: Subcommands) -> None:
    """Add the command, and one of each forge."""
    forges = Subcommands(commands.add("setup", USAGE), dest="forge", metavar="FORGE", title="forges")
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}").declare(forges)


def run(call: "Call") -> int:
    """Set up the forge that was named."""
    return int(importlib.import_module(f"{__name__}.{call.options['forge']}").run(call))
