"""Server-sent events without an end: each stream holds one of the server's few threads, so it lasts some seconds only.

Few wait at once, so that webhooks always find a thread; the browser comes again by itself and says how far it was. Who
comes while too many are open gets what there is, and no waiting. Knows nothing of what is told.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

STREAMS = 3
STREAM_SECONDS = 4.0
POLL_SECONDS = 0.2
RECONNECT_MILLISECONDS = 500


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event; `id` is where the browser goes on from. `last`: nothing follows, ever."""

    kind: str
    id: str
    content: object
    is_final: bool = False

    def __str__(self) -> str:
        return f"event: {self.kind}\nid: {self.id}\ndata: {json.dumps(self.content)}\n\n"


class Streams:
    """How many streams may wait at once, so that webhooks always find a thread."""

    def __init__(self, limit: int) -> None:
        self._slots = threading.BoundedSemaphore(limit)

    def events(self, poll: Callable[[str], ServerSentEvent | None], start: str) -> Iterator[str]:
        """Events as `poll` finds them after where the browser is, until the time is over or there will be no more."""
        has_slot = self._slots.acquire(blocking=False)
        try:
            yield f"retry: {RECONNECT_MILLISECONDS}\n\n"
            deadline, cursor = time.monotonic() + STREAM_SECONDS, start
            while True:
                if event := poll(cursor):
                    yield str(event)
                    cursor = event.id
                    if event.is_final or time.monotonic() > deadline:
                        return
                elif not has_slot or time.monotonic() > deadline:
                    return
                else:
                    time.sleep(POLL_SECONDS)
        finally:
            if has_slot:
                self._slots.release()
