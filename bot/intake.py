"""Turns deliveries into jobs. One thread, woken by whoever recorded one, and looking by itself every second.

A delivery is marked done only when its jobs exist, so a crash in between repeats promises that are kept already.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from bot.core.decide import jobs_for
from bot.core.errors import Transient
from bot.core.event import Event, PullChanged
from bot.core.pull import Repository
from bot.core.vocabulary import Vocabulary
from bot.engine import Engine
from bot.store import Store, deliveries, pulls

POLL_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Intake:
    """The thread that turns recorded deliveries into jobs."""

    def __init__(
        self, store: Store, engine: Engine, clock: Callable[[], datetime], vocabulary: Vocabulary
    ) -> None:
        self._store, self._engine, self._clock, self._vocabulary = store, engine, clock, vocabulary
        self._woken, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    def start(self) -> None:
        """Begin to take deliveries."""
        self._thread.start()

    def wake(self) -> None:
        """Look for new deliveries at once."""
        self._woken.set()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Promise nothing new; what is recorded waits for the next start."""
        self._stopping.set()
        self._woken.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                took_any = self._take()
            except Transient as error:
                logger.warning("deliveries wait: %s", error)
                took_any = False
            if not took_any:
                self._woken.wait(POLL_SECONDS)

    def _take(self) -> bool:
        """Promise the jobs of some deliveries; false when there were none."""
        with self._store.read() as tx:
            pending = deliveries.pending(tx)
        for id, event in pending:
            self._try(id, event)
        return bool(pending)

    def _try(self, id: str, event: Event) -> None:
        """A delivery that we stumble over must not keep those behind it from being taken."""
        try:
            self._promise(id, event)
        except Transient:
            raise
        except Exception:
            logger.exception("delivery %s is left aside: this is a bug of gitops-bot", id)
            with self._store.begin() as tx:
                deliveries.mark_done(tx, id, self._clock())

    def _promise(self, id: str, event: Event) -> None:
        with self._store.begin() as tx:
            pulls.save_repository(tx, _repository(event))
        for job in jobs_for(event, id, self._vocabulary):
            self._engine.start(job)
        with self._store.begin() as tx:
            deliveries.mark_done(tx, id, self._clock())
        logger.info("delivery %s promised", id)


def _repository(event: Event) -> Repository:
    return event.pull.repository if isinstance(event, PullChanged) else event.repository
