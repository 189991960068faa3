"""`gitops-bot sandbox`."""

import os
from pathlib import Path

from bot.cli.call import Call
from bot.cli.usage import Commands, Usage

USAGE = Usage(
    summary="a GitHub-compatible forge for trying things",
    text="""
    A forge in one process, for tests and trials: GitHub's REST API as far as gitops-bot uses it, git over HTTP,
    signed webhooks, and a page for people. Its repositories stay in --dir; users and pull requests go when it
    ends. The first line printed says where it listens. `gitops-bot demo` starts one with everything in it.
    """,
    exits={0: "told to end", 1: "it could not listen there", 3: "misused"},
    example="gitops-bot sandbox --dir /tmp/forge --listen 127.0.0.1:8081",
)


def declare(commands: Commands) -> None:
    options = commands.add("sandbox", USAGE)
    options.add_argument(
        "--listen", default="127.0.0.1:8081", metavar="HOST:PORT", help="its address (default: 127.0.0.1:8081)"
    )
    options.add_argument("--dir", type=Path, required=True, help="where it keeps its repositories")
    options.add_argument("--with-parent", action="store_true", help="end when the process that started it ends")


def run(call: Call) -> int:
    from bot.core.errors import Refused, ToolFailed
    from sandbox.forge.app import run as serve
    from sandbox.forge.leash import end_with_parent

    listen, directory = call.options["listen"], call.cwd / call.options["dir"]
    if call.options["with_parent"]:
        end_with_parent(os.getppid())
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as why:
        raise Refused(f"nothing can be kept in {directory} ({why.strerror}): name another --dir") from why
    try:
        serve(listen, directory)
    except OSError as why:
        raise ToolFailed(f"the sandbox cannot listen on {listen} ({why.strerror}): name another --listen") from why
    except ValueError as why:
        raise Refused(f"--listen {listen} is no address: write it like 127.0.0.1:8081") from why
    return 0
