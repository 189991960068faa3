"""How planning one project at the shell ended, and what several come to: the exit status."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.cli.usage import CHANGES, FAILED, GOOD, REFUSED
from bot.core.run import State

if TYPE_CHECKING:
    from bot.core.plan import Content
    from bot.core.project import Project

FIRST_LINES = 25
WORST_FIRST = (FAILED, REFUSED, CHANGES, GOOD)


@dataclass(frozen=True)
class Outcome:
    """`note` says why there is no plan, `output` are the tool's last words, masked; `hint` is what may help.

    `top` is the top of the working copy that the project is in.
    """

    top: Path
    project: "Project"
    state: State
    started_at: datetime
    ended_at: datetime
    content: "Content | None" = None
    note: str = ""
    output: str = ""
    hint: str = ""

    @property
    def status(self) -> int:
        """What the program exits with for it alone."""
        if self.content is None:
            return REFUSED if self.state is State.REFUSED else FAILED
        return CHANGES if not self.content.counts.empty or self.content.counts.rendered else GOOD

    @property
    def first_errors(self) -> str:
        """From the first error on, as much as is read at once."""
        lines = [line for line in self.output.rstrip().splitlines() if line.strip()]
        start = next((number for number, line in enumerate(lines) if "Error" in line), 0)
        return "".join(f"  {line}\n" for line in lines[start : start + FIRST_LINES]) + self.hint

    def as_json(self) -> dict[str, Any]:
        """As JSON has it: the project, how it ended, and what its plan shows."""
        project = {"project": self.project.name, "dir": self.project.dir, "workspace": self.project.workspace}
        ending = {"state": self.state.value, "note": self.note, "output": self.output}
        return project | ending | (dataclasses.asdict(self.content) if self.content else {})


def status(outcomes: Sequence[Outcome]) -> int:
    """The worst of them: failed, refused, changes, nothing."""
    return min((outcome.status for outcome in outcomes), key=WORST_FIRST.index, default=GOOD)
