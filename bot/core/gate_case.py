"""May this be applied now? It explains itself line by line, so the comment can show it before anyone tries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.core.pull import Check, Contributors, Pull, Review, Role
from bot.core.run import Freeze, Lock, Plan


@dataclass(frozen=True, slots=True)
class Opinion:
    """A review with what was read when the gate was asked.

    `role` is the reviewer's; `change` is the digest of the pull's own change at the review's commit, and is None when
    that commit is gone (force push): the review covers nothing.
    """

    review: Review
    role: Role
    change: str | None


@dataclass(frozen=True, slots=True)
class ShownDigest:
    """From `at` on (the forge's clock) the plan comment showed this plan digest for the place."""

    place: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class GateCase:
    """Everything that a decision rests on.

    `change` is the digest of the pull's own change at its head; `asker` asked for a rollback. `foreign_locks` are
    locks of others on the plans' places; `missing` are affected projects without a plan, as (name, why). `confirmed`
    names what the asker lets go.
    """

    pull: Pull
    plans: tuple[Plan, ...]
    missing: tuple[tuple[str, str], ...]
    opinions: tuple[Opinion, ...]
    change: str
    contributors: Contributors
    asker: str | None
    shown_digests: tuple[ShownDigest, ...]
    checks: tuple[Check, ...]
    foreign_locks: tuple[Lock, ...]
    freeze: Freeze | None
    now: datetime
    confirmed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Demand:
    """One line: what is asked, of which project (None: of the whole pull), whether it is met, and what helps if not."""

    project: str | None
    met: bool
    text: str
    remedy: str = ""


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


def group_demands(demands: Iterable[Demand]) -> tuple[DemandGroup, ...]:
    """The demands as people read them, unmet ones first."""
    projects_by_key: dict[tuple[bool, str, str], list[str]] = {}
    for demand in demands:
        projects = projects_by_key.setdefault((demand.met, demand.text, demand.remedy), [])
        if demand.project is not None:
            projects.append(demand.project)
    lines = (DemandGroup(*key, tuple(projects)) for key, projects in projects_by_key.items())
    return tuple(sorted(lines, key=lambda line: line.met))
