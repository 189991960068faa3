"""One bot for many bad pull requests, beside stages of one's own: whatever comes, it stands when the test is over."""

import urllib.request
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.acting import ONE, begin
from tests.e2e.conftest import QUICK, stages  # noqa: F401  # a fixture
from tests.hostile.mischief import House
from tests.staging import Stage


@pytest.fixture
def stage(stages: Callable[..., Stage]) -> Stage:  # noqa: F811  # a fixture
    """One that may be broken."""
    return stages()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A bot that serves all the pull requests of a file, and alice's clone."""
    with Stage(
        tmp_path_factory.mktemp("house") / "stage", QUICK | {"SWEEP_EVERY": "5s", "SERVER__TOKEN": "opens-the-pages"}
    ) as made:
        yield House(made, begin(made, {"sound/main.tf": ONE}))


@pytest.fixture(autouse=True)
def nobody_is_harmed(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each of them the bot of the house is the same process, works, and plans what is sound."""
    if "house" not in request.fixturenames:
        yield
        return
    its: House = request.getfixturevalue("house")
    before = its.process()
    yield
    assert its.process() == before
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    assert opener.open(f"{its.stage.bot_url}/readyz").read().splitlines()[0] == b"ok"
