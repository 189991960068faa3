"""`gitops-bot thaw`."""

from datetime import UTC, datetime

from bot.cli.call import Call


def run(call: Call) -> int:
    from bot.store import ledger, locks

    with call.store().begin() as tx:
        there_was_one = locks.thaw(tx)
        ledger.note(tx, datetime.now(UTC), call.user, "thaw")
    call.say("Applies may go on." if there_was_one else "Nothing was frozen.")
    return 0
