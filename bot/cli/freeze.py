"""`gitops-bot freeze "why"`."""

from datetime import UTC, datetime

from bot.cli.call import Call
from bot.cli.usage import Subcommands, Usage

USAGE = Usage(
    summary="stop all applies until thaw",
    text="""
    Stops all applies of every repository that the server works on, and has every plan comment say so with your
    reason. Plans go on. Applies of projects that already run go on; further projects of a running apply do not
    start. Freezing again replaces the reason.
    """,
    exits={0: "frozen", 1: "the database does not answer", 3: "no server has worked there; nothing was made"},
    example='gitops-bot freeze "release night, ask bob"',
)


def declare(commands: Subcommands) -> None:
    """Add the command."""
    commands.add("freeze", USAGE).add_argument("reason", help="said on every pull request that has a plan")


def run(call: Call) -> int:
    """Freeze all applies. Raises Refused without a reason, or where no server has worked."""
    from bot.cli.existing_store import display_name
    from bot.core.errors import Refused
    from bot.core.run import Freeze
    from bot.store import audit, locks

    reason = call.options["reason"].strip()
    if not reason:
        raise Refused('a freeze needs a reason, for it is said on every pull request: `gitops-bot freeze "why"`')
    store, now = call.store(), datetime.now(UTC)
    with store.begin() as tx:
        locks.freeze_applies(tx, Freeze(reason, call.user, now))
        audit.record(tx, now, call.user, "freeze", reason=reason)
    call.say(f"Frozen in {display_name(store.url)}: no apply begins until `gitops-bot thaw`.")
    call.say("Applies of projects that already run go on; further projects of a running apply do not start.")
    return 0
