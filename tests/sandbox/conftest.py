"""One sandbox for all of these tests, a repository for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.running import Place, furnish, running
from tests.staging import ForgeClient


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForgeClient]:
    with running(tmp_path_factory.mktemp("forge")) as forge:
        yield forge


@pytest.fixture
def place(sandbox: ForgeClient, tmp_path: Path) -> Iterator[Place]:
    yield furnish(sandbox, tmp_path)
    sandbox.faults()
    sandbox.forget_requests()
