"""Turns deliveries into jobs. One thread, woken by whoever recorded one, and looking by itself every second.

Deliveries are marked done only when their jobs exist, so a crash in between repeats promises that are kept already.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.core.decide import jobs_for
from bot.core.errors import Transient
from bot.core.event import Event
from bot.core.pull import Repository
from bot.core.vocabulary import Vocabulary
from bot.engine import Engine
from bot.store import Purpose, Store, deliveries, pulls

POLL_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Intake:
    """The thread that turns recorded deliveries into jobs."""

    def __init__(self, store: Store, engine: Engine, clock: Callable[[], datetime], vocabulary: Vocabulary) -> None:
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
        """Deliveries are still taken up."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Promise nothing new; what is recorded waits for the next start."""
        self._stopping.set()
        self._woken.set()
        self._thread.join()

    def _run(self) -> None:
        purpose = Purpose.WORK
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                self._take(purpose)
            except Transient as error:
                logger.warning("deliveries wait: %s", error)
            purpose = Purpose.WORK if self._woken.wait(POLL_SECONDS) else Purpose.POLL

    def _take(self, purpose: Purpose) -> None:
        """Promise the jobs of all deliveries that are recorded, some at a time."""
        with self._store.read(purpose) as tx:
            pending = deliveries.pending(tx)
            unknown = deliveries.unknown_repositories(tx, pending)
        if unknown:
            self._remember(unknown)
        while pending and not self._stopping.is_set():
            for id, event in pending:
                self._try(id, event)
            with self._store.begin() as tx:
                deliveries.mark_done(tx, [id for id, _ in pending], self._clock())
                pending = deliveries.pending(tx)

    def _remember(self, repositories: Sequence[Repository]) -> None:
        """An earlier version recorded deliveries without what their jobs ask for."""
        with self._store.begin() as tx:
            for repository in repositories:
                pulls.save_repository(tx, repository)

    def _try(self, id: str, event: Event | None) -> None:
        """A delivery that we stumble over must not keep those behind it from being taken."""
        if event is None:
            logger.error("delivery %s is left aside: what was recorded of it cannot be read", id)
            return
        try:
            self._promise(id, event)
        except Transient:
            raise
        except Exception:
            logger.exception("delivery %s is left aside: this is a bug of gitops-bot", id)

    def _promise(self, id: str, event: Event) -> None:
        for job in jobs_for(event, id, self._vocabulary):
            self._engine.start(job)
        logger.info("delivery %s promised", id)
