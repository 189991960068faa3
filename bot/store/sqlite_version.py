"""Which SQLite the store and the engine can do with: the one that Python was built with. Called before either opens."""

import sqlite3
import time

from bot.core.errors import Refused

LEAST = (3, 35, 0)  # `returning`
SUBSECONDS = (3, 42, 0)  # `unixepoch('subsec')`, NULL before


def require_sqlite(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> None:
    """Raises Refused where it is too old."""
    if version < LEAST:
        raise Refused(
            f"Python has SQLite {'.'.join(map(str, version))} here, and 3.35 or newer is needed: "
            "name a Postgres (STORE__URL), or take a Python that has a newer one"
        )


def define_clock(connection: object, record: object = None) -> None:
    """Give a connection the engine's clock, `unixepoch('subsec')`, where its SQLite has none."""
    if isinstance(connection, sqlite3.Connection) and sqlite3.sqlite_version_info < SUBSECONDS:
        connection.create_function("unixepoch", 1, _unixepoch)


def _unixepoch(modifier: str) -> float:
    return time.time() if modifier == "subsec" else int(time.time())
