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
URL_FORMS = "sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"


def open_store(settings: "Settings") -> "Store":
    """The store, brought to its newest shape. Raises Refused where no server has worked yet."""
    store = find_store(settings)
    if store is None:
        raise Refused(f"no gitops-bot has worked in {_store_hint(settings)}")
    store.migrate()
    return store


def find_store(settings: "Settings") -> "Store | None":
    """The store if a server has worked in it. Raises Refused where it cannot be used, Transient where it is silent."""
    import sqlalchemy as sa

    url = store_url(settings)
    if url.get_backend_name() == "sqlite" and not _is_usable_file(url.database or ""):
        return None
    store = _create_store(url)
    try:
        with store.read() as tx:
            return store if sa.inspect(tx).has_table(FIRST_TABLE) else None
    except sa.exc.DatabaseError as error:
        raise Refused(f"{display_name(url)} is no database of gitops-bot: set STORE__URL or DATA_DIR") from error


def store_url(settings: "Settings") -> "sa.URL":
    """Where the store is. Raises Refused in words, never with the address: it may hold a password."""
    import sqlalchemy as sa

    try:
        url = sa.make_url(settings.store.url or f"sqlite:///{settings.data_dir / 'store.sqlite'}")
    except (sa.exc.ArgumentError, ValueError) as error:
        raise Refused(f"STORE__URL is no address of a database: write {URL_FORMS}") from error
    if url.get_backend_name() not in BACKENDS:
        raise Refused(f"STORE__URL names {url.get_backend_name()}, which gitops-bot cannot use: write {URL_FORMS}")
    _create_store(url)
    return url


def display_name(url: "sa.URL") -> str:
    """A database as people know it: a file, or an address without its password."""
    return url.database or "memory" if url.get_backend_name() == "sqlite" else url.render_as_string()


def unwritable_reason(data_dir: Path) -> str | None:
    """Why nothing can be kept in the directory, or None. Tries it, and leaves nothing behind."""
    existing = next((path for path in (data_dir, *data_dir.parents) if os.path.lexists(path)), data_dir)
    try:
        with tempfile.TemporaryDirectory(dir=existing):
            return None
    except OSError as error:
        return f"nothing can be kept in {data_dir} ({error.strerror}): set DATA_DIR to a directory that may be written"


def preflight(settings: "Settings", path: str | None) -> None:
    """Before a server starts: raise Refused with what it would stumble over. `path` is where programs are."""
    if not shutil.which("git", path=path):
        raise Refused("git is not installed: install git 2.38 or newer and put it on PATH")
    if reason := unwritable_reason(settings.data_dir):
        raise Refused(reason)
    store_url(settings)


def _create_store(url: "sa.URL") -> "Store":
    import sqlalchemy as sa

    from bot.store import Store

    try:
        return Store(url.render_as_string(hide_password=False))
    except sa.exc.ArgumentError as error:
        raise Refused(f"STORE__URL names a driver that there is not: write {URL_FORMS}") from error
    except ModuleNotFoundError as error:
        requirement = f"STORE__URL needs the Python package {error.name}, which is not installed"
        raise Refused(f"{requirement}: write {URL_FORMS}, and install gitops-bot[postgres]") from error


def _is_usable_file(database: str) -> bool:
    """There is such a file. Raises Refused where it may not be used."""
    path = Path(database)
    try:
        if not database or not path.stat().st_size:
            return False
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Refused(
            f"{path} cannot be read ({error.strerror}): set DATA_DIR to the server's data directory"
        ) from error
    if not os.access(path, os.R_OK | os.W_OK):
        raise Refused(f"{path} belongs to another user: call gitops-bot as the user that the server runs as")
    return True


def _store_hint(settings: "Settings") -> str:
    """What was looked at, and what to set."""
    if settings.store.url:
        return f"{display_name(store_url(settings))} (set STORE__URL to the server's database)"
    return f"{settings.data_dir} (set DATA_DIR to the server's data directory, or name its settings by --config)"
