"""`gitops-bot sandbox`."""

import importlib
from pathlib import Path

from bot.cli.call import Call
from bot.cli.usage import Subcommands, Usage

USAGE = Usage(
    summary="a GitHub-compatible forge for trying things",
    text="""
    A forge in one process, for tests and trials: GitHub's REST API as far as gitops-bot uses it, git over HTTP,
    signed webhooks, and a page for people. Its repositories stay in --dir; users and pull requests go when it
    ends. The first line printed says where it listens. `gitops-bot demo` starts one with everything in it.
    """,
    exits={0: "told to end", 1: "it could not listen there", 3: "misused, or the sandbox is not installed"},
    example="gitops-bot sandbox --dir /tmp/forge --listen 127.0.0.1:8081",
)


def declare(commands: Subcommands) -> None:
    """Add the command."""
    options = commands.add("sandbox", USAGE)
    options.add_argument(
        "--listen", default="127.0.0.1:8081", metavar="HOST:PORT", help="its address (default: 127.0.0.1:8081)"
    )
    options.add_argument("--dir", type=Path, required=True, help="where it keeps its repositories")
    options.add_argument("--with-parent", action="store_true", help="end when the process that started it ends")


def run(call: Call) -> int:
    """Serve the forge until it is told to end. Raises Refused and ToolFailed where it cannot."""
    from bot.cli.die_with_parent import die_with_parent
    from bot.core.errors import Refused, ToolFailed

    require_sandbox()
    from sandbox.forge.app import serve_forge

    listen, directory = call.options["listen"], call.cwd / call.options["dir"]
    if call.options["with_parent"]:
        die_with_parent()
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"nothing can be kept in {directory} ({error.strerror}): name another --dir") from error
    try:
        serve_forge(listen, directory)
    except OSError as error:
        raise ToolFailed(f"the sandbox cannot listen on {listen} ({error.strerror}): name another --listen") from error
    except ValueError as error:
        raise Refused(f"--listen {listen} is no address: write it like 127.0.0.1:8081") from error
    return 0


def require_sandbox() -> None:
    """Raises Refused where the package `sandbox`, or one that only it needs, is not installed."""
    from bot.core.errors import Refused

    try:
        importlib.import_module("sandbox.forge.app")
    except ModuleNotFoundError as error:
        missing = f"the sandbox needs the Python package {error.name}, which is not installed"
        raise Refused(f"{missing}: install gitops-bot[demo]") from error
