"""Deliveries: what forges and the shell told us, kept until its jobs exist. A repetition finds the first."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from bot.core.event import Event, PullChanged
from bot.core.pull import Repository
from bot.store import pulls
from bot.store.columns import dump, insert_new, load
from bot.store.tables import delivery


def receive(tx: sa.Connection, id: str, event: Event, now: datetime) -> bool:
    """Keep an event, and the repository that its jobs ask for; false when this delivery is known."""
    pulls.save_repository(tx, _repository(event))
    return insert_new(tx, delivery, id=id, event=dump(Event, event), received_at=now)


def pending(tx: sa.Connection, limit: int = 100) -> tuple[tuple[str, Event | None], ...]:
    """Events whose jobs do not exist yet, oldest first; None where what was recorded cannot be read."""
    rows = tx.execute(
        sa.select(delivery.c.id, delivery.c.event)
        .where(delivery.c.done_at.is_(None))
        .order_by(delivery.c.received_at, delivery.c.id)
        .limit(limit)
    )
    return tuple((row.id, _event(row.event)) for row in rows)


def unknown_repositories(tx: sa.Connection, events: Sequence[tuple[str, Event | None]]) -> tuple[Repository, ...]:
    """The repositories of these events of which nothing is written."""
    repositories = {_repository(event) for _, event in events if event}
    return tuple(repository for repository in repositories if pulls.repository(tx, repository.key) is None)


def mark_done(tx: sa.Connection, ids: Collection[str], now: datetime) -> None:
    """Record that the deliveries' jobs exist."""
    tx.execute(delivery.update().where(delivery.c.id.in_(ids)).values(done_at=now))


def prune(tx: sa.Connection, before: datetime) -> int:
    """Delete what was done long ago; a forge redelivers for days, not months."""
    return tx.execute(delivery.delete().where(delivery.c.done_at < before)).rowcount


def _repository(event: Event) -> Repository:
    return event.pull.repository if isinstance(event, PullChanged) else event.repository


def _event(text: str) -> Event | None:
    try:
        return load(Event, text)  # type: ignore[arg-type]  # a union is a type here
    except ValueError:
        return None
