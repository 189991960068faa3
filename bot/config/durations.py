"""Durations as people write them: `90s`, `10m`, `72h`, `1h30m`, `7d`, or plain seconds."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION = re.compile(r"([0-9]{1,6}[dhms])+")
_PART = re.compile(r"([0-9]{1,6})([dhms])")
MOST_SECONDS = 10 * 365 * 24 * 3600


def duration(value: object) -> timedelta:
    """Parse a duration. Raises ValueError in words. A duration is never nothing."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if re.fullmatch("[0-9]{1,9}", text):
        length = timedelta(seconds=int(text))
    elif _DURATION.fullmatch(text):
        length = sum((timedelta(**{_UNITS[unit]: int(count)}) for count, unit in _PART.findall(text)), timedelta())
    else:
        raise ValueError("is no duration: write 90s, 10m, 72h or plain seconds")
    if not 0 < length.total_seconds() <= MOST_SECONDS:
        raise ValueError("must be longer than nothing and shorter than ten years")
    return length


Duration = Annotated[timedelta, BeforeValidator(duration)]
