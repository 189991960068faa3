"""Claims: locks (a pull request's, on places, until merged and applied), slots (a running tool's) and the freeze."""

from collections.abc import Iterable

import sqlalchemy as sa

from bot.core.keys import PullKey
from bot.core.run import Freeze, Lock
from bot.store import comment_slots
from bot.store.columns import insert_new, upsert
from bot.store.tables import freeze, lock, slot


def take(tx: sa.Connection, requested: Iterable[Lock]) -> tuple[Lock, ...]:
    """Take all of these locks, or none: returns the ones that others hold. Taking one's own again is fine."""
    requested = tuple(requested)
    conflicts = tuple(
        existing
        for request in requested
        if (existing := _lock_at(tx, request.repository, request.place)) and existing.pull != request.pull
    )
    if conflicts:
        return conflicts
    taken: list[Lock] = []
    for request in requested:
        values = {"pull": request.pull, "taken_by": request.taken_by, "since": request.since}
        if insert_new(tx, lock, repository=request.repository, place=request.place, **values):
            taken.append(request)
            continue
        existing = _lock_at(tx, request.repository, request.place)
        conflicts += (existing,) if existing and existing.pull != request.pull else ()
    for request in taken if conflicts else ():  # somebody was faster at one of them
        tx.execute(lock.delete().where(lock.c.repository == request.repository, lock.c.place == request.place))
    return conflicts


def of_repository(tx: sa.Connection, repository: str) -> tuple[Lock, ...]:
    """The locks on the repository's places, by place."""
    query = sa.select(lock).where(lock.c.repository == repository).order_by(lock.c.place)
    return tuple(_lock(row) for row in tx.execute(query))


def of_pull(tx: sa.Connection, pull: str) -> tuple[Lock, ...]:
    """The pull's locks, by place."""
    return tuple(_lock(row) for row in tx.execute(sa.select(lock).where(lock.c.pull == pull).order_by(lock.c.place)))


def list_locks(tx: sa.Connection) -> tuple[Lock, ...]:
    """Every lock, oldest first."""
    return tuple(_lock(row) for row in tx.execute(sa.select(lock).order_by(lock.c.since)))


def free(tx: sa.Connection, pull: str) -> tuple[Lock, ...]:
    """Free every lock of the pull; the locks that were freed."""
    freed = of_pull(tx, pull)
    tx.execute(lock.delete().where(lock.c.pull == pull))
    return freed


def acquire_slot(tx: sa.Connection, repository: str, place: str, run: str) -> bool:
    """Take the place's slot for a run's tool; entering again for the same run is fine."""
    if insert_new(tx, slot, repository=repository, place=place, run=run):
        return True
    query = sa.select(slot.c.run).where(slot.c.repository == repository, slot.c.place == place)
    return bool(tx.execute(query).scalar() == run)


def release_slot(tx: sa.Connection, repository: str, place: str, run: str) -> None:
    """Give the place's slot back, if that run has it."""
    tx.execute(slot.delete().where(slot.c.repository == repository, slot.c.place == place, slot.c.run == run))


def slots(tx: sa.Connection) -> tuple[tuple[str, str, str], ...]:
    """(repository, place, run) of every slot that is taken."""
    return tuple((row.repository, row.place, row.run) for row in tx.execute(sa.select(slot)))


def get_freeze(tx: sa.Connection) -> Freeze | None:
    """The freeze that is in force, if any."""
    row = tx.execute(sa.select(freeze)).one_or_none()
    return Freeze(row.reason, row.by, row.since) if row else None


def freeze_applies(tx: sa.Connection, stop: Freeze) -> None:
    """Freeze all applies; every plan comment is to say so."""
    upsert(tx, freeze, {"id": 1}, {"reason": stop.reason, "by": stop.by, "since": stop.since})
    comment_slots.request_planned(tx)


def thaw(tx: sa.Connection) -> bool:
    """End the freeze; false when there was none."""
    comment_slots.request_planned(tx)
    return bool(tx.execute(freeze.delete()).rowcount)


def _lock_at(tx: sa.Connection, repository: str, place: str) -> Lock | None:
    """The lock on a place, whoever holds it: nobody frees it before this transaction is over."""
    query = sa.select(lock).where(lock.c.repository == repository, lock.c.place == place).with_for_update()
    row = tx.execute(query).one_or_none()
    return _lock(row) if row else None


def _lock(row: sa.Row[tuple[object, ...]]) -> Lock:
    return Lock(row.repository, row.place, PullKey(row.pull), row.taken_by, row.since)
