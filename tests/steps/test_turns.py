"""Whose tools are at work."""

import threading
from collections.abc import Callable
from contextlib import ExitStack

from bot.core.pull import Branch, Pull, PullState, Repository
from bot.tool_limiter import ToolLimiter

SOON_SECONDS = 0.2
MAIN = Branch("main", "0" * 40)


def pull(number: int, author: str = "alice", repository: str = "infra") -> Pull:
    where = Repository(f"github:{repository}", f"acme/{repository}", "main", private=False)
    return Pull(where, number, "", author, PullState.OPEN, False, False, MAIN, MAIN, "")


BIG = pull(1)


def waiting(turns: ToolLimiter, pull: Pull) -> tuple[threading.Event, Callable[[], None]]:
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
    with turns.acquire(BIG), turns.acquire(BIG):
        third, end_third = waiting(turns, BIG)
        small, end_small = waiting(turns, pull(2))
        assert small.wait(5)
        assert not third.wait(SOON_SECONDS)
        end_small()
    assert third.wait(5)
    end_third()


def test_there_is_an_end_to_those_beyond() -> None:
    turns = ToolLimiter(4)
    with ExitStack() as held:
        for number in range(6):
            held.enter_context(turns.acquire(pull(number)))
        seventh, end = waiting(turns, pull(7))
        assert not seventh.wait(SOON_SECONDS)
    assert seventh.wait(5)
    end()


def test_many_pulls_of_one_author_leave_a_turn_to_another_author() -> None:
    turns = ToolLimiter(2)
    with ExitStack() as held:
        for number in range(3):
            held.enter_context(turns.acquire(pull(number)))
        fourth, end_fourth = waiting(turns, pull(4))
        stranger, end_stranger = waiting(turns, pull(5, "bob"))
        assert stranger.wait(5)
        assert not fourth.wait(SOON_SECONDS)
        end_stranger()
    assert fourth.wait(5)
    end_fourth()


def test_many_authors_of_one_repository_leave_a_turn_to_another_repository() -> None:
    turns = ToolLimiter(2)
    with ExitStack() as held:
        for number, author in enumerate(("alice", "alice", "bob", "carol")):
            held.enter_context(turns.acquire(pull(number, author)))
        fifth, end_fifth = waiting(turns, pull(5, "dave"))
        elsewhere, end_elsewhere = waiting(turns, pull(1, "alice", "shop"))
        assert elsewhere.wait(5)
        assert not fifth.wait(SOON_SECONDS)
        end_elsewhere()
    assert fifth.wait(5)
    end_fifth()


def test_a_turn_is_given_back_by_what_breaks() -> None:
    turns = ToolLimiter(1)
    for _ in range(9):
        try:
            with turns.acquire(BIG):
                raise ValueError
        except ValueError:
            continue
    has, end = waiting(turns, BIG)
    assert has.wait(5)
    end()
