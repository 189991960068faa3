"""`gitops-bot setup github`: makes a GitHub App, by a person's browser, and writes the settings that go with it."""

from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.usage import GOOD, Subcommands, Usage

if TYPE_CHECKING:
    from bot.cli.call import Call

FILE, ENV_SUFFIX = Path("gitops-bot-github.toml"), ".env"

USAGE = Usage(
    summary="make a GitHub App and write its settings",
    text="""
    Prints an address of this machine to open in a browser. From there GitHub asks whoever opened it to agree to the
    App: its name, its rights, its events, its webhook (SERVER__URL). Then the App's id, key and webhook secret are
    written to the file, which only its owner can read, and the address is printed at which the App is given
    repositories. A file whose name ends in .env gets variables, any other one TOML. GitHub Enterprise: set
    GITHUB__API_URL.
    """,
    exits={
        0: "the App is made and the file is written",
        1: "GitHub does not answer",
        3: "SERVER__URL is not set, the file is there already or cannot be written, or nobody agreed in time",
    },
    example="gitops-bot setup github --organisation acme --name acme-gitops --file /etc/gitops-bot/github.toml",
)


def declare(forges: Subcommands) -> None:
    """Add the forge to `setup`."""
    options = forges.add("github", USAGE)
    options.add_argument("--organisation", default="", metavar="NAME", help="whose App it is (default: your own)")
    options.add_argument("--name", default="gitops-bot", help="the App's name, one on all of GitHub (%(default)s)")
    options.add_argument("--file", type=Path, default=FILE, help="where its settings are written (%(default)s)")


def run(call: "Call") -> int:
    """Make the App and write its settings. Raises Refused where nobody agrees or the file cannot be written."""
    from bot.hosts.github.manifest import AppRequest, create_app

    options, settings = call.options, call.settings
    file = call.cwd / options["file"]
    request = AppRequest(
        settings.section("github"), settings.server.url or "", file, options["organisation"], options["name"]
    )
    app = create_app(request, call.say)
    call.say(f"Made the App {app.slug}; its settings are in {file}.\n\nGive it repositories:\n\n  {app.install}\n")
    call.say(f"Then: {_next_step(options['file'])}")
    return GOOD


def _next_step(file: Path) -> str:
    if file.suffix == ENV_SUFFIX:
        return f"give the server these variables (systemd: EnvironmentFile={file}; docker run: --env-file {file})"
    return f"gitops-bot --config {file} check"
