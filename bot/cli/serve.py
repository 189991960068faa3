"""`gitops-bot serve`."""

import logging
import os

from bot.cli.call import Call


def run(call: Call) -> int:
    from bot.sandbox.leash import end_with_parent
    from bot.wiring import serve

    level = logging.DEBUG if call.options["verbose"] else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("urllib3", "alembic", "git", "waitress", "github"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    if call.options["with_parent"]:
        end_with_parent(os.getppid())
    return serve(call.settings, call.environment)
