"""`pytest tests/terraform/says --update-golden` plans every case anew and writes what is said of it."""

import contextlib

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    with contextlib.suppress(ValueError):  # tests/comments has the same switch, and both may be asked for
        parser.addoption("--update-golden", action="store_true", help="write plans and comments anew")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden", default=False))
