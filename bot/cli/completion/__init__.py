"""`gitops-bot completion SHELL`: a script that completes our commands, made from the argument parser itself."""

from bot.cli.call import Call
from bot.cli.usage import GOOD, PROGRAM, Subcommands, Usage

SHELLS = ("bash", "zsh", "fish")
USAGE = Usage(
    summary="a script that completes commands in bash, zsh or fish",
    text="""
    Prints a script for the shell that is named. It completes commands, options, and values that are files,
    directories or one of a few words. It is made from the same description as --help, so it fits this version:
    let the shell read it anew at each start, and it never goes stale.
    """,
    exits={0: "printed", 3: "there is no script for that shell"},
    example="source <(gitops-bot completion bash)",
)


def declare(commands: Subcommands) -> None:
    """Add the command."""
    commands.add("completion", USAGE).add_argument("shell", choices=SHELLS, help="bash, zsh or fish")


def run(call: Call) -> int:
    """Print the script of a shell."""
    from bot.cli.completion import bash, fish, zsh
    from bot.cli.completion.parser_tree import levels
    from bot.cli.main import parser

    scripts = {"bash": bash.script, "zsh": zsh.script, "fish": fish.script}
    call.say(scripts[call.options["shell"]](PROGRAM, list(levels(parser()))))
    return GOOD
