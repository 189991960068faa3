"""Counts the bots that a test run starts, over all its workers, and says so at its end.

`tests/conftest.py` has the hooks from here; `tests.staging` counts.
"""

from typing import Any

import pytest

KEY = "bot_starts"
_starts = 0
_workers_starts = 0


def count_start() -> None:
    """Note that a bot is started."""
    global _starts
    _starts += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Pytest calls it at a worker's end: tell the controller."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[KEY] = _starts


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """pytest-xdist calls it in the controller when a worker has ended."""
    global _workers_starts
    _workers_starts += getattr(node, "workeroutput", {}).get(KEY, 0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Pytest calls it at the end of a run."""
    if starts := _starts + _workers_starts:
        terminalreporter.write_line(f"started {starts} bots")
