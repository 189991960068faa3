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
LOOK_SECONDS = 0.2
COME_AGAIN_MILLISECONDS = 500


@dataclass(frozen=True, slots=True)
class Told:
    """One event; `id` is where the browser goes on from. `last`: nothing follows, ever."""

    kind: str
    id: str
    content: object
    last: bool = False

    def __str__(self) -> str:
        return f"event: {self.kind}\nid: {self.id}\ndata: {json.dumps(self.content)}\n\n"


class Streams:
    """How many streams may wait at once, so that webhooks always find a thread."""

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)

    def of(self, look: Callable[[str], Told | None], start: str) -> Iterator[str]:
        """Events as `look` finds them after where the browser is, until the time is over or there will be no more."""
        waits = self._free.acquire(blocking=False)
        try:
            yield f"retry: {COME_AGAIN_MILLISECONDS}\n\n"
            until, at = time.monotonic() + STREAM_SECONDS, start
            while True:
                if told := look(at):
                    yield str(told)
                    at = told.id
                    if told.last or time.monotonic() > until:
                        return
                elif not waits or time.monotonic() > until:
                    return
                else:
                    time.sleep(LOOK_SECONDS)
        finally:
            if waits:
                self._free.release()
