"""`gitops-bot serve`."""

import logging

from bot.cli.call import Call


def run(call: Call) -> int:
    from bot.wiring import serve

    level = logging.DEBUG if call.options["verbose"] else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("urllib3", "alembic", "git", "waitress", "github"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return serve(call.settings, call.environment)
