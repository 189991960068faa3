"""Every forge in the folder, running once; a repository for each test."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract import forges
from tests.contract.acting import Forge, Ground

NAMES = sorted(module.name for module in pkgutil.iter_modules(forges.__path__))


@pytest.fixture(scope="session", params=NAMES)
def forge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    module = importlib.import_module(f"{forges.__name__}.{request.param}")
    with module.running(tmp_path_factory.mktemp(request.param)) as started:
        yield started


@pytest.fixture
def ground(forge: Forge, tmp_path: Path) -> Ground:
    return forge.ground(tmp_path)
