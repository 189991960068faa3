"""The whole bot on a stage, for tests that act as people do."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.demo.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A stage with the bot's fastest looks, so that tests need not wait."""
    with Stage(tmp_path / "stage", {"SWEEP_EVERY": "1s"}) as made:
        yield made


@pytest.fixture
def fast_disk() -> Iterator[Path]:
    folder = Path("/dev/shm") / f"gitops-bot-{os.getpid()}"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
