"""What a plan counts, and when that is nothing to apply."""

from dataclasses import fields, replace

import pytest

from bot.core.lifecycle import to_apply
from bot.core.plan import Content, Counts
from tests.core.cases import PLAN

WORDS = tuple(field.name for field in fields(Counts))


def test_counts_add_up_word_by_word() -> None:
    one = Counts(**{word: number for number, word in enumerate(WORDS)})
    other = Counts(**{word: 100 * number for number, word in enumerate(WORDS, 1)})
    assert one + other == Counts(**{word: number + 100 * (number + 1) for number, word in enumerate(WORDS)})
    assert one + Counts() == one


@pytest.mark.parametrize("word", WORDS)
def test_only_reads_failed_checks_and_what_is_rendered_or_put_off_change_nothing(word: str) -> None:
    counts = Counts(**{word: 1})
    assert counts.empty is (word in {"read", "checks", "rendered", "deferred"})
    assert counts.silent is (word == "read")
    plan = replace(PLAN, content=Content("terraform", counts=counts))
    assert to_apply([plan]) == ([] if counts.empty else [plan])


def test_plans_that_change_something_are_applied_in_order() -> None:
    idle = replace(PLAN, content=Content("terraform"))
    assert to_apply([PLAN, idle, replace(PLAN, id="p2")]) == [PLAN, replace(PLAN, id="p2")]
