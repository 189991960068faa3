"""A real browser, and houses with real doors for it to look at."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.opening import PATIENCE_MILLISECONDS, Visits, running, visiting
from tests.browser.playing import Demo, playing
from tests.browser.program import lack
from tests.server.conftest import house, open_house  # noqa: F401  # fixtures


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if why := lack():
        pytest.fail(why, pytrace=False) if os.environ.get("RIG") == "required" else pytest.skip(why)
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with running() as one:
        yield one


@pytest.fixture
def visits(browser: Browser) -> Iterator[Visits]:
    """Opens contexts of one's own."""
    with visiting(browser) as made:
        yield made


@pytest.fixture
def page(visits: Visits) -> Page:
    return visits.page()


@pytest.fixture(scope="session")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo as `gitops-bot demo` sets it up; tests that change it open pull requests of their own."""
    with playing(tmp_path_factory.mktemp("demo")) as found:
        yield found
