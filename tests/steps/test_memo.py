"""What is remembered of commits."""

import pytest

from bot.core.errors import Refused
from bot.lru_cache import CAPACITY, LruCache


def test_it_is_made_once_a_key() -> None:
    memo, made = LruCache(), list[str]()
    for key in ("a", "b", "a"):
        assert memo.get_or_create(lambda key=key: made.append(key) or key, key) == key
    assert made == ["a", "b"]


def test_what_raises_is_asked_again() -> None:
    memo = LruCache()

    def refuse() -> str:
        raise Refused("not now")

    with pytest.raises(Refused):
        memo.get_or_create(refuse, "a")
    assert memo.get_or_create(lambda: "now", "a") == "now"


def test_the_least_used_goes_first() -> None:
    memo = LruCache()
    for number in range(CAPACITY):
        memo.get_or_create(lambda number=number: number, str(number))
    memo.get_or_create(lambda: -1, "0")
    memo.get_or_create(lambda: -1, "new")
    assert memo.get_or_create(lambda: "kept", "0") == 0
    assert memo.get_or_create(lambda: "again", "1") == "again"
