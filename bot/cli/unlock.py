"""`gitops-bot unlock`: asks the server to do it, through the same inbox that webhooks go to."""

import uuid
from datetime import UTC, datetime

from bot.cli.call import Call
from bot.cli.usage import Commands, Usage

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


def declare(commands: Commands) -> None:
    commands.add("unlock", USAGE).add_argument("pull", metavar="OWNER/NAME#N", help="the pull request")


def run(call: Call) -> int:
    from bot.cli.existing_store import name
    from bot.cli.names import pull_named
    from bot.core.event import Asked
    from bot.store import inbox

    store = call.store()
    with store.begin() as tx:
        pull = pull_named(tx, call.options["pull"])
        event = Asked(pull.repository, pull.number, "unlock", call.user)
        inbox.receive(tx, f"shell:{uuid.uuid4()}", event, datetime.now(UTC))
    call.say(f"Recorded in {name(store.url)}: a server that runs does it at once, and answers on the pull request.")
    return 0
