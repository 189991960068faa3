"""Runs and their rows. A run ends when its last row does; the transaction that ends it knows that it was the last."""

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa

from bot.core.lifecycle import OPEN_STATES, next_places, run_state
from bot.core.run import RowTurn, Run, RunKind, RunProject, State, WaitReason
from bot.store.columns import dump, insert_new, load
from bot.store.run_columns import NOTHING, load_row, load_run, row_columns, run_columns, signed_text, wait_reason
from bot.store.tables import run as runs
from bot.store.tables import run_project as rows

MOST_REFUSALS = 3


def add(tx: sa.Connection, run: Run, projects: Sequence[RunProject], job: str, notices: Sequence[str] = ()) -> bool:
    """Write a run with its rows; false, and nothing changed, when it is there already."""
    values = {"stop": "", "notices": dump(list[str], list(notices)), "job": job}
    if not insert_new(tx, runs, **run_columns(run), **values):
        return False
    for position, row in enumerate(projects):
        tx.execute(rows.insert().values(**row_columns(row), position=position))
    return True


def sign(tx: sa.Connection, run: Run, row: RunProject, sign: Callable[[str], str]) -> None:
    """Put to the row the signature of what it is to say, whatever stands there."""
    signature = sign(signed_text(run_columns(run), row_columns(row)))
    tx.execute(rows.update().where(_is(run.id, row.project.place)).values(signature=signature))


def is_as_signed(tx: sa.Connection, run: str, place: str, verify: Callable[[str, str], bool]) -> bool:
    """Tell whether the row says what was signed: no row of an earlier version does, and none that somebody changed."""
    row = tx.execute(sa.select(rows).where(_is(run, place))).one()._asdict()
    text = signed_text(tx.execute(sa.select(runs).where(runs.c.id == run)).one()._asdict(), row)
    return verify(text, str(row["signature"]))


def get(tx: sa.Connection, id: str) -> Run | None:
    """The run of that id."""
    row = tx.execute(sa.select(runs).where(runs.c.id == id)).one_or_none()
    return load_run(row) if row else None


def notices(tx: sa.Connection, id: str) -> tuple[str, ...]:
    """Sentences that stand above the run's projects."""
    text = tx.execute(sa.select(runs.c.notices).where(runs.c.id == id)).scalar()
    return tuple(load(list[str], text)) if text else ()


def latest(tx: sa.Connection, pull: str, kind: RunKind) -> Run | None:
    """The pull's newest run of that kind."""
    query = sa.select(runs).where(runs.c.pull == pull, runs.c.kind == kind)
    row = tx.execute(query.order_by(runs.c.created_at.desc(), runs.c.id).limit(1)).one_or_none()
    return load_run(row) if row else None


def list_runs(tx: sa.Connection, limit: int = 100, pull: str | None = None) -> tuple[Run, ...]:
    """Newest first."""
    query = sa.select(runs)
    if pull:
        query = query.where(runs.c.pull == pull)
    return tuple(load_run(row) for row in tx.execute(query.order_by(runs.c.created_at.desc()).limit(limit)))


def list_unfinished(tx: sa.Connection, pull: str | None = None, kind: RunKind | None = None) -> tuple[Run, ...]:
    """Runs that have not ended, oldest first, perhaps only of one pull or kind."""
    query = sa.select(runs).where(runs.c.state.in_(OPEN_STATES))
    if pull:
        query = query.where(runs.c.pull == pull)
    if kind:
        query = query.where(runs.c.kind == kind)
    return tuple(load_run(row) for row in tx.execute(query.order_by(runs.c.created_at)))


def projects(tx: sa.Connection, run: str) -> tuple[RunProject, ...]:
    """The run's rows, in order."""
    query = sa.select(rows).where(rows.c.run == run).order_by(rows.c.position)
    return tuple(load_row(row) for row in tx.execute(query))


def project(tx: sa.Connection, run: str, place: str) -> RunProject | None:
    """The run's row for a place."""
    row = tx.execute(sa.select(rows).where(rows.c.run == run, rows.c.place == place)).one_or_none()
    return load_row(row) if row else None


