"""Opens the database, brings it to the newest shape and gives transactions. The rest of `store` works inside one."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.core.errors import Refused, Transient
from bot.store.sqlite_version import require_sqlite

BUSY_SECONDS = 30
UNICODE = "UTF8"
SERVER_LOCK_KEY = 0x6769746F7073  # the advisory lock of who serves


class Purpose(StrEnum):
    """What a transaction is for: a step of some work, or a look by the clock whether there is any."""

    WORK = "work"
    POLL = "poll"


class Store:
    """The database at an SQLAlchemy URL. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        if self.embedded:
            require_sqlite()
        # SQLite has one writer. Threads that stand in line here get there sooner than by its looking now and then.
        self._writer_lock: AbstractContextManager[object] = threading.RLock() if self.embedded else nullcontext()
        self._engine = sa.create_engine(self.url, connect_args=self._connect_args(), pool_pre_ping=not self.embedded)
        self._transactions, self._counting = Counter({purpose: 0 for purpose in Purpose}), threading.Lock()
        if self.embedded:
            sa.event.listen(self._engine, "connect", _prepare_sqlite)
            sa.event.listen(self._engine, "begin", _begin_sqlite)
        else:
            sa.event.listen(self._engine, "connect", _require_unicode, insert=True)  # before anything is read

    @property
    def embedded(self) -> bool:
        """SQLite: one process, one host."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def transactions(self) -> Mapping[Purpose, int]:
        """How many transactions were begun since the start, by purpose."""
        with self._counting:
            return dict(self._transactions)

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A transaction that may write; all of it happens or nothing. Transient when the database does not answer."""
        self._count(Purpose.WORK)
        try:
            with self._writer_lock, self._engine.begin() as tx:
                yield tx
        except sa.exc.OperationalError as error:
            raise Transient(f"the database does not answer ({error.orig})") from error

    @contextmanager
    def read(self, purpose: Purpose = Purpose.WORK) -> Iterator[sa.Connection]:
        """A transaction that only reads and never waits for a writer. Postgres refuses to lock or write in it.

        Raises Transient where the database does not answer.
        """
        self._count(purpose)
        try:
            with self._engine.connect() as tx:
                tx.execution_options(reads_only=True, postgresql_readonly=True)
                yield tx
        except sa.exc.OperationalError as error:
            raise Transient(f"the database does not answer ({error.orig})") from error

    def migrate(self) -> None:
        """Bring the tables to the newest shape. Several processes may do this at once."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self.begin() as tx:
            if not self.embedded:
                tx.execute(sa.text("select pg_advisory_xact_lock(727401)"))
            config.attributes["connection"] = tx
            command.upgrade(config, "head")

    def claim_server(self) -> sa.Connection | None:
        """Be the only server on a Postgres, as long as the connection lives; SQLite is claimed by its directory.

        Raises Refused when another one is.
        """
        if self.embedded:
            return None
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if not connection.execute(sa.select(sa.func.pg_try_advisory_lock(SERVER_LOCK_KEY))).scalar():
            connection.close()
            raise Refused(
                "another gitops-bot serves from this database; stop it, or give this one a database of its own"
            )
        return connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _count(self, purpose: Purpose) -> None:
        with self._counting:
            self._transactions[purpose] += 1

    def _connect_args(self) -> dict[str, Any]:
        return {"timeout": BUSY_SECONDS} if self.embedded else {}


def _prepare_sqlite(connection: Any, record: object) -> None:
    """WAL lets readers go on beside the writer; `begin` below is ours, so the driver must not begin by itself."""
    connection.isolation_level = None
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    connection.execute(f"pragma busy_timeout={BUSY_SECONDS * 1000}")


def _require_unicode(connection: Any, record: object) -> None:
    """Whatever people write is text of Unicode. Raises Refused for a Postgres database that keeps bytes or less."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != UNICODE:
        raise Refused(
            f"the database is kept in {encoding}, which does not hold all text: make one with "
            f"`createdb --encoding={UNICODE} --template=template0 NAME`, and set STORE__URL to it"
        )


def _begin_sqlite(connection: sa.Connection) -> None:
    """A writer takes its lock at once: a reader that turns writer later would fail where another wrote meanwhile."""
    reads_only = connection.get_execution_options().get("reads_only")
    connection.exec_driver_sql("begin" if reads_only else "begin immediate")
