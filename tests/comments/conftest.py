"""`pytest tests/comments --update-golden` writes what comments look like now over what they should look like."""

import contextlib

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    with contextlib.suppress(ValueError):  # tests/terraform/says has the same switch, and both may be asked for
        parser.addoption(
            "--update-golden", action="store_true", help="write the expected comments anew, to be read in the diff"
        )


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden", default=False))
