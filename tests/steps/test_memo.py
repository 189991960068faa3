"""What is remembered of commits."""

import pytest

from bot.core.errors import Refused
from bot.lru_cache import MOST, Memo


def test_it_is_made_once_a_key() -> None:
    memo, made = Memo(), list[str]()
    for key in ("a", "b", "a"):
        assert memo.once(lambda key=key: made.append(key) or key, key) == key
    assert made == ["a", "b"]


def test_what_raises_is_asked_again() -> None:
    memo = Memo()

    def refuse() -> str:
        raise Refused("not now")

    with pytest.raises(Refused):
        memo.once(refuse, "a")
    assert memo.once(lambda: "now", "a") == "now"


def test_the_least_used_goes_first() -> None:
    memo = Memo()
    for number in range(MOST):
        memo.once(lambda number=number: number, str(number))
    memo.once(lambda: -1, "0")
    memo.once(lambda: -1, "new")
    assert memo.once(lambda: "kept", "0") == 0
    assert memo.once(lambda: "again", "1") == "again"
