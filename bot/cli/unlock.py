"""`gitops-bot unlock`: asks the server to do it, through the same inbox that webhooks go to."""

import uuid
from datetime import UTC, datetime

from bot.cli.call import Call
from bot.cli.usage import Subcommands, Usage

USAGE = Usage(
    summary="free a pull request's locks and drop its plans",
    text="""
    Asks the server to free what a pull request holds and to drop its plans, as the comment /unlock does, and to
    answer on the pull request. It works when the server runs next, if it does not run now. What was applied
    stays.
    """,
    exits={
        0: "recorded",
        1: "the database does not answer",
        3: "no server has worked there, or it knows no such pull request",
    },
    example="gitops-bot unlock acme/infra#7",
)


def declare(commands: Subcommands) -> None:
    """Add the command."""
    commands.add("unlock", USAGE).add_argument("pull", metavar="OWNER/NAME#N", help="the pull request")


def run(call: Call) -> int:
    """Record the request for the server. Raises Refused for an unknown pull request."""
    from bot.cli.existing_store import display_name
    from bot.cli.pull_lookup import find_pull
    from bot.core.event import JobRequested
    from bot.store import deliveries

    store = call.store()
    with store.begin() as tx:
        pull = find_pull(tx, call.options["pull"])
        event = JobRequested(pull.repository, pull.number, "unlock", call.user)
        deliveries.receive(tx, f"shell:{uuid.uuid4()}", event, datetime.now(UTC))
    call.say(
        f"Recorded in {display_name(store.url)}: a server that runs does it at once, and answers on the pull request."
    )
    return 0
