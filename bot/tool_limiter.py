"""Whose tools are at work: so many at once in this process, and some more for those that have none at work.

So what takes long or hangs on one pull request never holds up the others; nor do many of one author, or of one
repository, hold up those of others.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from bot.core.pull import Pull


class ToolLimiter:
    """`limit` tools at once, and half as many more for pulls, for authors and for repositories that have none."""

    def __init__(self, limit: int) -> None:
        self.limit, self._extra = limit, max(1, limit // 2)
        self._running: Counter[str] = Counter()
        self._total = 0
        self._condition = threading.Condition()

    @contextmanager
    def acquire(self, pull: Pull) -> Iterator[None]:
        """Wait until the pull may run a tool, and count it as running within the `with`."""
        parties = _parties(pull)
        with self._condition:
            self._condition.wait_for(lambda: self._has_room(parties))
            self._running.update(parties)
            self._total += 1
        try:
            yield
        finally:
            with self._condition:
                self._running -= Counter(parties)
                self._total -= 1
                self._condition.notify_all()

    def _has_room(self, parties: tuple[str, ...]) -> bool:
        """Each party that has nothing at work may go further beyond the limit than the one before it."""
        idle = (number for number, party in enumerate(parties, start=1) if party not in self._running)
        return self._total < self.limit + self._extra * max(idle, default=0)


def _parties(pull: Pull) -> tuple[str, ...]:
    """Whose turn it is, the narrowest first."""
    repository = pull.repository
    return f"pull {pull.key}", f"author {repository.forge}:{pull.author}", f"repository {repository.key}"