def claim(tx: sa.Connection, run: str, place: str, holder: str, now: datetime) -> bool:
    """Make the row running, held by that job; false when it has ended or another job holds it."""
    claimable = sa.or_(rows.c.state == State.QUEUED, sa.and_(rows.c.state == State.RUNNING, rows.c.holder == holder))
    values = {"state": State.RUNNING, "waits_for": NOTHING, "holder": holder, "started_at": now}
    if not tx.execute(rows.update().where(_is(run, place), claimable).values(**values)).rowcount:
        return False
    tx.execute(runs.update().where(runs.c.id == run, runs.c.state == State.QUEUED).values(state=State.RUNNING))
    return True


def next_turns(tx: sa.Connection, run: str, limit: int) -> tuple[str, ...]:
    """Places whose turn has come, no more than `limit` of the run's rows being at work at once; start them."""
    lock(tx, run)
    query = sa.select(rows.c.place, rows.c.state, rows.c.waits_for).order_by(rows.c.position)
    still_open = tx.execute(query.where(rows.c.run == run, rows.c.state.in_(OPEN_STATES))).all()
    turns = [RowTurn(place, State(state), wait_reason(waits_for)) for place, state, waits_for in still_open]
    places = next_places(turns, limit)
    if places:
        tx.execute(rows.update().where(rows.c.run == run, rows.c.place.in_(places)).values(waits_for=NOTHING))
    return places


def has_blocked_rows(tx: sa.Connection, run: str) -> bool:
    """Tell whether a row of the run waits for others of it to be applied."""
    blocked = rows.c.run == run, rows.c.state == State.QUEUED, rows.c.waits_for == WaitReason.DEPENDENCIES
    return tx.execute(sa.select(rows.c.place).where(*blocked).limit(1)).first() is not None


def lock(tx: sa.Connection, id: str) -> Run | None:
    """The run, which nobody else ends or brings forward until this transaction is over."""
    row = tx.execute(sa.select(runs).where(runs.c.id == id).with_for_update()).one_or_none()
    return load_run(row) if row else None


def ready_rows(tx: sa.Connection) -> tuple[tuple[str, str], ...]:
    """(run, place) of rows that wait for nothing and that no job has claimed: somebody should start them."""
    query = sa.select(rows.c.run, rows.c.place).where(rows.c.state == State.QUEUED, rows.c.waits_for == NOTHING)
    return tuple((row.run, row.place) for row in tx.execute(query))


def running_rows(tx: sa.Connection) -> tuple[tuple[str, str, str], ...]:
    """(run, place, job) of running rows."""
    query = sa.select(rows.c.run, rows.c.place, rows.c.holder).where(rows.c.state == State.RUNNING)
    return tuple((row.run, row.place, row.holder) for row in tx.execute(query))


def record_cage(tx: sa.Connection, run: str, place: str, cage: str, network: str) -> None:
    """Write down what a row's tool is started in: the kind of its cage, and where it may talk to from there."""
    tx.execute(rows.update().where(_is(run, place)).values(cage=cage, network=network))


def set_plan(tx: sa.Connection, old: str, new: str) -> None:
    """Rows of plan and apply go on with another plan of the same result."""
    tx.execute(rows.update().where(rows.c.plan == old).values(plan=new))


def wait(tx: sa.Connection, run: str, place: str, reason: WaitReason | None) -> None:
    """The row waits; whoever frees what it waits for starts it. None: it is to be started."""
    values = {"state": State.QUEUED, "waits_for": reason or NOTHING}
    tx.execute(rows.update().where(_is(run, place), rows.c.state.in_(OPEN_STATES)).values(**values))


def settle(tx: sa.Connection, row: RunProject, now: datetime) -> Run | None:
    """End a row as given. Returns the run when this row was the last to end, otherwise None.

    A row that has ended already stays as it is. The run's own row is locked first, so that two last rows cannot
    miss each other.
    """
    tx.execute(sa.select(runs.c.id).where(runs.c.id == row.run).with_for_update())
    values = row_columns(row) | {"ended_at": now, "waits_for": NOTHING}
    for name in ("started_at", "cage", "network"):  # written since; what the job holds of the row may be older
        del values[name]
    update = tx.execute(
        rows.update().where(_is(row.run, row.project.place), rows.c.state.in_(OPEN_STATES)).values(**values)
    )
    if not update.rowcount:
        return None
    return get(tx, row.run) if _end_if_all_ended(tx, row.run, now) else None


