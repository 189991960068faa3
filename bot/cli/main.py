"""The commands and their options; the only place that reads the process's environment, arguments and directory."""

import argparse
import getpass
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.cli.call import Call
from bot.core.errors import Refused, ToolFailed, Transient

GOOD, FAILED, REFUSED = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command and exit with its status: 0 good, 1 failed, 2 refused or misused, 3 a needed program is missing."""
    chosen = parser().parse_args(argv)
    call = Call(
        options=vars(chosen),
        environment=dict(os.environ),
        cwd=Path.cwd(),
        user=getpass.getuser(),
        out=sys.stdout,
    )
    module = importlib.import_module(f"bot.cli.{chosen.command}")
    try:
        sys.exit(module.run(call))
    except (Refused, ToolFailed, Transient) as why:
        sys.stderr.write(f"gitops-bot: {why}\n")
        sys.exit(REFUSED if isinstance(why, Refused) else FAILED)
    except KeyboardInterrupt:
        sys.exit(130)


def parser() -> argparse.ArgumentParser:
    """Every command and option; a test holds the README against it."""
    top = argparse.ArgumentParser(
        prog="gitops-bot", description="Plans, applies and takes back infrastructure by pull request."
    )
    top.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML (default: GITOPS_BOT_CONFIG)")
    top.add_argument("--verbose", action="store_true", help="log what happens in detail")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="take webhooks, do the work, show the pages")
    serve.add_argument("--with-parent", action="store_true", help="end when the process that started it ends")
    demo = commands.add_parser("demo", help="a forge, the bot and a pull request on this machine")
    demo.add_argument("--story", action="store_true", help="play it through in the terminal and exit")
    demo.add_argument("--dir", type=Path, help="where to keep it (default: a temporary directory)")
    demo.add_argument("--port", type=int, default=0, help="port of the forge's page (default: any)")
    sandbox = commands.add_parser("sandbox", help="a GitHub-compatible forge for trying things")
    sandbox.add_argument("--listen", default="127.0.0.1:8081")
    sandbox.add_argument("--dir", type=Path, required=True)
    sandbox.add_argument("--with-parent", action="store_true", help="end when the process that started it ends")
    plan = commands.add_parser("plan", help="plan a directory here and now, without a forge")
    plan.add_argument("dir", nargs="?", type=Path, default=Path("."))
    plan.add_argument("-w", "--workspace", default="default")
    plan.add_argument("--json", action="store_true")
    runs = commands.add_parser("runs", help="the newest runs")
    runs.add_argument("--pull", metavar="OWNER/NAME#N")
    runs.add_argument("--limit", type=int, default=20)
    runs.add_argument("--json", action="store_true")
    locks = commands.add_parser("locks", help="who holds what, and the freeze")
    locks.add_argument("--json", action="store_true")
    unlock = commands.add_parser("unlock", help="free a pull request's locks and drop its plans")
    unlock.add_argument("pull", metavar="OWNER/NAME#N")
    freeze = commands.add_parser("freeze", help="stop all applies until thaw")
    freeze.add_argument("reason")
    commands.add_parser("thaw", help="end the freeze")
    check = commands.add_parser("check", help="settings, gitops.yaml, tools, credentials: what is missing")
    check.add_argument("--json", action="store_true")
    return top
