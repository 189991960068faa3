"""What is being said: one row a comment, so that many askers make few edits and only one speaks at a time."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.core.run import PlanState
from bot.store.columns import insert_new, upsert
from bot.store.tables import plan as plans
from bot.store.tables import status as statuses
from bot.store.tables import topic as topics

SILENT_FOR = timedelta(minutes=2)


def ask(tx: sa.Connection, key: str, pull: str) -> int:
    """Ask for the topic to be said again; the number of this wish."""
    more = topics.update().where(topics.c.key == key).values(wanted=topics.c.wanted + 1)
    if not tx.execute(more).rowcount and not insert_new(tx, topics, key=key, pull=pull, wanted=1, said=0):
        tx.execute(more)
    return wanted(tx, key)


def is_spoken_on(tx: sa.Connection, key: str, now: datetime) -> bool:
    """Somebody has the floor, who sees every wish that is written before it gives the floor back."""
    speaking = topics.c.key == key, topics.c.speaker.is_not(None), topics.c.speaking_since >= now - SILENT_FOR
    return tx.execute(sa.select(topics.c.key).where(*speaking)).first() is not None


def ask_of_planned(tx: sa.Connection) -> None:
    """Ask for the plan comment of every pull that has a plan to apply: something that holds for all has changed."""
    live = sa.select(plans.c.pull).where(plans.c.state.in_((PlanState.CURRENT, PlanState.STALE)))
    told = topics.c.key.startswith("plan:"), topics.c.pull.in_(live)
    tx.execute(topics.update().where(*told).values(wanted=topics.c.wanted + 1))


def wanted(tx: sa.Connection, key: str) -> int:
    return int(tx.execute(sa.select(topics.c.wanted).where(topics.c.key == key)).scalar_one())


def take_floor(tx: sa.Connection, key: str, speaker: str, now: datetime) -> bool:
    """Become the topic's only speaker; false when another speaks, who will see the newer wish before stopping.

    A speaker that was killed gets its floor back, also when there is nothing left to say, so that it can yield it.
    """
    free = sa.or_(topics.c.speaker.is_(None), topics.c.speaker == speaker, topics.c.speaking_since < now - SILENT_FOR)
    something = sa.or_(topics.c.wanted > topics.c.said, topics.c.speaker == speaker)
    taken = topics.update().where(topics.c.key == key, free, something).values(speaker=speaker, speaking_since=now)
    return tx.execute(taken).rowcount == 1


def yield_floor(tx: sa.Connection, key: str, speaker: str) -> bool:
    """Stop speaking; false when there is a newer wish, and the speaker must go on."""
    done = topics.c.key == key, topics.c.speaker == speaker, topics.c.wanted == topics.c.said
    return tx.execute(topics.update().where(*done).values(speaker=None)).rowcount == 1


def leave_floor(tx: sa.Connection, key: str, speaker: str) -> None:
    """Stop speaking with something unsaid, since it could not be said now."""
    tx.execute(topics.update().where(topics.c.key == key, topics.c.speaker == speaker).values(speaker=None))


def said(tx: sa.Connection, key: str, number: int, comment: str | None, at: datetime) -> None:
    values = {"said": number, "said_at": at} | ({"comment": comment} if comment else {})
    tx.execute(topics.update().where(topics.c.key == key).values(**values))


def comment(tx: sa.Connection, key: str) -> str | None:
    """The forge's id of the topic's comment, if it was ever written."""
    id: str | None = tx.execute(sa.select(topics.c.comment).where(topics.c.key == key)).scalar()
    return id


def unsaid(tx: sa.Connection, now: datetime) -> tuple[str, ...]:
    """Topics with a wish that nobody is fulfilling."""
    silent = sa.or_(topics.c.speaker.is_(None), topics.c.speaking_since < now - SILENT_FOR)
    return tuple(tx.execute(sa.select(topics.c.key).where(topics.c.wanted > topics.c.said, silent)).scalars())


def pull_of(tx: sa.Connection, key: str) -> str:
    return str(tx.execute(sa.select(topics.c.pull).where(topics.c.key == key)).scalar_one())


def status_said(tx: sa.Connection, pull: str, name: str) -> tuple[str, str] | None:
    """(commit, what was said) of the pull's status of that name."""
    row = tx.execute(sa.select(statuses).where(statuses.c.pull == pull, statuses.c.name == name)).one_or_none()
    return (row.sha, row.said) if row else None


def note_status(tx: sa.Connection, pull: str, name: str, sha: str, what: str) -> None:
    upsert(tx, statuses, {"pull": pull, "name": name}, {"sha": sha, "said": what})
