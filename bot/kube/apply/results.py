"""How an apply goes, object by object: written by `apply_child` as it comes, read by the tool when that has ended."""

import json
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.atomic_file import replace_file
from bot.core.run import Effects

PAST_TENSE = {
    "create": "created",
    "change": "changed",
    "replace": "replaced",
    "delete": "deleted",
    "adopt": "taken over",
}

WHOLE_APPLY = "apply"  # the verb of what ended all of it


class ResultStatus(StrEnum):
    """SKIPPED was not begun. UNHEALTHY was applied, and did not become what it should."""

    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    SKIPPED = "skipped"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class ObjectResult:
    """One object. `verb` is its change's, `hook`, `health` or WHOLE_APPLY; `message` is scrubbed, of any lines."""

    ref: str
    verb: str
    status: ResultStatus
    message: str = ""

    @property
    def effect(self) -> str:
        """What became of it, in words."""
        if self.status is ResultStatus.SKIPPED:
            return "not begun"
        if self.status is ResultStatus.UNHEALTHY:
            return "applied, and not healthy"
        return PAST_TENSE.get(self.verb, "done") if self.status is ResultStatus.DONE else self.status.value

    def __str__(self) -> str:
        verb = PAST_TENSE.get(self.verb, self.verb)
        return f"{self.ref} {verb}: {self.status}" + (f": {self.message}" * bool(self.message))


@dataclass(frozen=True, slots=True)
class ApplyResults:
    """All so far. `refused` tells why nothing was begun; `healthy` how long it took, in seconds."""

    results: tuple[ObjectResult, ...] = ()
    refused: str = ""
    healthy: float | None = None

    def to_json(self) -> bytes:
        """Dump for `from_json` of this version or the next: a child may outlive the bot that started it."""
        rows = [{"ref": row.ref, "verb": row.verb, "end": row.status, "message": row.message} for row in self.results]
        stored = {"results": rows, "refused": self.refused, "healthy": self.healthy}
        return json.dumps(stored, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "ApplyResults":
        """Load what `to_json` dumped."""
        stored = json.loads(text)
        rows = stored["results"]
        results = tuple(ObjectResult(row["ref"], row["verb"], ResultStatus(row["end"]), row["message"]) for row in rows)
        return cls(results, stored["refused"], stored["healthy"])

    def summary(self) -> str:
        """Sum up for people, as `3 created, 8 changed, 1 failed; healthy after 14 s`."""
        if self.refused:
            return f"nothing was begun: {self.refused}"
        verbs = Counter(row.verb for row in self.results if row.status is ResultStatus.DONE)
        parts = [f"{verbs[verb]:,} {past_tense}" for verb, past_tense in PAST_TENSE.items() if verbs[verb]]
        failures = [row for row in self.results if row.status is not ResultStatus.DONE and row.verb != WHOLE_APPLY]
        parts += [f"{count:,} {status}" for status, count in Counter(row.status for row in failures).items()]
        parts += ["the apply did not come to its end"] if any(row.verb == WHOLE_APPLY for row in self.results) else []
        text = ", ".join(parts) or "nothing was changed"
        return f"{text}; healthy after {self.healthy:.0f} s" if self.healthy is not None else text

    def failures(self) -> tuple[str, ...]:
        """Show each result that is not DONE."""
        return tuple(str(row) for row in self.results if row.status is not ResultStatus.DONE)

    def effects(self) -> Effects:
        """Tell what became of each object; the last word on it counts."""
        return tuple({row.ref: row.effect for row in self.results if row.verb != WHOLE_APPLY}.items())


def write_results(path: Path, apply_results: ApplyResults) -> None:
    """Replace the file, readable to its owner only. Raises OSError."""
    replace_file(path, apply_results.to_json())
