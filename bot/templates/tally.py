"""What a run comes to, counted once: heading, table and commit status all speak from here, so they cannot disagree."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.plan import Counts
from bot.core.run import State
from bot.core.view import RunView
from bot.templates import words

IN_A_LINE = 4
BAD = (State.UNKNOWN, State.FAILED, State.REFUSED, State.SKIPPED)


@dataclass(frozen=True, slots=True)
class Tally:
    """`counts` are of all plans there are; `ahead` of those that are not applied yet; `open` are projects in work."""

    total: int
    states: Mapping[State, int]
    counts: Counts
    ahead: Counts
    applied: int

    @property
    def open(self) -> int:
        return self.states[State.QUEUED] + self.states[State.RUNNING]

    @property
    def bad(self) -> int:
        return sum(self.states[state] for state in BAD)

    def plainly(self, state: State, word: str) -> Iterator[str]:
        """`1 failed`, where there is one."""
        if self.states[state]:
            yield f"{self.states[state]:,} {word}"


def tallied(view: RunView) -> Tally:
    done = [project for project in view.projects if project.row.state is State.DONE]
    ahead = [project.row.counts for project in done if project.applied_at is None]
    return Tally(
        total=len(view.projects),
        states=Counter(project.row.state for project in view.projects),
        counts=summed([project.row.counts for project in done]),
        ahead=summed(ahead),
        applied=sum(project.applied_at is not None for project in done),
    )


def plan_parts(tally: Tally) -> list[str]:
    """What a plan comes to, the worst first."""
    parts = [f"{tally.total - tally.open} of {tally.total} done"] if tally.open and tally.total > 1 else []
    parts.append(words.told(tally.ahead, IN_A_LINE))
    for state, word in zip(BAD, ("unknown", "failed", "refused", "not planned"), strict=True):
        parts += tally.plainly(state, word)
    parts += [f"{tally.applied} applied" if tally.total > 1 else "applied"] if tally.applied else []
    parts = [part for part in parts if part]
    return parts or ([] if tally.open or not tally.total else ["no changes"])


def apply_parts(tally: Tally) -> list[str]:
    """How many projects ended how."""
    ended = ("unknown", "failed", "refused", "not begun")
    return [part for state, word in zip(BAD, ended, strict=True) for part in tally.plainly(state, word)]


def why_stopped(view: RunView) -> str:
    """The run's own sentence, or the one that all its skipped rows share."""
    notes = {project.row.note for project in view.projects if project.row.state is State.SKIPPED}
    return view.run.note or (notes.pop() if len(notes) == 1 else "")


def summed(counts: Sequence[Counts]) -> Counts:
    return sum(counts, Counts())
