"""Deliveries: what forges and the shell told us, kept until its jobs exist. A repetition finds the first."""

from datetime import datetime

import sqlalchemy as sa

from bot.core.event import Event
from bot.store.columns import dump, insert_new, load
from bot.store.tables import delivery


def receive(tx: sa.Connection, id: str, event: Event, now: datetime) -> bool:
    """Keep an event; false when this delivery is known."""
    return insert_new(tx, delivery, id=id, event=dump(Event, event), received_at=now)


def pending(tx: sa.Connection, limit: int = 100) -> tuple[tuple[str, Event], ...]:
    """Events whose jobs do not exist yet, oldest first."""
    rows = tx.execute(
        sa.select(delivery.c.id, delivery.c.event)
        .where(delivery.c.done_at.is_(None))
        .order_by(delivery.c.received_at, delivery.c.id)
        .limit(limit)
    )
    return tuple((row.id, load(Event, row.event)) for row in rows)  # type: ignore[arg-type]  # a union is a type here


def mark_done(tx: sa.Connection, id: str, now: datetime) -> None:
    """Record that the delivery's jobs exist."""
    tx.execute(delivery.update().where(delivery.c.id == id).values(done_at=now))


def prune(tx: sa.Connection, before: datetime) -> int:
    """Delete what was done long ago; a forge redelivers for days, not months."""
    return tx.execute(delivery.delete().where(delivery.c.done_at < before)).rowcount
