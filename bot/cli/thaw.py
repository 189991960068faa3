"""`gitops-bot thaw`."""

from datetime import UTC, datetime

from bot.cli.call import Call
from bot.cli.usage import Subcommands, Usage

USAGE = Usage(
    summary="end the freeze",
    text="""
    Ends the freeze: applies may begin again, and every plan comment says so. What was refused meanwhile does
    not begin by itself: comment /apply again.
    """,
    exits={
        0: "applies may go on, also where nothing was frozen",
        1: "the database does not answer",
        3: "no server has worked there; nothing was made",
    },
    example="gitops-bot thaw",
)


def declare(commands: Subcommands) -> None:
    """Add the command."""
    commands.add("thaw", USAGE)


def run(call: Call) -> int:
    """End the freeze. Raises Refused where no server has worked."""
    from bot.cli.existing_store import display_name
    from bot.store import audit, locks

    store = call.store()
    with store.begin() as tx:
        there_was_one = locks.thaw(tx)
        audit.record(tx, datetime.now(UTC), call.user, "thaw")
    where = display_name(store.url)
    call.say(f"Thawed in {where}: applies may go on." if there_was_one else f"Nothing was frozen in {where}.")
    return 0
