"""What a run comes to, counted once: heading, table and commit status all speak from here, so they cannot disagree."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.plan import Counts
from bot.core.run import State
from bot.core.view import RunView
from bot.templates import wording

MAX_KINDS_IN_LINE = 4
UNSUCCESSFUL = (State.UNKNOWN, State.FAILED, State.REFUSED, State.SKIPPED)


@dataclass(frozen=True, slots=True)
class Tally:
    """`counts` are of all plans there are; `unapplied` of those that are not applied yet."""

    total: int
    states: Mapping[State, int]
    counts: Counts
    unapplied: Counts
    applied: int

    @property
    def unfinished(self) -> int:
        """How many projects are queued or in work."""
        return self.states[State.QUEUED] + self.states[State.RUNNING]

    @property
    def unsuccessful(self) -> int:
        """How many projects ended without a plan, or without their apply."""
        return sum(self.states[state] for state in UNSUCCESSFUL)

    def state_phrase(self, state: State, word: str) -> Iterator[str]:
        """Say `1 failed`, where there is one."""
        if self.states[state]:
            yield f"{self.states[state]:,} {word}"


def tally_run(view: RunView) -> Tally:
    """Count the run's projects by state, and what their plans come to."""
    planned = [project for project in view.projects if project.row.state is State.DONE]
    unapplied = [project.row.counts for project in planned if project.applied_at is None]
    return Tally(
        total=len(view.projects),
        states=Counter(project.row.state for project in view.projects),
        counts=sum_counts([project.row.counts for project in planned]),
        unapplied=sum_counts(unapplied),
        applied=sum(project.applied_at is not None for project in planned),
    )


def plan_phrases(tally: Tally) -> list[str]:
    """Say what a plan comes to, the worst first."""
    phrases = (
        [f"{tally.total - tally.unfinished} of {tally.total} done"] if tally.unfinished and tally.total > 1 else []
    )
    phrases.append(wording.describe_counts(tally.unapplied, MAX_KINDS_IN_LINE))
    for state, word in zip(UNSUCCESSFUL, ("unknown", "failed", "refused", "not planned"), strict=True):
        phrases += tally.state_phrase(state, word)
    phrases += [f"{tally.applied} applied" if tally.total > 1 else "applied"] if tally.applied else []
    phrases = [phrase for phrase in phrases if phrase]
    return phrases or ([] if tally.unfinished or not tally.total else ["no changes"])


def apply_phrases(tally: Tally) -> list[str]:
    """Say how many projects ended how."""
    labels = ("unknown", "failed", "refused", "not begun")
    return [
        phrase for state, word in zip(UNSUCCESSFUL, labels, strict=True) for phrase in tally.state_phrase(state, word)
    ]


def stop_reason(view: RunView) -> str:
    """Return the run's own sentence, or the one that all its skipped rows share."""
    notes = {project.row.note for project in view.projects if project.row.state is State.SKIPPED}
    return view.run.note or (notes.pop() if len(notes) == 1 else "")


def sum_counts(counts: Sequence[Counts]) -> Counts:
    """Add the counts up."""
    return sum(counts, Counts())
