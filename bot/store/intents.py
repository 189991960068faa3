"""Intents: the durable note, written before a tool may change anything, that it is about to; one per attempt."""

import sqlalchemy as sa

from bot.core.run import ApplyOutcome, Intent
from bot.store.columns import insert_new
from bot.store.tables import intent as intents


def record(tx: sa.Connection, intent: Intent) -> bool:
    """False, and nothing changed, when this attempt was noted before."""
    values = {"run": intent.run, "place": intent.place, "plan": intent.plan, "at": intent.at}
    return insert_new(tx, intents, id=intent.id, **values)


def get(tx: sa.Connection, id: str) -> Intent | None:
    """The intent of an attempt; None when it has not begun."""
    row = tx.execute(sa.select(intents).where(intents.c.id == id)).one_or_none()
    return _intent(row) if row else None


def end(tx: sa.Connection, id: str, outcome: ApplyOutcome) -> None:
    """Record how an attempt ended."""
    tx.execute(intents.update().where(intents.c.id == id).values(outcome=outcome))


def list_open(tx: sa.Connection) -> tuple[Intent, ...]:
    """Attempts of which nobody has told the end."""
    return tuple(_intent(row) for row in tx.execute(sa.select(intents).where(intents.c.outcome.is_(None))))


def _intent(row: sa.Row[tuple[object, ...]]) -> Intent:
    outcome = ApplyOutcome(row.outcome) if row.outcome else None
    return Intent(row.id, row.run, row.place, row.plan, row.at, outcome)
