"""Says after a test run, in one line a reason, what was left out and why: `tests/conftest.py` takes the hook from here.

Pytest's own `-rs` has a line for every test.
"""

from collections import Counter

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Pytest calls it at the end of a run."""
    reports = [report.longrepr for report in terminalreporter.stats.get("skipped", [])]
    reasons = Counter(where[2].removeprefix("Skipped: ") for where in reports if isinstance(where, tuple))
    for reason, number in sorted(reasons.items()):
        terminalreporter.write_line(
            f"left out {number} tests: {reason}" if number > 1 else f"left out a test: {reason}"
        )
