"""The whole bot on a stage, for tests that act as people do."""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.clustered import clustered
from tests.hosts.published.records import new_record
from tests.rig.access import Access
from tests.staging import Stage

QUICK = {"SWEEP_EVERY": "1s", "TERRAFORM__LOCK_TIMEOUT": "1s"}


class Shared:
    """A forge and a bot for many tests, each in a repository of its own.

    The bot sweeps when it begins and hardly again: it would look at all that others left open, every time.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage, self._numbers = stage, itertools.count(1)

    def anew(self) -> Stage:
        """The stage, in a new repository."""
        self._stage.move_to(f"acme/infra-{next(self._numbers)}")
        return self._stage


@contextlib.contextmanager
def sharing(directory: Path, settings: Mapping[str, str] | None = None, path: str = "") -> Iterator[Shared]:
    made = Stage(directory / "stage", QUICK | {"SWEEP_EVERY": "1h"} | dict(settings or {}), path=path)
    made.record = new_record()
    with made:
        yield Shared(made)


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


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with sharing(tmp_path_factory.mktemp("shared")) as its:
        yield its


@pytest.fixture
def stage(shared: Shared) -> Stage:
    """For tests that only speak on pull requests of a repository of their own.

    Who stops or freezes the bot, disturbs the forge or counts the bot's files makes a stage with `stages`.
    """
    return shared.anew()


@pytest.fixture(scope="session")
def shared_with_cluster(cluster: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    directory = tmp_path_factory.mktemp("clustered")
    with sharing(directory, **clustered(cluster, directory)) as its:
        yield its
