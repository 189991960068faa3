"""How words of others are put into sentences, and how a refusal names a way out."""

import pytest

from bot.core.gate_case import Demand
from bot.core.run import Freeze
from bot.core.sentences import join_names
from tests.core.cases import NOON


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a, b"),
        (["a", "b", "c"], "a, b and 1 more"),
        (["a\nb", "c"], "a b, c"),
        (["a"] * 2002, "a, a and 2,000 more"),
    ],
)
def test_the_first_names_are_told_and_the_others_counted(names: list[str], sentence: str) -> None:
    assert join_names(names, 2) == sentence


def test_five_names_are_told_where_nobody_says_how_many() -> None:
    assert join_names(list("abcdef")) == "a, b, c, d, e and 1 more"


def test_a_refusal_names_what_helps_where_something_does() -> None:
    assert Demand(None, False, "alice asks for changes", "answer that").refusal == "alice asks for changes; answer that"
    assert Demand(None, False, "3 more obstacles").refusal == "3 more obstacles"


def test_a_freeze_names_who_ends_it_before_its_reason_which_may_be_long() -> None:
    assert Freeze("an outage", "bob", NOON).refusal == (
        "applies are frozen by bob until an operator runs `gitops-bot thaw`: an outage"
    )
