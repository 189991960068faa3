"""Comment slots: one row a comment, so that many requests make few edits and only one job writes at a time.

Columns keep their first names: `wanted` and `said` are the requested and the written version, `speaker` is the lease's
holder, `speaking_since` when it was last renewed.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.core.keys import CommentSlot, PullKey
from bot.core.lifecycle import LIVE_STATES
from bot.store.columns import insert_new, upsert
from bot.store.tables import comment_slot as slots
from bot.store.tables import plan as plans
from bot.store.tables import status as statuses

LEASE_TIMEOUT = timedelta(minutes=2)


def request_version(tx: sa.Connection, key: str, pull: str) -> int:
    """Ask for the comment to be written again; the version that will have it."""
    increment = slots.update().where(slots.c.key == key).values(wanted=slots.c.wanted + 1)
    if not tx.execute(increment).rowcount and not insert_new(tx, slots, key=key, pull=pull, wanted=1, said=0):
        tx.execute(increment)
    return requested_version(tx, key)


def is_leased(tx: sa.Connection, key: str, now: datetime) -> bool:
    """A job holds the lease, who sees every version that is requested before it releases it."""
    leased = slots.c.key == key, slots.c.speaker.is_not(None), slots.c.speaking_since >= now - LEASE_TIMEOUT
    return tx.execute(sa.select(slots.c.key).where(*leased)).first() is not None


def request_planned(tx: sa.Connection) -> None:
    """Ask for the plan comment of every pull that has a plan to apply: something that holds for all has changed."""
    live = sa.select(plans.c.pull).where(plans.c.state.in_(LIVE_STATES))
    plan_slots = slots.c.key.startswith(f"{CommentSlot.PLANS}:"), slots.c.pull.in_(live)
    tx.execute(slots.update().where(*plan_slots).values(wanted=slots.c.wanted + 1))


def requested_version(tx: sa.Connection, key: str) -> int:
    """The newest version that was asked for, counted from 1."""
    return int(tx.execute(sa.select(slots.c.wanted).where(slots.c.key == key)).scalar_one())


def acquire_lease(tx: sa.Connection, key: str, holder: str, now: datetime) -> bool:
    """Become the slot's only writer; false when another job is, who will see the newer version before it stops.

    A holder that was killed gets its lease back, also when there is nothing left to write, so that it can release it.
    """
    free = sa.or_(slots.c.speaker.is_(None), slots.c.speaker == holder, slots.c.speaking_since < now - LEASE_TIMEOUT)
    pending = sa.or_(slots.c.wanted > slots.c.said, slots.c.speaker == holder)
    acquisition = slots.update().where(slots.c.key == key, free, pending).values(speaker=holder, speaking_since=now)
    return tx.execute(acquisition).rowcount == 1


def release_lease(tx: sa.Connection, key: str, holder: str) -> bool:
    """Stop writing; false when a newer version was requested, and the holder must go on."""
    up_to_date = slots.c.key == key, slots.c.speaker == holder, slots.c.wanted == slots.c.said
    return tx.execute(slots.update().where(*up_to_date).values(speaker=None)).rowcount == 1


def abandon_lease(tx: sa.Connection, key: str, holder: str) -> None:
    """Stop writing with a version unwritten, since it could not be written now."""
    tx.execute(slots.update().where(slots.c.key == key, slots.c.speaker == holder).values(speaker=None))


def record_written(tx: sa.Connection, key: str, version: int, comment: str | None, at: datetime) -> None:
    """Record that this version is written, and where (None: there was no comment to write)."""
    values = {"said": version, "said_at": at} | ({"comment": comment} if comment else {})
    tx.execute(slots.update().where(slots.c.key == key).values(**values))


def comment_id(tx: sa.Connection, key: str) -> str | None:
    """The forge's id of the slot's comment, if it was ever written."""
    id: str | None = tx.execute(sa.select(slots.c.comment).where(slots.c.key == key)).scalar()
    return id


def list_outdated(tx: sa.Connection, now: datetime) -> tuple[CommentSlot, ...]:
    """Slots with a requested version that no job is writing."""
    unleased = sa.or_(slots.c.speaker.is_(None), slots.c.speaking_since < now - LEASE_TIMEOUT)
    keys = tx.execute(sa.select(slots.c.key).where(slots.c.wanted > slots.c.said, unleased)).scalars()
    return tuple(CommentSlot(key) for key in keys)


def pull_of(tx: sa.Connection, key: str) -> PullKey:
    """The slot's pull request."""
    return PullKey(tx.execute(sa.select(slots.c.pull).where(slots.c.key == key)).scalar_one())


def written_statuses(tx: sa.Connection, pull: str) -> dict[str, tuple[str, str]]:
    """(commit, what was said) of the pull's statuses, by name."""
    rows = tx.execute(sa.select(statuses).where(statuses.c.pull == pull))
    return {row.name: (row.sha, row.said) for row in rows}


def record_status(tx: sa.Connection, pull: str, name: str, sha: str, content: str) -> None:
    """Record what the pull's status of that name says, and on which commit."""
    upsert(tx, statuses, {"pull": pull, "name": name}, {"sha": sha, "said": content})
