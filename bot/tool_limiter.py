"""Whose tools are at work: so many at once in this process, and some more for pulls that have none at work.

So what takes long or hangs on one pull request never holds up the others.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """`most` tools at once, and half as many more that are each the only one of their pull."""

    def __init__(self, most: int) -> None:
        self.most, self._beyond = most, max(1, most // 2)
        self._at_work: Counter[str] = Counter()
        self._change = threading.Condition()

    @contextmanager
    def one_for(self, pull: str) -> Iterator[None]:
        """Wait for a turn, and hold it."""
        with self._change:
            self._change.wait_for(lambda: self._may(pull))
            self._at_work[pull] += 1
        try:
            yield
        finally:
            with self._change:
                self._at_work -= Counter([pull])
                self._change.notify_all()

    def _may(self, pull: str) -> bool:
        busy = self._at_work.total()
        return busy < self.most or (pull not in self._at_work and busy < self.most + self._beyond)
