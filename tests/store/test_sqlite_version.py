"""Which SQLite will do, and what an old one is given."""

import sqlite3
import time

import pytest

from bot.core.errors import Refused
from bot.store.sqlite_version import define_clock, require_sqlite


def test_a_sqlite_that_is_too_old_is_refused_with_the_ways_out() -> None:
    with pytest.raises(Refused, match=r"SQLite 3\.34\.1 here, and 3\.35 or newer is needed: name a Postgres"):
        require_sqlite((3, 34, 1))
    require_sqlite((3, 35, 0))
    require_sqlite()


def test_the_engines_clock_has_parts_of_a_second_in_every_sqlite() -> None:
    connection = sqlite3.connect(":memory:")
    define_clock(connection)
    connection.execute("create table moment (at integer not null default (unixepoch('subsec') * 1000), id)")
    connection.execute("insert into moment (id) values (1)")
    ((at,),) = connection.execute("select at from moment")
    assert abs(at / 1000 - time.time()) < 60
    assert connection.execute("select typeof(unixepoch('subsec')), typeof(unixepoch('now'))").fetchall() == [
        ("real", "integer")
    ]
