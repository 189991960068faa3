"""Runs and their rows. A run ends when its last row does; the transaction that ends it knows that it was the last."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from bot.core.plan import Counts
from bot.core.project import Project, Rules
from bot.core.run import Run, RunKind, RunProject, Selection, State
from bot.store.columns import dump, insert_new, load
from bot.store.tables import run as runs
from bot.store.tables import run_project as rows

OPEN = (State.QUEUED, State.RUNNING)
TURN = "its turn"


def add(tx: sa.Connection, run: Run, projects: Sequence[RunProject], job: str, notices: Sequence[str] = ()) -> bool:
    """Write a run with its rows; false, and nothing changed, when it is there already."""
    values = {
        "id": run.id,
        "kind": run.kind,
        "pull": run.pull,
        "state": run.state,
        "asked_by": run.asked_by,
        "why": run.why,
        "head": run.head,
        "base": run.base,
        "branch": run.branch,
        "result": run.result,
        "selection": dump(Selection, run.selection),
        "note": run.note,
        "stop": "",
        "notices": dump(list[str], list(notices)),
        "job": job,
        "created_at": run.created_at,
        "ended_at": run.ended_at,
    }
    if not insert_new(tx, runs, **values):
        return False
    for position, row in enumerate(projects):
        tx.execute(rows.insert().values(**_columns(row), position=position))
    return True


def get(tx: sa.Connection, id: str) -> Run | None:
    row = tx.execute(sa.select(runs).where(runs.c.id == id)).one_or_none()
    return _run(row) if row else None


def notices(tx: sa.Connection, id: str) -> tuple[str, ...]:
    """Sentences that stand above the run's projects."""
    text = tx.execute(sa.select(runs.c.notices).where(runs.c.id == id)).scalar()
    return tuple(load(list[str], text)) if text else ()


def latest(tx: sa.Connection, pull: str, kind: RunKind) -> Run | None:
    query = sa.select(runs).where(runs.c.pull == pull, runs.c.kind == kind)
    row = tx.execute(query.order_by(runs.c.created_at.desc(), runs.c.id).limit(1)).one_or_none()
    return _run(row) if row else None


def listed(tx: sa.Connection, limit: int = 100, pull: str | None = None) -> tuple[Run, ...]:
    """Newest first."""
    query = sa.select(runs)
    if pull:
        query = query.where(runs.c.pull == pull)
    return tuple(_run(row) for row in tx.execute(query.order_by(runs.c.created_at.desc()).limit(limit)))


def unfinished(tx: sa.Connection, pull: str | None = None, kind: RunKind | None = None) -> tuple[Run, ...]:
    query = sa.select(runs).where(runs.c.state.in_(OPEN))
    if pull:
        query = query.where(runs.c.pull == pull)
    if kind:
        query = query.where(runs.c.kind == kind)
    return tuple(_run(row) for row in tx.execute(query.order_by(runs.c.created_at)))


def projects(tx: sa.Connection, run: str) -> tuple[RunProject, ...]:
    query = sa.select(rows).where(rows.c.run == run).order_by(rows.c.position)
    return tuple(_row(row) for row in tx.execute(query))


def project(tx: sa.Connection, run: str, place: str) -> RunProject | None:
    row = tx.execute(sa.select(rows).where(rows.c.run == run, rows.c.place == place)).one_or_none()
    return _row(row) if row else None


def claim(tx: sa.Connection, run: str, place: str, holder: str, now: datetime) -> bool:
    """Make the row running, held by that job; false when it has ended or another job holds it."""
    mine = sa.or_(rows.c.state == State.QUEUED, sa.and_(rows.c.state == State.RUNNING, rows.c.holder == holder))
    values = {"state": State.RUNNING, "waits_for": "", "holder": holder, "started_at": now}
    if not tx.execute(rows.update().where(_is(run, place), mine).values(**values)).rowcount:
        return False
    tx.execute(runs.update().where(runs.c.id == run, runs.c.state == State.QUEUED).values(state=State.RUNNING))
    return True


