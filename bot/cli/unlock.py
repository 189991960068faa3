"""`gitops-bot unlock`: asks the server to do it, through the same inbox that webhooks go to."""

import uuid
from datetime import UTC, datetime

from bot.cli.call import Call


def run(call: Call) -> int:
    from bot.cli.names import pull_named
    from bot.core.event import Asked
    from bot.store import inbox

    store = call.store()
    with store.begin() as tx:
        pull = pull_named(tx, call.options["pull"])
        event = Asked(pull.repository, pull.number, "unlock", call.user)
        inbox.receive(tx, f"shell:{uuid.uuid4()}", event, datetime.now(UTC))
    call.say("Recorded: a running server does it within a second, and answers on the pull request.")
    return 0
