"""What pages and metrics ask of the store beyond what jobs ask: filtered lists and counts. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from bot.core.plan import Counts
from bot.core.run import Run, RunKind, State
from bot.store import runs
from bot.store.columns import load
from bot.store.tables import delivery, run, run_project

PAGE = 30


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs to list; None is any. `repository` is a key."""

    repository: str | None = None
    number: int | None = None
    kind: RunKind | None = None
    state: State | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """All projects of one run taken together."""

    projects: int = 0
    counts: Counts = Counts()


def listed(tx: sa.Connection, wanted: Filter, page: int) -> tuple[tuple[Run, ...], bool]:
    """One page of runs, newest first, counted from 1; and whether there are more."""
    query = sa.select(run.c.id).where(*_conditions(wanted)).order_by(run.c.created_at.desc(), run.c.id)
    ids = tx.execute(query.limit(PAGE + 1).offset((page - 1) * PAGE)).scalars().all()
    found = (runs.get(tx, id) for id in ids[:PAGE])
    return tuple(each for each in found if each), len(ids) > PAGE


def sums(tx: sa.Connection, ids: Iterable[str]) -> dict[str, Sum]:
    """By run. A run without rows is not in it."""
    rows = tx.execute(sa.select(run_project.c.run, run_project.c.counts).where(run_project.c.run.in_(tuple(ids))))
    found: dict[str, Sum] = {}
    for row in rows:
        before = found.get(row.run, Sum())
        found[row.run] = Sum(before.projects + 1, before.counts + load(Counts, row.counts))
    return found


def run_counts(tx: sa.Connection) -> dict[tuple[str, ...], int]:
    """How many runs there are by (kind, state)."""
    query = sa.select(run.c.kind, run.c.state, sa.func.count()).group_by(run.c.kind, run.c.state)
    return {(kind, state): count for kind, state, count in tx.execute(query)}


def open_row_counts(tx: sa.Connection) -> dict[tuple[str, ...], int]:
    """How many projects are queued and running; zeros too, so that a graph has no gaps."""
    query = sa.select(run_project.c.state, sa.func.count()).group_by(run_project.c.state)
    found = {state: count for state, count in tx.execute(query.where(run_project.c.state.in_(runs.OPEN)))}
    return {(state.value,): found.get(state, 0) for state in runs.OPEN}


def undone_deliveries(tx: sa.Connection) -> int:
    query = sa.select(sa.func.count()).select_from(delivery).where(delivery.c.done_at.is_(None))
    return int(tx.execute(query).scalar_one())


def _conditions(wanted: Filter) -> Iterable[sa.ColumnElement[bool]]:
    """A run's pull is its key, `github:4711#7`."""
    if wanted.repository and wanted.number:
        yield run.c.pull == f"{wanted.repository}#{wanted.number}"
    elif wanted.repository:
        yield run.c.pull.startswith(f"{wanted.repository}#", autoescape=True)
    elif wanted.number:
        yield run.c.pull.endswith(f"#{wanted.number}")
    if wanted.kind:
        yield run.c.kind == wanted.kind
    if wanted.state:
        yield run.c.state == wanted.state
