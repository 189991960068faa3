"""What an earlier version left in SQLite, as it would have left it in a Postgres."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import bot.store
from tests.upgrades.bucket import Bucket
from tests.upgrades.kept import Upgraded

REVISION = "0002"
MIGRATIONS = Path(bot.store.__file__).parent / "migrations"
EXECUTOR = "embedded"
PROMISES = ("workflow_status", "workflow_input", "workflow_output")


class OnPostgres(Upgraded):
    """The same on an empty Postgres database at a URL."""

    def __init__(self, directory: Path, bucket: Bucket, settings: Mapping[str, str], url: str) -> None:
        super().__init__(directory, bucket, {**settings, "STORE__URL": url})
        self._database = sa.create_engine(url, poolclass=sa.pool.NullPool)

    def put(self, name: str, text: str) -> None:
        with closing(sqlite3.connect(":memory:")) as kept:
            kept.executescript(text)
            self._put_store(kept) if name == "store" else self._put_promises(kept)

    def ask(self, name: str, question: str) -> list[tuple[Any, ...]]:
        with self._database.connect() as tx:
            tx.execute(sa.text("set search_path to public, dbos"))
            return [tuple(row) for row in tx.execute(sa.text(question))]

    def _put_store(self, kept: sqlite3.Connection) -> None:
        with self._database.begin() as tx:
            _migrate(tx)
            _copy(kept, tx, "public", set(sa.inspect(tx).get_table_names()) - {"alembic_version"})
            tx.execute(sa.text("select setval(pg_get_serial_sequence('audit', 'id'), max(id)) from audit"))

    def _put_promises(self, kept: sqlite3.Connection) -> None:
        """The engine knows whose promises they are by a file, which stands for a worker."""
        from dbos import DBOS

        DBOS.migrate(self._database.url.render_as_string(hide_password=False))
        (self.data / "executor").write_text(EXECUTOR)
        with self._database.begin() as tx:
            _copy(kept, tx, "dbos", PROMISES)


def _migrate(tx: sa.Connection) -> None:
    """To the shape of the version that left it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = tx
    command.upgrade(config, REVISION)


def _copy(kept: sqlite3.Connection, tx: sa.Connection, schema: str, tables: Iterable[str]) -> None:
    kept.row_factory = sqlite3.Row
    for name in tables:
        table = sa.Table(name, sa.MetaData(), schema=schema, autoload_with=tx)
        rows = [_row(table, dict(row)) for row in kept.execute(f'select * from "{name}"')]
        if rows:
            tx.execute(table.insert(), rows)


def _row(table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
    return {column.name: _value(column.type, row[column.name]) for column in table.columns if column.name in row}


def _value(kind: sa.types.TypeEngine[Any], value: Any) -> Any:
    """SQLite has neither truth nor moments."""
    if value is None:
        return None
    if isinstance(kind, sa.Boolean):
        return bool(value)
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(kind, sa.DateTime) else value
