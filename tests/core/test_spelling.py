"""What is one letter off a command, and what is another word."""

import pytest

from bot.core.spelling import one_letter_off


@pytest.mark.parametrize("word", ["plam", "pln", "plann", "splan", "plna", "paln", "lpan", "pla", "blan", "plxan"])
def test_one_letter_more_less_other_or_changed_places_is_near(word: str) -> None:
    assert one_letter_off(word, "plan")


@pytest.mark.parametrize(
    "word", ["plan", "", "pl", "plannn", "xlxn", "nalp", "planet", "pnla", "lpna", "plxx", "xxplan"]
)
def test_the_word_itself_and_what_is_further_is_not(word: str) -> None:
    assert not one_letter_off(word, "plan")


@pytest.mark.parametrize("word", ["unlokc", "nulock", "unolck", "unxock", "unock", "unllock"])
def test_wherever_in_a_longer_word_the_letter_is(word: str) -> None:
    assert one_letter_off(word, "unlock")
