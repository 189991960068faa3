"""Runs as a list shows them: filtered, a page at a time, each with the sum of its projects. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from bot.core.plan import Counts
from bot.core.run import Run, RunKind, State
from bot.store import runs
from bot.store.columns import load
from bot.store.tables import run, run_project

PAGE = 30


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs to list; None is any. `repository` is a key."""

    repository: str | None = None
    number: int | None = None
    kind: RunKind | None = None
    state: State | None = None


@dataclass(frozen=True, slots=True)
class RunTotals:
    """All projects of one run taken together."""

    projects: int = 0
    counts: Counts = Counts()


def list_page(tx: sa.Connection, run_filter: RunFilter, page: int) -> tuple[tuple[Run, ...], bool]:
    """One page of runs, newest first, counted from 1; and whether there are more."""
    query = sa.select(run.c.id).where(*_conditions(run_filter)).order_by(run.c.created_at.desc(), run.c.id)
    ids = tx.execute(query.limit(PAGE + 1).offset((page - 1) * PAGE)).scalars().all()
    listed = (runs.get(tx, id) for id in ids[:PAGE])
    return tuple(row for row in listed if row), len(ids) > PAGE


def totals(tx: sa.Connection, ids: Iterable[str]) -> dict[str, RunTotals]:
    """By run. A run without rows is not in it."""
    rows = tx.execute(sa.select(run_project.c.run, run_project.c.counts).where(run_project.c.run.in_(tuple(ids))))
    by_run: dict[str, RunTotals] = {}
    for row in rows:
        before = by_run.get(row.run, RunTotals())
        by_run[row.run] = RunTotals(before.projects + 1, before.counts + load(Counts, row.counts))
    return by_run


def _conditions(run_filter: RunFilter) -> Iterable[sa.ColumnElement[bool]]:
    """A run's pull is its key, `github:4711#7`."""
    if run_filter.repository and run_filter.number:
        yield run.c.pull == f"{run_filter.repository}#{run_filter.number}"
    elif run_filter.repository:
        yield run.c.pull.startswith(f"{run_filter.repository}#", autoescape=True)
    elif run_filter.number:
        yield run.c.pull.endswith(f"#{run_filter.number}")
    if run_filter.kind:
        yield run.c.kind == run_filter.kind
    if run_filter.state:
        yield run.c.state == run_filter.state
