"""Where a server keeps what it knows: opened for the commands beside it, looked at by `check`. Makes nothing."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.errors import Refused

if TYPE_CHECKING:
    import sqlalchemy as sa

    from bot.config.settings import Settings
    from bot.store import Store

BACKENDS = ("sqlite", "postgresql")
FIRST_TABLE = "alembic_version"
WRITTEN = "sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"


def opened(settings: "Settings") -> "Store":
    """The store, brought to its newest shape. Raises Refused where no server has worked yet."""
    store = found(settings)
    if store is None:
        raise Refused(f"no gitops-bot has worked in {_place(settings)}")
    store.migrate()
    return store


def found(settings: "Settings") -> "Store | None":
    """The store if a server has worked in it. Raises Refused where it cannot be used, Transient where it is silent."""
    import sqlalchemy as sa

    url = address(settings)
    if url.get_backend_name() == "sqlite" and not _is_file_of_ours(url.database or ""):
        return None
    store = _made(url)
    try:
        with store.read() as tx:
            return store if sa.inspect(tx).has_table(FIRST_TABLE) else None
    except sa.exc.DatabaseError as why:
        raise Refused(f"{name(url)} is no database of gitops-bot: set STORE__URL or DATA_DIR") from why


def address(settings: "Settings") -> "sa.URL":
    """Where the store is. Raises Refused in words, never with the address: it may hold a password."""
    import sqlalchemy as sa

    try:
        url = sa.make_url(settings.store.url or f"sqlite:///{settings.data_dir / 'store.sqlite'}")
    except (sa.exc.ArgumentError, ValueError) as why:
        raise Refused(f"STORE__URL is no address of a database: write {WRITTEN}") from why
    if url.get_backend_name() not in BACKENDS:
        raise Refused(f"STORE__URL names {url.get_backend_name()}, which gitops-bot cannot use: write {WRITTEN}")
    _made(url)
    return url


def name(url: "sa.URL") -> str:
    """A database as people know it: a file, or an address without its password."""
    return url.database or "memory" if url.get_backend_name() == "sqlite" else url.render_as_string()


def unusable(data_dir: Path) -> str | None:
    """Why nothing can be kept in the directory, or None. Tries it, and leaves nothing behind."""
    there = next((path for path in (data_dir, *data_dir.parents) if os.path.lexists(path)), data_dir)
    try:
        with tempfile.TemporaryDirectory(dir=there):
            return None
    except OSError as why:
        return f"nothing can be kept in {data_dir} ({why.strerror}): set DATA_DIR to a directory that may be written"


def refuse_unusable(settings: "Settings", path: str | None) -> None:
    """Before a server starts: say in a sentence what it would stumble over. `path` is where programs are."""
    if not shutil.which("git", path=path):
        raise Refused("git is not installed: install git 2.38 or newer and put it on PATH")
    if why := unusable(settings.data_dir):
        raise Refused(why)
    address(settings)


def _made(url: "sa.URL") -> "Store":
    import sqlalchemy as sa

    from bot.store import Store

    try:
        return Store(url.render_as_string(hide_password=False))
    except sa.exc.ArgumentError as why:
        raise Refused(f"STORE__URL names a driver that there is not: write {WRITTEN}") from why
    except ModuleNotFoundError as why:
        needs = f"STORE__URL needs the Python package {why.name}, which is not installed"
        raise Refused(f"{needs}: write {WRITTEN}, and install gitops-bot[postgres]") from why


def _is_file_of_ours(database: str) -> bool:
    """There is such a file. Raises Refused where it may not be used."""
    path = Path(database)
    try:
        if not database or not path.stat().st_size:
            return False
    except FileNotFoundError:
        return False
    except OSError as why:
        raise Refused(f"{path} cannot be read ({why.strerror}): set DATA_DIR to the server's data directory") from why
    if not os.access(path, os.R_OK | os.W_OK):
        raise Refused(f"{path} belongs to another user: call gitops-bot as the user that the server runs as")
    return True


def _place(settings: "Settings") -> str:
    """What was looked at, and what to set."""
    if settings.store.url:
        return f"{name(address(settings))} (set STORE__URL to the server's database)"
    return f"{settings.data_dir} (set DATA_DIR to the server's data directory, or name its settings by --config)"
