"""The audit trail: append-only, who did what to which pull request and when."""

from datetime import datetime

import sqlalchemy as sa

from bot.store.columns import dump
from bot.store.tables import audit


def record(tx: sa.Connection, now: datetime, actor: str, action: str, pull: str | None = None, **detail: str) -> None:
    """Add one line to the audit trail; `pull` is its key."""
    values = {"at": now, "actor": actor, "action": action, "pull": pull, "detail": dump(dict[str, str], detail)}
    tx.execute(audit.insert().values(**values))


def count(tx: sa.Connection, actor: str, action: str, since: datetime) -> int:
    """How often somebody did that since then."""
    query = sa.select(sa.func.count()).where(audit.c.actor == actor, audit.c.action == action, audit.c.at >= since)
    return int(tx.execute(query).scalar_one())
