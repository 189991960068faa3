"""The gate opens exactly when the book says so, on trees alone: nothing is asked of git."""

from hypothesis import HealthCheck, given, settings

from bot.core.gate import evaluate
from tests.approvals.book import allows, hands
from tests.approvals.gathering import gate_case
from tests.approvals.playing import STORIES, begin, step


@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STORIES)
def test_the_gate_opens_when_the_book_says_so_and_never_else(story: tuple[str, list[tuple[object, ...]]]) -> None:
    opener, steps = story
    world = begin(opener)
    for words in steps:
        step(world, *words)
        assert evaluate(gate_case(world)).open is allows(world), hands(world)
