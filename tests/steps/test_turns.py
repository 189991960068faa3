"""Whose tools are at work."""

import threading
from collections.abc import Callable
from contextlib import ExitStack

from bot.tool_limiter import ToolLimiter

SOON_SECONDS = 0.2


def waiting(turns: ToolLimiter, pull: str) -> tuple[threading.Event, Callable[[], None]]:
    """Somebody who wants a turn: set when it has one, and what ends it."""
    has, over = threading.Event(), threading.Event()

    def work() -> None:
        with turns.acquire(pull):
            has.set()
            over.wait()

    threading.Thread(target=work, daemon=True).start()
    return has, over.set


def test_a_pull_that_holds_every_turn_leaves_one_to_another() -> None:
    turns = ToolLimiter(2)
    with turns.acquire("big"), turns.acquire("big"):
        third, end_third = waiting(turns, "big")
        small, end_small = waiting(turns, "small")
        assert small.wait(5)
        assert not third.wait(SOON_SECONDS)
        end_small()
    assert third.wait(5)
    end_third()


def test_there_is_an_end_to_those_beyond() -> None:
    turns = ToolLimiter(4)
    with ExitStack() as held:
        for number in range(6):
            held.enter_context(turns.acquire(f"pull {number}"))
        seventh, end = waiting(turns, "seventh")
        assert not seventh.wait(SOON_SECONDS)
    assert seventh.wait(5)
    end()


def test_a_turn_is_given_back_by_what_breaks() -> None:
    turns = ToolLimiter(1)
    for _ in range(9):
        try:
            with turns.acquire("pull"):
                raise ValueError
        except ValueError:
            continue
    has, end = waiting(turns, "pull")
    assert has.wait(5)
    end()
