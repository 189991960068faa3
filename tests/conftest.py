"""What tests of several folders share: a Postgres of one's own, and the Kubernetes API server of `tests.rig`."""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings

from tests.rig.skips import pytest_terminal_summary  # noqa: F401  # a hook: says what was left out and why

# A run is repeatable, wherever it is; HYPOTHESIS_PROFILE=search looks for new cases.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None, print_blob=True)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

pytest_plugins = ("tests.rig.starts", "tests.rig.fixtures", "tests.hosts.published.fixture")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A Postgres of our own on a socket, gone with the session; the address of its folder."""
    if not (shutil.which("initdb") and shutil.which("pg_ctl")):
        pytest.skip("no postgres programs on PATH")
    top = Path(tempfile.mkdtemp(prefix="gitops-bot-postgres-", dir="/tmp"))
    top.chmod(0o777)
    as_user = ["su", "postgres", "-c"] if os.geteuid() == 0 else ["sh", "-c"]

    def shell(command: str) -> None:
        subprocess.run([*as_user, command], check=True, capture_output=True, cwd="/")

    path = f"PATH={Path(shutil.which('initdb') or '').resolve().parent}:$PATH"
    shell(f"{path} initdb -D {top}/data -U bot -A trust -N >/dev/null")
    shell(f"{path} pg_ctl -D {top}/data -w -l {top}/log -o \"-c listen_addresses='' -k {top}\" start >/dev/null")
    try:
        yield str(top)
    finally:
        shell(f"{path} pg_ctl -D {top}/data -m immediate stop >/dev/null")
        shutil.rmtree(top, ignore_errors=True)


@contextmanager
def database(server: str, encoding: str) -> Iterator[str]:
    """A new, empty database in that encoding; its URL."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    admin = sa.create_engine(f"postgresql+psycopg://bot@/postgres?host={server}", isolation_level="AUTOCOMMIT")
    collation = "lc_collate 'C' lc_ctype 'C'"
    with admin.connect() as connection:
        connection.execute(sa.text(f"create database {name} encoding '{encoding}' {collation} template template0"))
    yield f"postgresql+psycopg://bot@/{name}?host={server}"
    with admin.connect() as connection:
        connection.execute(sa.text(f"drop database {name} with (force)"))
    admin.dispose()


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """The URL of a new, empty database."""
    with database(postgres_server, "UTF8") as url:
        yield url