def next_turns(tx: sa.Connection, run: str, most: int) -> tuple[str, ...]:
    """Places whose turn has come, no more than `most` of the run's rows being at work at once; start them."""
    tx.execute(sa.select(runs.c.id).where(runs.c.id == run).with_for_update())
    all_rows = tx.execute(sa.select(rows).where(rows.c.run == run).order_by(rows.c.position)).all()
    busy = sum(row.state == State.RUNNING or (row.state == State.QUEUED and not row.waits_for) for row in all_rows)
    turns = [row.place for row in all_rows if row.state == State.QUEUED and row.waits_for == TURN]
    places = tuple(turns[: max(0, most - busy)])
    tx.execute(rows.update().where(rows.c.run == run, rows.c.place.in_(places)).values(waits_for=""))
    return places


def kind(tx: sa.Connection, run: str) -> tuple[RunKind, str] | None:
    """(kind, pull) of a run."""
    row = tx.execute(sa.select(runs.c.kind, runs.c.pull).where(runs.c.id == run)).one_or_none()
    return (RunKind(row.kind), row.pull) if row else None


def any_waits(tx: sa.Connection, run: str, reason: str) -> bool:
    """Some row of the run waits for this."""
    its = rows.c.run == run, rows.c.state == State.QUEUED, rows.c.waits_for == reason
    return tx.execute(sa.select(rows.c.place).where(*its).limit(1)).first() is not None


def ready(tx: sa.Connection) -> tuple[tuple[str, str], ...]:
    """(run, place) of rows that wait for nothing and that no job has claimed: somebody should start them."""
    query = sa.select(rows.c.run, rows.c.place).where(rows.c.state == State.QUEUED, rows.c.waits_for == "")
    return tuple((row.run, row.place) for row in tx.execute(query))


def held(tx: sa.Connection) -> tuple[tuple[str, str, str], ...]:
    """(run, place, job) of running rows."""
    query = sa.select(rows.c.run, rows.c.place, rows.c.holder).where(rows.c.state == State.RUNNING)
    return tuple((row.run, row.place, row.holder) for row in tx.execute(query))


def set_plan(tx: sa.Connection, old: str, new: str) -> None:
    """Rows of plan and apply go on with another plan of the same result."""
    tx.execute(rows.update().where(rows.c.plan == old).values(plan=new))


def wait(tx: sa.Connection, run: str, place: str, what: str) -> None:
    """The row waits; whoever frees what it waits for starts it."""
    tx.execute(rows.update().where(_is(run, place), rows.c.state.in_(OPEN)).values(state=State.QUEUED, waits_for=what))


def settle(tx: sa.Connection, row: RunProject, now: datetime) -> Run | None:
    """End a row as given. Returns the run when this row was the last to end, otherwise None.

    A row that has ended already stays as it is. The run's own row is locked first, so that two last rows cannot
    miss each other.
    """
    tx.execute(sa.select(runs.c.id).where(runs.c.id == row.run).with_for_update())
    values = _columns(row) | {"ended_at": now, "waits_for": ""}
    del values["started_at"]  # the claim wrote it; what the job holds of the row may be older
    ended = tx.execute(rows.update().where(_is(row.run, row.project.place), rows.c.state.in_(OPEN)).values(**values))
    if not ended.rowcount:
        return None
    return get(tx, row.run) if _end_if_all_did(tx, row.run, now) else None


def end(tx: sa.Connection, id: str, state: State, note: str, now: datetime) -> None:
    """End a run as a whole (refused, superseded before it began); rows still open are skipped."""
    tx.execute(runs.update().where(runs.c.id == id).values(state=state, note=note, ended_at=now))
    still_open = rows.c.run == id, rows.c.state.in_(OPEN)
    tx.execute(rows.update().where(*still_open).values(state=State.SKIPPED, note=note, waits_for="", ended_at=now))


