"""`gitops-bot freeze "why"`."""

from datetime import UTC, datetime

from bot.cli.call import Call


def run(call: Call) -> int:
    from bot.core.run import Freeze
    from bot.store import ledger, locks

    now = datetime.now(UTC)
    with call.store().begin() as tx:
        locks.set_frozen(tx, Freeze(call.options["reason"], call.user, now))
        ledger.note(tx, now, call.user, "freeze", reason=call.options["reason"])
    call.say("Nothing is applied until `gitops-bot thaw`. Applies that run already go on.")
    return 0
