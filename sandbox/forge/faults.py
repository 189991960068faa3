"""What a forge does on bad days, on request: slow answers, refusals, answers lost before or after the effect."""

import re
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

MOST_REMEMBERED = 20_000


@dataclass
class Fault:
    """`kind` is `before` (nothing happens) or `after` (the effect happens, the answer is lost)."""

    method: str = ""
    path: str = ""
    status: int = 502
    times: int = 1
    retry_after: int | None = None
    kind: str = "before"

    def matches(self, method: str, path: str) -> bool:
        """It is not used up, and meant for this request."""
        return self.times > 0 and self.method in ("", method) and re.search(self.path, path) is not None


@dataclass
class Faults:
    """The faults that are in force, and the requests that were made."""

    latency: float = 0.0
    git_latency: float = 0.0
    down: bool = False
    fail: list[Fault] = field(default_factory=list)
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MOST_REMEMBERED))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def set(self, fields: dict[str, Any]) -> None:
        """Replace all faults. Keys: latency_ms, git_latency_ms, down, fail (a list of Fault's fields)."""
        with self.lock:
            self.latency = float(fields.get("latency_ms", 0)) / 1000
            self.git_latency = float(fields.get("git_latency_ms", 0)) / 1000
            self.down = bool(fields.get("down", False))
            self.fail = [Fault(**fault) for fault in fields.get("fail", [])]

    def next_fault(self, method: str, path: str) -> Fault | None:
        """Wait as long as the latency says; the fault that this request meets, used up by one."""
        time.sleep(self.latency)
        with self.lock:
            if self.down:
                return Fault(status=503)
            fault = next((fault for fault in self.fail if fault.matches(method, path)), None)
            if fault:
                fault.times -= 1
            return fault
