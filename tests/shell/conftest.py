"""The stage of the end-to-end tests, a directory to stand in, and a store that a server has worked in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.store import Store
from tests.e2e.conftest import stages
from tests.staging import Stage

__all__ = ["here", "stage", "stages", "worked"]


@pytest.fixture
def stage(stages: Callable[..., Stage]) -> Stage:
    """One whose tables and settings are looked at."""
    return stages()


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """An empty directory to call the command in."""
    directory = tmp_path / "here"
    directory.mkdir()
    return directory


@pytest.fixture
def worked(tmp_path: Path) -> Path:
    """A data directory as a server leaves it."""
    directory = tmp_path / "data"
    directory.mkdir()
    store = Store(f"sqlite:///{directory / 'store.sqlite'}")
    store.migrate()
    store.close()
    return directory
