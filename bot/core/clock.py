"""How far a forge's clock is from ours, as its answers tell. Pure; asked by hosts, for `Host.now`."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


def clock_skew(date: str | None, ours: datetime) -> timedelta:
    """By how much the forge is before us (negative: behind), from an answer's `Date` header; zero if that is none."""
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return timedelta()
    return (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)) - ours
