"""Finds the commands, runs one, exits; the only place that reads the process's environment, arguments and directory.

A file of this folder with a `declare` is a command of its name: its `run` gets a Call and returns the exit status.
"""

import argparse
import getpass
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path

from bot import process
from bot.cli.call import Call
from bot.cli.usage import FAILED, INTERRUPTED, PROGRAM, REFUSED, Parser, Subcommands
from bot.config.sources import PREFIX
from bot.core.errors import Refused, ToolFailed, Transient, Unwelcome

EXITS = """exit codes:
  0   good
  1   failed: a tool, a forge or a database did not do what was asked
  2   `plan` found changes; no other command uses it
  3   refused or misused: the message says what to mend
  130 interrupted

`gitops-bot COMMAND --help` tells more of each, with an example."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command and exit with its status."""
    process.protect_memory()
    environment = _take_environment()
    options = parser().parse_args(argv)
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # else GitPython raises on import where there is no git
    call = Call(
        options=vars(options),
        environment=environment,
        cwd=Path.cwd(),
        user=_user(),
        out=sys.stdout,
        err=sys.stderr,
    )
    sys.exit(_status(call))


def _take_environment() -> dict[str, str]:
    """Return our environment, and keep our settings in it from programs that libraries start with what is there."""
    environment = dict(os.environ)
    for name in environment:
        if name.startswith(PREFIX):
            del os.environ[name]
    return environment


def parser() -> Parser:
    """Every command and option; tests hold the README and docs/shell.md against it."""
    top = Parser(
        prog=PROGRAM,
        description="Plans, applies and takes back infrastructure by pull request.",
        epilog=EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML (default: GITOPS_BOT_CONFIG)")
    top.add_argument("--verbose", action="store_true", help="log what happens in detail")
    commands = Subcommands(top)
    for command in pkgutil.iter_modules([str(Path(__file__).parent)]):
        module = importlib.import_module(f"bot.cli.{command.name}")
        if hasattr(module, "declare"):
            module.declare(commands)
    top.add_argument("--version", action=_Version, help="say which version this is")
    return top


class _Version(argparse.Action):
    """Asks for the version when it is wanted, which is seldom."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help=help, default=argparse.SUPPRESS)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version(PROGRAM)
        except PackageNotFoundError:
            number = "(not installed: run from its source)"
        sys.stdout.write(f"{PROGRAM} {number}\n")
        parser.exit()


def _status(call: Call) -> int:
    """The one place where errors become exit statuses."""
    module = importlib.import_module(f"bot.cli.{call.options['command']}")
    try:
        return int(module.run(call))
    except (Refused, Transient) as error:
        call.complain(str(error))
        return REFUSED if isinstance(error, Refused | Unwelcome) else FAILED
    except ToolFailed as error:
        call.complain(str(error), error.output)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _user() -> str:
    """Who calls; in a container the number may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
