"""`gitops-bot freeze "why"`."""

from datetime import UTC, datetime

from bot.cli.call import Call
from bot.cli.usage import Commands, Usage

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


def declare(commands: Commands) -> None:
    commands.add("freeze", USAGE).add_argument("reason", help="said on every pull request that has a plan")


def run(call: Call) -> int:
    from bot.cli.existing_store import name
    from bot.core.errors import Refused
    from bot.core.run import Freeze
    from bot.store import ledger, locks

    reason = call.options["reason"].strip()
    if not reason:
        raise Refused('a freeze needs a reason, for it is said on every pull request: `gitops-bot freeze "why"`')
    store, now = call.store(), datetime.now(UTC)
    with store.begin() as tx:
        locks.set_frozen(tx, Freeze(reason, call.user, now))
        ledger.note(tx, now, call.user, "freeze", reason=reason)
    call.say(f"Frozen in {name(store.url)}: no apply begins until `gitops-bot thaw`.")
    call.say("Applies of projects that already run go on; further projects of a running apply do not start.")
    return 0