def annotate(tx: sa.Connection, id: str, note: str) -> None:
    tx.execute(runs.update().where(runs.c.id == id).values(note=note))


def skip_queued(tx: sa.Connection, id: str, note: str, now: datetime) -> bool:
    """Skip the rows that have not begun; true when that ended the run."""
    tx.execute(sa.select(runs.c.id).where(runs.c.id == id).with_for_update())
    queued = rows.c.run == id, rows.c.state == State.QUEUED
    tx.execute(rows.update().where(*queued).values(state=State.SKIPPED, note=note, waits_for="", ended_at=now))
    return _end_if_all_did(tx, id, now)


def ask_to_stop(tx: sa.Connection, id: str, why: str) -> None:
    """Ask a run to stop: tools notice within a second; queued rows are skipped when their turn comes."""
    tx.execute(runs.update().where(runs.c.id == id, runs.c.state.in_(OPEN)).values(stop=why))


def stop_asked(tx: sa.Connection, id: str) -> str:
    """Why the run was asked to stop; empty when it was not."""
    return tx.execute(sa.select(runs.c.stop).where(runs.c.id == id)).scalar() or ""


def job(tx: sa.Connection, id: str) -> str:
    """The job that asked for the run."""
    return str(tx.execute(sa.select(runs.c.job).where(runs.c.id == id)).scalar_one())


def waiting(tx: sa.Connection, what: str) -> tuple[RunProject, ...]:
    """Rows that wait for this, oldest run first."""
    query = sa.select(rows).join(runs, runs.c.id == rows.c.run)
    query = query.where(rows.c.waits_for == what, rows.c.state == State.QUEUED).order_by(runs.c.created_at)
    return tuple(_row(row) for row in tx.execute(query))


def outcome(states: set[State]) -> State:
    """A run is as bad as its worst row; skipped rows do not make it worse."""
    worst = (State.UNKNOWN, State.FAILED, State.REFUSED, State.DONE, State.SKIPPED)
    return next((state for state in worst if state in states), State.DONE)


def _end_if_all_did(tx: sa.Connection, id: str, now: datetime) -> bool:
    found = tx.execute(sa.select(rows.c.state).distinct().where(rows.c.run == id))
    states = {State(state) for state in found.scalars()}
    if any(not state.ended for state in states):
        return False
    open_run = runs.c.id == id, runs.c.state.in_(OPEN)
    return tx.execute(runs.update().where(*open_run).values(state=outcome(states), ended_at=now)).rowcount == 1


def _is(run: str, place: str) -> sa.ColumnElement[bool]:
    return sa.and_(rows.c.run == run, rows.c.place == place)


def _columns(row: RunProject) -> dict[str, object]:
    return {
        "run": row.run,
        "place": row.project.place,
        "state": row.state,
        "plan": row.plan,
        "project": dump(Project, row.project),
        "rules": dump(Rules, row.rules),
        "counts": dump(Counts, row.counts),
        "note": row.note,
        "output": row.output,
        "waits_for": row.waits_for,
        "removed": row.removed,
        "input_digest": row.input_digest,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
    }


def _row(row: sa.Row[tuple[object, ...]]) -> RunProject:
    return RunProject(
        run=row.run,
        project=load(Project, row.project),
        rules=load(Rules, row.rules),
        state=State(row.state),
        plan=row.plan,
        counts=load(Counts, row.counts),
        note=row.note,
        output=row.output,
        waits_for=row.waits_for,
        removed=row.removed,
        input_digest=row.input_digest,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def _run(row: sa.Row[tuple[object, ...]]) -> Run:
    return Run(
        id=row.id,
        kind=RunKind(row.kind),
        pull=row.pull,
        state=State(row.state),
        asked_by=row.asked_by,
        why=row.why,
        head=row.head,
        base=row.base,
        branch=row.branch,
        result=row.result,
        selection=load(Selection, row.selection),
        note=row.note,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )
