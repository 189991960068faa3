"""How an apply tells of itself: each result once, in the log and in a file. Nothing leaves without being scrubbed.

Made by `apply_child`; the tool reads the file when the child has ended.
"""

import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.kube.apply.results import ApplyResults, ObjectResult, ResultStatus, write_results
from bot.kube.objects.masking import scrub
from bot.kube.objects.object_changes import ObjectChange

WRITE_SECONDS = 0.2


@dataclass
class ProgressLog:
    """`secrets` are all texts that nobody is to see; `changes_begun`: something may have been changed."""

    path: Path
    secrets: frozenset[str]
    results: ApplyResults = field(default_factory=ApplyResults)
    lock: threading.Lock = field(default_factory=threading.Lock)
    written_at: float = 0.0
    changes_begun: bool = False

    def scrub(self, text: str) -> str:
        """Remove the secrets from a text."""
        return scrub(text, self.secrets)

    def print_line(self, line: str) -> None:
        """Print a line to the log, scrubbed."""
        sys.stdout.write(f"{self.scrub(line)}\n")
        sys.stdout.flush()

    def record(self, result: ObjectResult) -> None:
        """Keep a result, print it, and now and then write the file."""
        scrubbed = replace(result, message=self.scrub(result.message))
        with self.lock:
            self.results = replace(self.results, results=(*self.results.results, scrubbed))
            if time.monotonic() - self.written_at > WRITE_SECONDS:
                self.write()
            self.print_line(str(scrubbed))

    def skip(self, change: ObjectChange, reason: str) -> None:
        """Record that a change was not begun."""
        self.record(ObjectResult(str(change.ref), change.verb, ResultStatus.SKIPPED, reason))

    def refuse(self, reason: str) -> None:
        """Record that nothing was begun."""
        self.results = ApplyResults(refused=self.scrub(reason))
        self.print_line(reason)

    def write(self) -> None:
        """Write all results to the file."""
        write_results(self.path, self.results)
        self.written_at = time.monotonic()

    @property
    def succeeded(self) -> bool:
        """Whether every result so far is DONE."""
        return all(result.status is ResultStatus.DONE for result in self.results.results)
