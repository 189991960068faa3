"""`python -P -m bot.kube.apply CONFIG`: hides its environment from others of its user, then loads what applies."""

import sys

from bot import process

process.protect_memory()

from bot.kube.apply.apply_child import main  # noqa: E402  # it takes a while

if __name__ == "__main__":
    sys.exit(main(sys.argv))
