"""What the sweep adds, promise by promise: who asked, why, and an id that a second sweep finds again."""

from dataclasses import replace

import pytest

from bot.core import promises
from bot.core.keys import CommentRef, PullKey
from bot.core.lifecycle import UNLOCKED
from bot.core.pull import PullState
from bot.core.reconcile import PullLevel, jobs_for_comments, jobs_for_pulls
from bot.core.trigger import Trigger, TriggerKind
from tests.core.events import NOW, PULL, comment
from tests.vocabulary import VOCABULARY

KEY = PullKey("github:1#7")
PLANNED = PullLevel(PULL, PULL.head.sha, None, holds=True)
MERGED = PullLevel(
    replace(PULL, state=PullState.MERGED, merge_commit="c" * 40, merged_by="bob"), None, None, holds=True
)


def test_an_unplanned_head_is_planned_once_in_its_authors_name() -> None:
    level = PullLevel(PULL, "0" * 40, None, holds=True)
    job = promises.plan(f"sweep:github:1#7:{'a' * 40}", KEY, "alice", Trigger(TriggerKind.SWEEP))
    assert jobs_for_pulls([level], "1") == jobs_for_pulls([level], "2") == (job,)


def test_a_pull_request_that_was_never_planned_is() -> None:
    (job,) = jobs_for_pulls([PullLevel(PULL, None, None, holds=False)], "1")
    assert job.kind == "plan"


def test_the_review_of_a_sweep_is_named_by_what_happened_last() -> None:
    assert jobs_for_pulls([PLANNED], "9") == (promises.review(f"sweep:github:1#7:{int(NOW.timestamp())}", KEY),)


def test_where_the_forge_tells_no_time_each_sweep_looks_again() -> None:
    silent = replace(PLANNED, pull=replace(PULL, updated=None))
    assert jobs_for_pulls([silent], "9") == (promises.review("sweep:github:1#7:9", KEY),)


def test_a_planned_pull_request_that_holds_nothing_is_left_alone() -> None:
    assert jobs_for_pulls([replace(PLANNED, holds=False)], "1") == ()


@pytest.mark.parametrize(("merged_by", "asker"), [("bob", "bob"), (None, "alice")])
def test_a_merge_is_dealt_with_in_the_name_of_who_merged(merged_by: str | None, asker: str) -> None:
    level = replace(MERGED, pull=replace(MERGED.pull, merged_by=merged_by))
    assert jobs_for_pulls([level], "9") == (promises.close(f"sweep:github:1#7:{'c' * 40}:9", KEY, asker),)


@pytest.mark.parametrize(
    ("handled", "promised"), [(None, True), ("closed", True), ("c" * 40, False), (UNLOCKED, False)]
)
def test_a_closure_is_dealt_with_until_it_was_or_the_locks_were_let_go(handled: str | None, promised: bool) -> None:
    assert bool(jobs_for_pulls([replace(MERGED, handled_closure=handled)], "1")) is promised


def test_pull_requests_are_looked_at_in_order() -> None:
    other = replace(PLANNED, pull=replace(PULL, number=8), planned_head=None)
    assert [(job.kind, job.pull.number) for job in jobs_for_pulls([PLANNED, other], "1")] == [
        ("review", 7),
        ("plan", 8),
    ]


def test_comments_of_people_are_read_as_they_were_first_posted() -> None:
    told = [comment("/plan"), comment("/plan", edited=True), comment("/plan", author_is_bot=True), comment("hello")]
    assert jobs_for_comments(told, VOCABULARY) == (promises.read_comment(CommentRef(KEY, "5"), swept=True),)
