"""Which jobs an event promises, and which the sweep adds."""

from dataclasses import replace

import pytest

from bot.core.decide import is_of_interest, jobs_for
from bot.core.event import Commented, Event, JobRequested, MergeGroup, PullChange, PullChanged, Pushed, Reviewed
from bot.core.pull import Pull, PullState
from bot.core.reconcile import PullLevel, jobs_for_comments, jobs_for_pulls
from tests.core.events import NOW, PULL, REPOSITORY, comment
from tests.vocabulary import VOCABULARY


@pytest.mark.parametrize(
    ("event", "kinds"),
    [
        (PullChanged(PULL, PullChange.OPENED, "alice"), ["plan"]),
        (PullChanged(PULL, PullChange.PUSHED, "alice"), ["plan"]),
        (PullChanged(PULL, PullChange.RETARGETED, "alice"), ["plan"]),
        (PullChanged(PULL, PullChange.CLOSED, "alice"), ["close"]),
        (PullChanged(PULL, PullChange.DRAFTED, "alice"), []),
        (Commented(REPOSITORY, comment("/plan")), ["command"]),
        (Commented(REPOSITORY, comment("looks good")), []),
        (Commented(REPOSITORY, comment("/plan", author_is_bot=True)), []),
        (Reviewed(REPOSITORY, 7), ["review"]),
        (Pushed(REPOSITORY, "main", "c" * 40), ["branch_pushed"]),
        (MergeGroup(REPOSITORY, "c" * 40), ["merge_group"]),
        (JobRequested(REPOSITORY, 7, "unlock", "root"), ["unlock"]),
    ],
)
def test_an_event_promises_its_jobs(event: Event, kinds: list[str]) -> None:
    assert [job.kind for job in jobs_for(event, "d1", VOCABULARY)] == kinds


def test_only_what_bots_say_is_of_no_interest() -> None:
    assert is_of_interest(Commented(REPOSITORY, comment("looks good")))
    assert not is_of_interest(Commented(REPOSITORY, comment("/plan", author_is_bot=True)))
    assert is_of_interest(Reviewed(REPOSITORY, 7))


def test_a_redelivery_promises_the_same_job() -> None:
    event = PullChanged(PULL, PullChange.OPENED, "alice")
    assert jobs_for(event, "d1", VOCABULARY) == jobs_for(event, "d1", VOCABULARY)
    assert jobs_for(event, "d1", VOCABULARY) != jobs_for(event, "d2", VOCABULARY)


def test_a_comment_found_by_the_sweep_is_the_webhooks_job() -> None:
    [swept] = jobs_for_comments([comment("/apply")], VOCABULARY)
    [told] = jobs_for(Commented(REPOSITORY, comment("/apply")), "d1", VOCABULARY)
    assert (swept.id, swept.kind, swept.unread_comment) == (told.id, told.kind, told.unread_comment)
    assert (swept.swept, told.swept) == (True, False)


def test_the_sweep_leaves_bots_edited_and_idle_comments_alone() -> None:
    left = [comment("/apply", edited=True), comment("/apply", author_is_bot=True), comment("thanks")]
    assert jobs_for_comments(left, VOCABULARY) == ()


def test_an_open_pull_without_a_plan_of_its_head_is_planned() -> None:
    (job,) = jobs_for_pulls([PullLevel(PULL, "0" * 40, None, holds=False)], "1")
    assert job.kind == "plan"


@pytest.mark.parametrize("left", [replace(PULL, draft=True), replace(PULL, fork=True)])
def test_drafts_and_forks_are_not_planned_by_the_sweep(left: Pull) -> None:
    assert jobs_for_pulls([PullLevel(left, None, None, holds=False)], "1") == ()


def test_a_pull_on_which_something_happened_is_looked_at_once() -> None:
    seen = PullLevel(PULL, PULL.head.sha, None, holds=True)
    (first,) = jobs_for_pulls([seen], "1")
    assert first.kind == "review"
    assert jobs_for_pulls([seen], "2") == (first,)
    later = replace(seen, pull=replace(PULL, updated=NOW.replace(minute=5)))
    assert jobs_for_pulls([later], "2") != (first,)


def test_a_merged_pull_that_still_holds_something_is_closed_until_that_was_dealt_with() -> None:
    merged = replace(PULL, state=PullState.MERGED, merge_commit="c" * 40)
    assert [job.kind for job in jobs_for_pulls([PullLevel(merged, None, None, holds=True)], "1")] == ["close"]
    assert jobs_for_pulls([PullLevel(merged, None, "c" * 40, holds=True)], "1") == ()
    assert jobs_for_pulls([PullLevel(merged, None, None, holds=False)], "1") == ()
