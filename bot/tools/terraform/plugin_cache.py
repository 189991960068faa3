"""The operator's plug-in cache: one init at a time. Used by `commands.py` alone."""

import fcntl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.core.errors import ToolFailed

CACHE_LOCK, POLL_SECONDS = ".gitops-bot.lock", 0.1


@contextmanager
def exclusive(cache: Path, stopped: Callable[[], bool]) -> Iterator[Path]:
    """Hold the cache alone, so that two inits never write it at once. Raises ToolFailed once `stopped()` is true.

    Terraform writes over packages in it where they are, so that nobody may use one in place
    (internal/providercache/package_install.go).
    """
    with (cache / CACHE_LOCK).open("a") as lock:
        pause = threading.Event()
        while not _try_lock(lock.fileno()):
            if stopped():
                raise ToolFailed("init was stopped")
            pause.wait(POLL_SECONDS)
        yield cache


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
