"""`gitops-bot serve`."""

import logging

from bot.cli.call import Call
from bot.cli.usage import Subcommands, Usage

USAGE = Usage(
    summary="take webhooks, do the work, show the pages",
    text="""
    The server. Takes webhooks at /webhooks/<forge>, plans and applies, comments, and shows its pages. Needs at
    least an App or a token, a webhook secret and REPOS: `gitops-bot check` says what is missing. SIGTERM or Ctrl-C ends
    it well: plans stop and run again after the next start, applies are awaited up to STOP_GRACE. One server
    works in a DATA_DIR.
    """,
    exits={
        0: "told to end, and ended well",
        1: "a forge or a database does not answer",
        3: "a setting is missing or wrong, or another server works in DATA_DIR",
    },
    example="GITOPS_BOT_DATA_DIR=/var/lib/gitops-bot gitops-bot --config /etc/gitops-bot.toml serve",
)


def declare(commands: Subcommands) -> None:
    """Add the command."""
    options = commands.add("serve", USAGE)
    options.add_argument("--with-parent", action="store_true", help="end when the process that started it ends")


def run(call: Call) -> int:
    """Serve until told to end. Raises Refused where a setting is wrong, Transient where a forge does not answer."""
    from bot.cli.die_with_parent import die_with_parent
    from bot.cli.existing_store import preflight
    from bot.cli.log_format import formatter
    from bot.wiring import serve

    level = logging.DEBUG if call.options["verbose"] else logging.INFO
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(call.settings.log_format))
    logging.basicConfig(level=level, handlers=[handler])
    for noisy in ("urllib3", "alembic", "git", "waitress", "github"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    if call.options["with_parent"]:
        die_with_parent()
    preflight(call.settings, call.environment.get("PATH"))
    return serve(call.settings, call.environment)
