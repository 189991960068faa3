"""How an apply goes, object by object: written by `carry_out` as it comes, read by the tool when that has ended."""

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

WORDS = {"create": "created", "change": "changed", "replace": "replaced", "delete": "deleted", "adopt": "taken over"}

WHOLE = "apply"  # the verb of what ended all of it


class End(StrEnum):
    """SKIPPED was not begun. UNHEALTHY was applied, and did not become what it should."""

    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    SKIPPED = "skipped"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class Result:
    """One object. `verb` is its outcome's, `hook`, `health` or WHOLE; `message` is scrubbed, of one line or more."""

    ref: str
    verb: str
    end: End
    message: str = ""

    def __str__(self) -> str:
        return f"{self.ref} {WORDS.get(self.verb, self.verb)}: {self.end}" + (f": {self.message}" * bool(self.message))


@dataclass(frozen=True, slots=True)
class Results:
    """All so far. `refused` tells why nothing was begun; `healthy` how long it took, in seconds."""

    results: tuple[Result, ...] = ()
    refused: str = ""
    healthy: float | None = None

    def dumped(self) -> bytes:
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @classmethod
    def loaded(cls, text: bytes) -> "Results":
        words = json.loads(text)
        made = tuple(Result(**{**one, "end": End(one["end"])}) for one in words["results"])
        return cls(made, words["refused"], words["healthy"])

    def summary(self) -> str:
        """`3 created, 8 changed, 1 failed; healthy after 14 s`."""
        if self.refused:
            return f"nothing was begun: {self.refused}"
        done = Counter(one.verb for one in self.results if one.end is End.DONE)
        parts = [f"{done[verb]:,} {word}" for verb, word in WORDS.items() if done[verb]]
        bad = Counter(one.end for one in self.results if one.end is not End.DONE and one.verb != WHOLE)
        parts += [f"{number:,} {end}" for end, number in bad.items()]
        parts += ["the apply did not come to its end"] if any(one.verb == WHOLE for one in self.results) else []
        told = ", ".join(parts) or "nothing was changed"
        return f"{told}; healthy after {self.healthy:.0f} s" if self.healthy is not None else told

    def troubles(self) -> tuple[str, ...]:
        return tuple(str(one) for one in self.results if one.end is not End.DONE)


def write(path: Path, results: Results) -> None:
    aside = path.with_suffix(".new")
    aside.touch(mode=0o600)
    aside.write_bytes(results.dumped())
    os.replace(aside, path)
