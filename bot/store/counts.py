"""How many rows there are of a kind, for metrics. Reads only."""

import sqlalchemy as sa

from bot.core.lifecycle import OPEN_STATES
from bot.store.tables import delivery, run, run_project


def count_runs(tx: sa.Connection) -> dict[tuple[str, ...], int]:
    """How many runs there are by (kind, state)."""
    query = sa.select(run.c.kind, run.c.state, sa.func.count()).group_by(run.c.kind, run.c.state)
    return {(kind, state): count for kind, state, count in tx.execute(query)}


def count_open_rows(tx: sa.Connection) -> dict[tuple[str, ...], int]:
    """How many projects are queued and running; zeros too, so that a graph has no gaps."""
    query = sa.select(run_project.c.state, sa.func.count()).group_by(run_project.c.state)
    by_state = {state: count for state, count in tx.execute(query.where(run_project.c.state.in_(OPEN_STATES)))}
    return {(state.value,): by_state.get(state, 0) for state in OPEN_STATES}


def count_undone_deliveries(tx: sa.Connection) -> int:
    """How many deliveries are no jobs yet."""
    query = sa.select(sa.func.count()).select_from(delivery).where(delivery.c.done_at.is_(None))
    return int(tx.execute(query).scalar_one())
