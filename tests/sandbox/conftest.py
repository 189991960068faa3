"""One sandbox for all of these tests, a repository for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.forge.client import Forge
from tests.sandbox.running import Place, furnish, running


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    with running(tmp_path_factory.mktemp("forge")) as forge:
        yield forge


@pytest.fixture
def place(sandbox: Forge, tmp_path: Path) -> Iterator[Place]:
    yield furnish(sandbox, tmp_path)
    sandbox.faults()
    sandbox.forget_requests()
