"""Ends a process with the one that started it, so that a killed demo or test run leaves nothing behind.

Behind `--with-parent` of `serve` and of the sandbox.
"""

import os
import threading
import time

POLL_SECONDS = 0.5


def die_with_parent() -> None:
    """End this process, at once and for good, when the one that is its parent now is so no longer."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(POLL_SECONDS)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
