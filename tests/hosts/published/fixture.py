"""After every test: was everything that the bot asked of a sandbox what GitHub takes, and the answer GitHub's?

Loaded by `tests/conftest.py` for all tests. A test that starts no sandbox pays nothing for it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.hosts.github.client import USER_AGENT
from tests.hosts.published.records import RECORDS


class Reader:
    """Reads what was added to the records since it last looked."""

    def __init__(self) -> None:
        self._read: dict[Path, int] = {}

    def fresh(self) -> Iterator[dict[str, Any]]:
        for file in sorted(RECORDS.glob("*.jsonl")):
            with file.open("rb") as lines:
                lines.seek(self._read.get(file, 0))
                text = lines.read()
            whole = text[: text.rfind(b"\n") + 1]
            self._read[file] = self._read.get(file, 0) + len(whole)
            yield from map(json.loads, whole.splitlines())


@pytest.fixture(scope="session")
def _records() -> Reader:
    return Reader()


@pytest.fixture(autouse=True)
def _as_github_publishes_it(_records: Reader) -> Iterator[None]:
    yield
    wrong = [
        breach for exchange in _records.fresh() if exchange["agent"] == USER_AGENT for breach in breaches(exchange)
    ]
    assert not wrong, "GitHub publishes otherwise:\n" + "\n".join(dict.fromkeys(wrong))


def breaches(exchange: dict[str, Any]) -> list[str]:
    """All that is wrong with a request and its answer."""
    from tests.hosts.published.description import wrong_answer, wrong_request

    asked = f"{exchange['method']} {exchange['path']}"
    found = [
        f"{asked} {exchange['query'] or ''} {json.dumps(exchange['body'])[:300]}: {why}"
        for why in wrong_request(exchange)
    ]
    if not exchange["fault"]:
        found += [f"{asked} answered: {why}" for why in wrong_answer(exchange)]
    return found
