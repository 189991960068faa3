"""What became of a place in the course of time: its applies, and the places that there are. Reads only."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.core.keys import PullKey
from bot.core.lifecycle import LIVE_STATES
from bot.core.plan import Counts
from bot.core.run import Freeze, RunKind, State
from bot.store.columns import load
from bot.store.tables import audit, plan, run, run_project

PAGE = 30
PLACES = 50


@dataclass(frozen=True, slots=True)
class ApplyRecord:
    """One apply of one place, whatever came of it."""

    run: str
    pull: PullKey
    asked_by: str
    head: str
    state: State
    counts: Counts
    note: str
    at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A place that was planned once; `planned_by` are pulls that have a plan for it now."""

    repository: str
    place: str
    last: ApplyRecord | None
    planned_by: tuple[PullKey, ...]


def applies(tx: sa.Connection, repository: str, place: str, page: int = 1) -> tuple[tuple[ApplyRecord, ...], bool]:
    """One page of a place's applies, newest first, counted from 1; and whether there are more."""
    query = _apply_query(repository, place).limit(PAGE + 1).offset((page - 1) * PAGE)
    records = tuple(_apply_record(row) for row in tx.execute(query))
    return records[:PAGE], len(records) > PAGE


def places(tx: sa.Connection, repository: str | None = None, page: int = 1) -> tuple[tuple[KnownPlace, ...], bool]:
    """Every place that was planned once, by name; and whether there are more."""
    query = sa.select(plan.c.repository, plan.c.place).distinct().order_by(plan.c.repository, plan.c.place)
    if repository:
        query = query.where(plan.c.repository == repository)
    rows = tx.execute(query.limit(PLACES + 1).offset((page - 1) * PLACES)).all()
    conditions = plan.c.state.in_(LIVE_STATES), plan.c.place.in_([row.place for row in rows])
    live = sa.select(plan.c.repository, plan.c.place, plan.c.pull).where(*conditions).distinct()
    planned: dict[tuple[str, str], tuple[PullKey, ...]] = {}
    for row in tx.execute(live.order_by(plan.c.pull)):
        planned[row.repository, row.place] = (*planned.get((row.repository, row.place), ()), PullKey(row.pull))
    known_places = tuple(
        KnownPlace(row.repository, row.place, _last_apply(tx, row.repository, row.place), planned.get((*row,), ()))
        for row in rows[:PLACES]
    )
    return known_places, len(rows) > PLACES


def is_known(tx: sa.Connection, repository: str, place: str) -> bool:
    """Something was planned or applied there."""
    conditions = plan.c.repository == repository, plan.c.place == place
    planned = tx.execute(sa.select(plan.c.id).where(*conditions).limit(1)).first()
    return planned is not None or _last_apply(tx, repository, place) is not None


def planned_by(tx: sa.Connection, repository: str, place: str) -> tuple[str, ...]:
    """Pulls that have a plan for the place now."""
    conditions = plan.c.repository == repository, plan.c.place == place, plan.c.state.in_(LIVE_STATES)
    return tuple(tx.execute(sa.select(plan.c.pull).where(*conditions).distinct().order_by(plan.c.pull)).scalars())


def freezes(tx: sa.Connection, limit: int = 10) -> tuple[tuple[str, Freeze], ...]:
    """The last freezes and thaws, newest first: (`freeze` or `thaw`, reason with who and when)."""
    query = sa.select(audit).where(audit.c.action.in_(("freeze", "thaw"))).order_by(audit.c.id.desc()).limit(limit)
    return tuple(
        (row.action, Freeze(load(dict[str, str], row.detail).get("reason", ""), row.actor, row.at))
        for row in tx.execute(query)
    )


def run_states(tx: sa.Connection, now: datetime, within: timedelta) -> dict[State, int]:
    """How many runs are open, and how many ended of late, by state."""
    recent = sa.or_(run.c.ended_at.is_(None), run.c.ended_at > now - within)
    query = sa.select(run.c.state, sa.func.count()).where(recent).group_by(run.c.state)
    return {State(state): count for state, count in tx.execute(query)}


def _last_apply(tx: sa.Connection, repository: str, place: str) -> ApplyRecord | None:
    row = tx.execute(_apply_query(repository, place).limit(1)).first()
    return _apply_record(row) if row else None


def _apply_query(repository: str, place: str) -> sa.Select[tuple[object, ...]]:
    """A run's pull is its key, `github:4711#7`."""
    rows = run_project.c
    columns = run.c.id, run.c.pull, run.c.asked_by, run.c.head, rows.state, rows.counts, rows.note, run.c.created_at
    conditions = (
        rows.place == place,
        run.c.kind == RunKind.APPLY,
        run.c.pull.startswith(f"{repository}#", autoescape=True),
    )
    query = sa.select(*columns, rows.started_at, rows.ended_at).join(run, run.c.id == rows.run).where(*conditions)
    return query.order_by(run.c.created_at.desc(), run.c.id)


def _apply_record(row: sa.Row[tuple[object, ...]]) -> ApplyRecord:
    return ApplyRecord(
        run=row.id,
        pull=PullKey(row.pull),
        asked_by=row.asked_by,
        head=row.head,
        state=State(row.state),
        counts=load(Counts, row.counts),
        note=row.note,
        at=row.started_at or row.created_at,
        ended_at=row.ended_at,
    )
