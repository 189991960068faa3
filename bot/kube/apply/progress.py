"""How an apply tells of itself: each result once, in the log and in a file. Nothing leaves without being scrubbed.

Made by `carry_out`; the tool reads the file when the child has ended.
"""

import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.kube.apply import results
from bot.kube.apply.results import End, Result, Results
from bot.kube.objects.masking import scrub
from bot.kube.objects.outcomes import Outcome

WRITE_SECONDS = 0.2


@dataclass
class Telling:
    """`secrets` are all texts that nobody is to see; `begun`: something may have been changed."""

    path: Path
    secrets: frozenset[str]
    so_far: Results = field(default_factory=Results)
    lock: threading.Lock = field(default_factory=threading.Lock)
    written: float = 0.0
    begun: bool = False

    def scrubbed(self, text: str) -> str:
        return scrub(text, self.secrets)

    def say(self, line: str) -> None:
        sys.stdout.write(f"{self.scrubbed(line)}\n")
        sys.stdout.flush()

    def tell(self, result: Result) -> None:
        told = replace(result, message=self.scrubbed(result.message))
        with self.lock:
            self.so_far = replace(self.so_far, results=(*self.so_far.results, told))
            if time.monotonic() - self.written > WRITE_SECONDS:
                self.write()
            self.say(str(told))

    def skipped(self, one: Outcome, why: str) -> None:
        self.tell(Result(str(one.ref), one.verb, End.SKIPPED, why))

    def refuse(self, why: str) -> None:
        """Nothing was begun."""
        self.so_far = Results(refused=self.scrubbed(why))
        self.say(why)

    def write(self) -> None:
        results.write(self.path, self.so_far)
        self.written = time.monotonic()

    @property
    def all_well(self) -> bool:
        return all(one.end is End.DONE for one in self.so_far.results)
