"""Claims: locks (a pull request's, on places, until merged and applied), slots (a running tool's) and the freeze."""

from collections.abc import Iterable

import sqlalchemy as sa

from bot.core.run import Freeze, Lock
from bot.store import topics
from bot.store.columns import insert_new, upsert
from bot.store.tables import freeze, lock, slot


def take(tx: sa.Connection, wanted: Iterable[Lock]) -> tuple[Lock, ...]:
    """Take all of these locks, or none: returns the ones that others hold. Taking one's own again is fine."""
    wanted = tuple(wanted)
    others = tuple(
        held for want in wanted if (held := holder(tx, want.repository, want.place)) and held.pull != want.pull
    )
    if others:
        return others
    for want in wanted:
        values = {"pull": want.pull, "taken_by": want.taken_by, "since": want.since}
        if not insert_new(tx, lock, repository=want.repository, place=want.place, **values):
            held = holder(tx, want.repository, want.place)
            others += (held,) if held and held.pull != want.pull else ()
    return others


def holder(tx: sa.Connection, repository: str, place: str) -> Lock | None:
    query = sa.select(lock).where(lock.c.repository == repository, lock.c.place == place).with_for_update()
    row = tx.execute(query).one_or_none()
    return _lock(row) if row else None


def of_pull(tx: sa.Connection, pull: str) -> tuple[Lock, ...]:
    return tuple(_lock(row) for row in tx.execute(sa.select(lock).where(lock.c.pull == pull).order_by(lock.c.place)))


def listed(tx: sa.Connection) -> tuple[Lock, ...]:
    return tuple(_lock(row) for row in tx.execute(sa.select(lock).order_by(lock.c.since)))


def free(tx: sa.Connection, pull: str) -> tuple[Lock, ...]:
    """Free every lock of the pull; the locks that were freed."""
    freed = of_pull(tx, pull)
    tx.execute(lock.delete().where(lock.c.pull == pull))
    return freed


def enter(tx: sa.Connection, repository: str, place: str, run: str) -> bool:
    """Take the place's slot for a run's tool; entering again for the same run is fine."""
    if insert_new(tx, slot, repository=repository, place=place, run=run):
        return True
    query = sa.select(slot.c.run).where(slot.c.repository == repository, slot.c.place == place)
    return bool(tx.execute(query).scalar() == run)


def leave(tx: sa.Connection, repository: str, place: str, run: str) -> None:
    tx.execute(slot.delete().where(slot.c.repository == repository, slot.c.place == place, slot.c.run == run))


def slots(tx: sa.Connection) -> tuple[tuple[str, str, str], ...]:
    """(repository, place, run) of every slot that is taken."""
    return tuple((row.repository, row.place, row.run) for row in tx.execute(sa.select(slot)))


def frozen(tx: sa.Connection) -> Freeze | None:
    row = tx.execute(sa.select(freeze)).one_or_none()
    return Freeze(row.reason, row.by, row.since) if row else None


def set_frozen(tx: sa.Connection, stop: Freeze) -> None:
    """Freeze all applies; every plan comment is to say so."""
    upsert(tx, freeze, {"id": 1}, {"reason": stop.reason, "by": stop.by, "since": stop.since})
    topics.ask_of_planned(tx)


def thaw(tx: sa.Connection) -> bool:
    """End the freeze; false when there was none."""
    topics.ask_of_planned(tx)
    return bool(tx.execute(freeze.delete()).rowcount)


def _lock(row: sa.Row[tuple[object, ...]]) -> Lock:
    return Lock(row.repository, row.place, row.pull, row.taken_by, row.since)
