"""Wakes threads of this process that wait for a run, so that they need not ask the store all the time."""

import threading


class RunEnds:
    """Counts announcements, which do not say of which run: who waits reads the store again when the count moved."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0

    @property
    def count(self) -> int:
        """How many announcements there were."""
        with self._condition:
            return self._count

    def announce(self) -> None:
        """Wake all who wait: a run of theirs may have ended. Call it when that is committed."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()

    def wait(self, count: int, seconds: float) -> None:
        """Wait for an announcement after the first `count`, for so many seconds at most."""
        with self._condition:
            self._condition.wait_for(lambda: self._count > count, seconds)