def end(tx: sa.Connection, id: str, state: State, note: str, now: datetime) -> None:
    """End a run as a whole (refused, superseded before it began); rows still open are skipped."""
    tx.execute(runs.update().where(runs.c.id == id).values(state=state, note=note, ended_at=now))
    still_open = rows.c.run == id, rows.c.state.in_(OPEN_STATES)
    tx.execute(rows.update().where(*still_open).values(state=State.SKIPPED, note=note, waits_for=NOTHING, ended_at=now))


def annotate(tx: sa.Connection, id: str, note: str) -> None:
    """Set the run's sentence for people."""
    tx.execute(runs.update().where(runs.c.id == id).values(note=note))


def skip_queued(tx: sa.Connection, id: str, note: str, now: datetime) -> bool:
    """Skip the rows that have not begun; true when that ended the run."""
    tx.execute(sa.select(runs.c.id).where(runs.c.id == id).with_for_update())
    queued = rows.c.run == id, rows.c.state == State.QUEUED
    tx.execute(rows.update().where(*queued).values(state=State.SKIPPED, note=note, waits_for=NOTHING, ended_at=now))
    return _end_if_all_ended(tx, id, now)


def request_stop(tx: sa.Connection, id: str, reason: str) -> None:
    """Ask a run to stop: tools notice within a second; queued rows are skipped when their turn comes."""
    tx.execute(runs.update().where(runs.c.id == id, runs.c.state.in_(OPEN_STATES)).values(stop=reason))


def stop_reason(tx: sa.Connection, id: str) -> str:
    """Why the run was asked to stop; empty when it was not."""
    return tx.execute(sa.select(runs.c.stop).where(runs.c.id == id)).scalar() or ""


def unfinished_places(tx: sa.Connection, pull: str, head: str) -> frozenset[str]:
    """Places that an apply of the pull at that head did not bring to its end: failed, cancelled, or unknown.

    One that is refused before it begins may be so by chance, as when a newer plan comes: it counts the third time.
    """
    query = sa.select(rows.c.place, rows.c.state, sa.func.count()).join(runs, runs.c.id == rows.c.run)
    query = query.where(runs.c.pull == pull, runs.c.kind == RunKind.APPLY, runs.c.head == head)
    query = query.where(rows.c.state.notin_((*OPEN_STATES, State.DONE))).group_by(rows.c.place, rows.c.state)
    counts = tx.execute(query).all()
    return frozenset(place for place, state, count in counts if state != State.REFUSED or count >= MOST_REFUSALS)


def job(tx: sa.Connection, id: str) -> str:
    """The job that asked for the run."""
    return str(tx.execute(sa.select(runs.c.job).where(runs.c.id == id)).scalar_one())


def waiting_rows(tx: sa.Connection, reason: WaitReason) -> tuple[RunProject, ...]:
    """Rows that wait for this, oldest run first."""
    query = sa.select(rows).join(runs, runs.c.id == rows.c.run)
    query = query.where(rows.c.waits_for == reason, rows.c.state == State.QUEUED).order_by(runs.c.created_at)
    return tuple(load_row(row) for row in tx.execute(query))


def _end_if_all_ended(tx: sa.Connection, id: str, now: datetime) -> bool:
    states = tx.execute(sa.select(rows.c.state).distinct().where(rows.c.run == id)).scalars()
    state = run_state(State(state) for state in states)
    if state is None:
        return False
    open_run = runs.c.id == id, runs.c.state.in_(OPEN_STATES)
    return tx.execute(runs.update().where(*open_run).values(state=state, ended_at=now)).rowcount == 1


def _is(run: str, place: str) -> sa.ColumnElement[bool]:
    return sa.and_(rows.c.run == run, rows.c.place == place)
