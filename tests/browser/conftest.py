"""A real browser, and houses with real doors for it to look at."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.program import lack
from tests.browser.window import Windows, running
from tests.server.conftest import house, open_house  # noqa: F401  # fixtures


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if why := lack():
        pytest.fail(why, pytrace=False) if os.environ.get("RIG") == "required" else pytest.skip(why)
    with running() as one:
        yield one


@pytest.fixture
def windows(browser: Browser) -> Iterator[Windows]:
    """Windows of this test; that no console complained is part of it."""
    opened = Windows(browser)
    yield opened
    opened.close()
    assert opened.complaints == []
