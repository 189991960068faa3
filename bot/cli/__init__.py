"""The shell: `gitops-bot COMMAND`. Parses, wires, calls, exits. What a command needs is imported when it runs."""

from bot.cli.main import main

__all__ = ["main"]
