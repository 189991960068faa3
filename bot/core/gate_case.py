"""May this be applied now? It explains itself line by line, so the comment can show it before anyone tries."""

import shlex
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.core.pull import Check, Contributors, Pull, Review, Role
from bot.core.run import Freeze, Lock, Plan
from bot.core.sentences import join_names


@dataclass(frozen=True, slots=True)
class Opinion:
    """A review with what was read when the gate was asked.

    `role` is the reviewer's; `tree` is what the base becomes with the review's commit merged in, and is None when that
    commit cannot be had or conflicts: the review covers nothing. `branch` is the pull's base branch as it was then,
    None where nobody can tell.
    """

    review: Review
    role: Role
    tree: str | None
    branch: str | None


@dataclass(frozen=True, slots=True)
class ShownDigest:
    """From `at` on (the forge's clock) the plan comment showed this plan digest for the place."""

    place: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class GateCase:
    """Everything that a decision rests on.

    `tree` is what the base becomes with the pull's head merged in; None where that conflicts, or is not what landed.
    `askers` asked for a rollback; `own_login` is ours; `bots` opened it or pushed to it in the name of nobody known.
    `foreign_locks` are locks of others on the plans' places; `missing` are affected projects without a plan, as (name,
    why). `confirmed` names what the asker lets go.
    """

    pull: Pull
    plans: tuple[Plan, ...]
    missing: tuple[tuple[str, str], ...]
    opinions: tuple[Opinion, ...]
    tree: str | None
    contributors: Contributors
    askers: frozenset[str]
    shown_digests: tuple[ShownDigest, ...]
    checks: tuple[Check, ...]
    foreign_locks: tuple[Lock, ...]
    freeze: Freeze | None
    now: datetime
    confirmed: frozenset[str] = frozenset()
    own_login: str = ""
    bots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Demand:
    """One line: what is asked, of which project (None: of the whole pull), whether it is met, and what helps if not.

    `pulls` are the numbers of the pull requests that it names, as `#7`.
    """

    project: str | None
    met: bool
    text: str
    remedy: str = ""
    pulls: tuple[int, ...] = ()

    @classmethod
    def to_confirm(cls, project: str, path: str, confirmed: Collection[str], allowed: str, threatened: str) -> "Demand":
        """That a person names an object by its path (`Kind/name`): what that allows, and what threatens without it."""
        if path in confirmed:
            return cls(project, True, f"{allowed}, as it was confirmed")
        return cls(project, False, threatened, f"to mean that, comment /apply --confirm {shlex.quote(path)}")

    @property
    def refusal(self) -> str:
        """An unmet demand as whoever is refused reads it: what is asked, and what helps."""
        return f"{self.text}; {self.remedy}" if self.remedy else self.text


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate demands; it is open when every demand is met."""

    demands: tuple[Demand, ...]

    @property
    def open(self) -> bool:
        """Every demand is met."""
        return all(demand.met for demand in self.demands)

    def unmet_demands(self, project: str) -> tuple[Demand, ...]:
        """What keeps this project from being applied."""
        return tuple(d for d in self.demands if not d.met and d.project in (None, project))


@dataclass(frozen=True, slots=True)
class DemandGroup:
    """A demand, told once for all projects of which it is made; none: it is made of the whole pull request."""

    met: bool
    text: str
    remedy: str
    projects: tuple[str, ...]
    pulls: tuple[int, ...] = ()

    @property
    def sentence(self) -> str:
        """As one line of plain words."""
        subject = f"{join_names(self.projects)}: {self.text}" if self.projects else self.text
        return f"{subject} — {self.remedy}" if self.remedy else subject


def group_demands(demands: Iterable[Demand]) -> tuple[DemandGroup, ...]:
    """The demands as people read them, unmet ones first."""
    projects_by_key: dict[tuple[bool, str, str, tuple[int, ...]], list[str]] = {}
    for demand in demands:
        projects = projects_by_key.setdefault((demand.met, demand.text, demand.remedy, demand.pulls), [])
        if demand.project is not None:
            projects.append(demand.project)
    lines = (
        DemandGroup(met, text, remedy, tuple(projects), pulls)
        for (met, text, remedy, pulls), projects in projects_by_key.items()
    )
    return tuple(sorted(lines, key=lambda line: line.met))
