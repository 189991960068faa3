"""One sandbox with one App for the tests that need them; a repository for each."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.on_sandbox import MANIFEST, AppPlace
from tests.sandbox.running import furnish, running
from tests.server.conftest import open_house
from tests.staging import ForgeClient

__all__ = ["app_place", "open_house", "sandbox_with_app"]


@pytest.fixture(scope="session")
def sandbox_with_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ForgeClient, Mapping[str, Any]]]:
    with running(tmp_path_factory.mktemp("forge")) as forge:
        yield forge, forge.app("acme", MANIFEST)


@pytest.fixture
def app_place(sandbox_with_app: tuple[ForgeClient, Mapping[str, Any]], tmp_path: Path) -> AppPlace:
    forge, app = sandbox_with_app
    forge.faults()
    forge.end_tokens()
    made = AppPlace(furnish(forge, tmp_path), app)
    made.install(repos=None)
    forge.forget_requests()
    return made
