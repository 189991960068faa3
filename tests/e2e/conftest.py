"""The whole bot on a stage, for tests that act as people do."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from bot.demo.stage import Stage
from tests.hosts.published.records import new_record

QUICK = {"SWEEP_EVERY": "1s", "TERRAFORM__LOCK_TIMEOUT": "1s"}


@pytest.fixture
def stages(tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """Makes stages with settings of one's own, and ends them."""
    made: list[Stage] = []

    def make(settings: Mapping[str, str] | None = None, private: bool = False, path: str = "") -> Stage:
        directory = tmp_path / f"stage-{len(made)}"
        stage = Stage(directory, QUICK | dict(settings or {}), private=private, path=path)
        stage.record = new_record()
        made.append(stage.__enter__())
        return stage

    yield make
    for stage in made:
        stage.__exit__(None, None, None)


@pytest.fixture
def stage(stages: Callable[..., Stage]) -> Stage:
    return stages()
