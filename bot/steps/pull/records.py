"""What the store knows of a pull request, read once for a decision: whoever decides asks these, not the store again."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.core.gate_case import ShownDigest
from bot.core.lifecycle import to_apply, to_approve_only
from bot.core.pull import BaseBranch, Pull
from bot.core.run import Freeze, Lock, Plan, Run, RunKind, RunProject
from bot.store import locks, plans, pulls, runs


@dataclass(frozen=True, slots=True)
class PullRecords:
    """One moment. `plan_run` and `apply_run` are the newest of their kind, `plan_rows` the rows of that plan run.

    `live` are current and stale plans; `foreign_locks` are those of other pulls in the repository; `unfinished` are
    places that an apply at this head did not bring to its end.
    """

    plan_run: Run | None
    plan_rows: tuple[RunProject, ...]
    apply_run: Run | None
    open_runs: tuple[Run, ...]
    live: tuple[Plan, ...]
    applied: tuple[Plan, ...]
    locks: tuple[Lock, ...]
    foreign_locks: tuple[Lock, ...]
    freeze: Freeze | None
    shown_digests: tuple[ShownDigest, ...]
    askers: frozenset[str]
    pushers: frozenset[str]
    base_branches: tuple[BaseBranch, ...]
    handled_closure: str | None
    unfinished: frozenset[str]

    @property
    def unapplied(self) -> list[Plan]:
        """The live plans that change something."""
        return to_apply(self.live)

    @property
    def to_approve_only(self) -> list[Plan]:
        """The live plans that change nothing now, and that change what later applies run."""
        return to_approve_only(self.live)

    @property
    def applying(self) -> bool:
        """An apply of the pull has not ended."""
        return any(run.kind is RunKind.APPLY for run in self.open_runs)


def read_records(tx: sa.Connection, pull: Pull) -> PullRecords:
    """All of it, as it is in this transaction."""
    newest = runs.latest(tx, pull.key, RunKind.PLAN)
    repository_locks = locks.of_repository(tx, pull.repository.key)
    return PullRecords(
        plan_run=newest,
        plan_rows=runs.projects(tx, newest.id) if newest else (),
        apply_run=runs.latest(tx, pull.key, RunKind.APPLY),
        open_runs=runs.list_unfinished(tx, pull.key),
        live=plans.live(tx, pull.key),
        applied=plans.applied_plans(tx, pull.key),
        locks=tuple(lock for lock in repository_locks if lock.pull == pull.key),
        foreign_locks=tuple(lock for lock in repository_locks if lock.pull != pull.key),
        freeze=locks.get_freeze(tx),
        shown_digests=plans.shown_digests(tx, pull.key),
        askers=pulls.askers(tx, pull.key),
        pushers=pulls.pushers(tx, pull.key),
        base_branches=pulls.base_branches(tx, pull.key),
        handled_closure=pulls.handled_closure(tx, pull.key),
        unfinished=runs.unfinished_places(tx, pull.key, pull.head.sha),
    )
