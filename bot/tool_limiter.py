"""Whose tools are at work: so many at once in this process, and some more for pulls that have none at work.

So what takes long or hangs on one pull request never holds up the others.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class ToolLimiter:
    """`limit` tools at once, and half as many more that are each the only one of their pull."""

    def __init__(self, limit: int) -> None:
        self.limit, self._extra = limit, max(1, limit // 2)
        self._running: Counter[str] = Counter()
        self._condition = threading.Condition()

    @contextmanager
    def acquire(self, pull: str) -> Iterator[None]:
        """Wait until the pull may run a tool, and count it as running within the `with`."""
        with self._condition:
            self._condition.wait_for(lambda: self._has_room(pull))
            self._running[pull] += 1
        try:
            yield
        finally:
            with self._condition:
                self._running -= Counter([pull])
                self._condition.notify_all()

    def _has_room(self, pull: str) -> bool:
        total = self._running.total()
        return total < self.limit or (pull not in self._running and total < self.limit + self._extra)
