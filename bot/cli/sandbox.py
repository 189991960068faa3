"""`gitops-bot sandbox`."""

import os

from bot.cli.call import Call


def run(call: Call) -> int:
    from bot.sandbox.app import run as serve
    from bot.sandbox.leash import end_with_parent

    if call.options["with_parent"]:
        end_with_parent(os.getppid())
    serve(call.options["listen"], call.options["dir"])
    return 0
