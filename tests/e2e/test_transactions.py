"""How often the store is asked: facts are gathered once, and what belongs together is written together."""

import re
from collections.abc import Callable

import requests

from tests.e2e.acting import ONE, approved, begin, propose
from tests.staging import Stage

MOST_FOR_A_PUSH, MOST_FOR_AN_APPLY = 25, 50
WORK = re.compile(r'^gitops_bot_store_transactions_total\{purpose="work"\} (\S+)$', re.MULTILINE)
NEVER = "1h"


def transactions(stage: Stage) -> int:
    """How many there were; looks by the clock are counted apart, for these depend on how long things take."""
    found = WORK.search(requests.get(f"{stage.bot_url}/metrics", timeout=30).text)
    assert found
    return int(float(found[1]))


def settled(stage: Stage) -> int:
    """How many there were when there are no more."""
    seen = [transactions(stage)]

    def still() -> bool:
        seen.append(transactions(stage))
        return len(seen) > QUIET_LOOKS and len(set(seen[-QUIET_LOOKS:])) == 1

    stage.wait_for("the store to be left alone", still)
    return seen[-1]


QUIET_LOOKS = 40


def test_a_push_and_an_apply_ask_the_store_no_more_often_than_they_must(stages: Callable[..., Stage]) -> None:
    stage = stages({"SWEEP_EVERY": NEVER})
    clone = begin(stage)
    start = settled(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    planned = settled(stage)
    assert planned - start <= MOST_FOR_A_PUSH
    approved(stage, number)
    reviewed = settled(stage)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)
    stage.wait_for_comment(number, "Applied", "Merged as")
    assert settled(stage) - reviewed <= MOST_FOR_AN_APPLY
