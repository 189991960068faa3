"""How far a forge's clock is from ours."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.clock import clock_skew

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "difference"),
    [
        ("Fri, 02 Jan 2026 04:04:05 GMT", timedelta(hours=1)),
        ("Fri, 02 Jan 2026 03:03:05 -0000", timedelta(minutes=-1)),
        ("Fri, 02 Jan 2026 08:49:05 +0545", timedelta()),
    ],
)
def test_the_date_of_an_answer_tells_the_difference(date: str, difference: timedelta) -> None:
    assert clock_skew(date, NOW) == difference


@pytest.mark.parametrize("date", [None, "", "yesterday", "99 Foo 2026"])
def test_an_answer_without_a_date_tells_none(date: str | None) -> None:
    assert clock_skew(date, NOW) == timedelta()


def test_a_date_without_a_zone_is_utc() -> None:
    assert clock_skew("Fri, 02 Jan 2026 04:04:05", NOW) == timedelta(hours=1)
