"""What people try, or just happen to do, to have something applied that nobody approved; each by name."""

from collections.abc import Callable

import pytest

from bot.jobs.command import ANSWERS_AN_HOUR
from tests.e2e.acting import (
    ONE,
    TWO,
    applied,
    approved,
    begin,
    bots_comments,
    go_on,
    held,
    offered,
    propose,
    pull_main,
    pushed_as_alice,
    state_of,
)
from tests.e2e.shell import shell
from tests.staging import Stage

CHECKED = """
check "flag" {
  assert {
    condition     = terraform_data.one.input == "1" && fileexists("FLAG")
    error_message = "the flag is gone"
  }
}
"""
IN_TURN = "version: 1\nprojects:\n  - dir: a\n  - dir: b\n    depends_on: [a]\n"


@pytest.fixture
def stage(stages: Callable[..., Stage]) -> Stage:
    """One whose tools are held, and which may be frozen."""
    return stages()


def two_in_turn(stage: Stage) -> int:
    """An apply of `a`, which takes three seconds, with `b` waiting for it; the pull's number."""
    clone = begin(stage, {"gitops.yaml": IN_TURN})
    number = propose(stage, clone, {"a/main.tf": held(stage), "b/main.tf": ONE})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: list(stage.data.glob("applies/*/tool")))
    return number


def refused(stage: Stage, number: int, *words: str) -> str:
    """Let `a` go on; the apply's comment, which refuses `b` and says why."""
    go_on(stage)
    comment = stage.wait_for_comment(number, "🚫", *words)
    assert "terraform_data" in state_of(stage, "a")
    assert state_of(stage, "b") == ""
    return comment


def not_approved_by_bob(stage: Stage, number: int) -> None:
    """What bob approves now is refused for want of an approval."""
    stage.bob.approve(stage.repo, number)
    stage.bob.comment(stage.repo, number, "/apply")
    stage.wait_for("a refusal", lambda: any("0 of 1 approval" in body for body in bots_comments(stage, number)[1:]))
    assert state_of(stage, "net") == ""


def test_who_pushed_cannot_approve_even_when_the_commit_names_another_author(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.wait_for_comment(number, pushed_as_alice(stage)[:7], "2 to create", "What blocks the apply")
    not_approved_by_bob(stage, number)


def test_who_pushed_while_the_pull_was_closed_cannot_approve_either(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.bob.close(stage.repo, number)
    stage.wait_for("the plan to be let go", lambda: not list(stage.data.glob("artifacts/*")))
    head = pushed_as_alice(stage)
    stage.alice.reopen(stage.repo, number)
    stage.wait_for_comment(number, head[:7], "2 to create", "What blocks the apply")
    not_approved_by_bob(stage, number)


def test_a_check_that_fails_when_it_is_planned_again_was_approved_by_nobody(stage: Stage) -> None:
    clone, flag = begin(stage), stage.outside / "flag"
    flag.touch()
    number = propose(stage, clone, {"net/main.tf": ONE + CHECKED.replace("FLAG", str(flag))})
    approved(stage, number)
    flag.unlink()
    stage.alice.comment(stage.repo, number, "/plan")
    stage.wait_for_comment(number, "the flag is gone", "0 of 1 approvals")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "🚫", "0 of 1 approvals")
    assert state_of(stage, "net") == ""


def test_another_base_given_while_an_apply_runs_stops_what_has_not_begun(stage: Stage) -> None:
    number = two_in_turn(stage)
    stage.alice.git(stage.clone(), "push", "--quiet", "origin", "HEAD:refs/heads/release")
    stage.alice.api("PATCH", f"/repos/{stage.repo}/pulls/{number}", base="release")
    refused(stage, number, "another base, release")
    assert not stage.alice.pull(stage.repo, number)["merged"]


def test_a_push_while_an_apply_runs_stops_what_has_not_begun(stage: Stage) -> None:
    number = two_in_turn(stage)
    clone = stage.clone()
    stage.alice.git(clone, "checkout", "--quiet", "change")
    stage.alice.push(clone, {"b/main.tf": TWO}, "change", "Something else")
    refused(stage, number, "moved on to")
    assert not stage.alice.pull(stage.repo, number)["merged"]


def test_a_freeze_while_an_apply_runs_stops_what_has_not_begun(stage: Stage) -> None:
    number = two_in_turn(stage)
    shell(stage, "freeze", "incident 7")
    refused(stage, number, "incident 7")
    assert not stage.alice.pull(stage.repo, number)["merged"]


def test_an_objection_while_an_apply_runs_stops_what_has_not_begun(stage: Stage) -> None:
    number = two_in_turn(stage)
    stage.bob.request_changes(stage.repo, number)
    refused(stage, number, "bob")
    assert not stage.alice.pull(stage.repo, number)["merged"]


def test_a_pull_closed_while_an_apply_runs_tells_the_outcome_and_keeps_the_lock(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": held(stage)})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: list(stage.data.glob("applies/*/tool")))
    stage.alice.close(stage.repo, number)
    assert "net:default" in shell(stage, "locks")
    go_on(stage)
    stage.wait_for_comment(number, "Applied")
    stage.wait_for_comment(number, "closed", "in no branch")
    assert "net:default" in shell(stage, "locks")
    assert not stage.alice.pull(stage.repo, number)["merged"]


def test_a_pull_closed_a_second_time_frees_what_it_took_since_the_first(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    for _ in range(2):
        stage.wait_for("a plan", lambda: list(stage.data.glob("artifacts/*")))
        stage.alice.close(stage.repo, number)
        stage.wait_for("the artifact to be gone", lambda: not list(stage.data.glob("artifacts/*")))
        stage.alice.reopen(stage.repo, number)


def test_the_apply_status_stays_pending_after_an_unlock(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.wait_for_status(number, "gitops-bot/apply", "pending")
    answered = len(bots_comments(stage, number))
    stage.alice.comment(stage.repo, number, "/unlock")
    stage.wait_for("an answer", lambda: len(bots_comments(stage, number)) > answered)
    stage.wait_for("the plan to be let go", lambda: not list(stage.data.glob("artifacts/*")))
    head = stage.alice.pull(stage.repo, number)["head"]["sha"]
    assert stage.alice.statuses(stage.repo, head)["gitops-bot/apply"] == "pending"


def test_a_directory_with_a_tilde_and_a_number_is_planned_and_applied_like_others(stage: Stage) -> None:
    clone = begin(stage)
    applied(stage, propose(stage, clone, {"net~2/main.tf": ONE}))
    pull_main(stage, clone)
    applied(stage, propose(stage, clone, {"net~2/main.tf": TWO}, "second"))


def test_a_plan_made_before_what_it_depends_on_was_applied_is_made_again(stage: Stage) -> None:
    clone = begin(stage, {"gitops.yaml": IN_TURN})
    number = propose(stage, clone, {"a/main.tf": ONE, "b/main.tf": ONE})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply -p a")
    stage.wait_for_comment(number, "Applied")
    stage.wait_for("a plan of b after that", lambda: shell(stage, "runs", "--json").count('"kind": "plan"') == 2)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)


def test_a_forks_commit_is_not_named_by_its_first_digits_which_another_one_may_be_given(stage: Stage) -> None:
    begin(stage)
    _, head, number = offered(stage)
    stage.alice.comment(stage.repo, number, f"/plan {head[:39]}")
    stage.wait_for_comment(number, "name the whole commit")
    stage.alice.comment(stage.repo, number, f"/plan {head}")
    stage.wait_for_comment(number, "1 to create")


def test_a_plan_comment_that_somebody_rewrites_or_deletes_is_put_right(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    true = stage.wait_for_comment(number, "1 to create", "What blocks the apply")
    for tampered in ({"body": true.replace("1 to create", "nothing to do")}, None):
        (ours,) = (
            comment for comment in stage.alice.comments(stage.repo, number) if '"topic": "plan"' in comment["body"]
        )
        path = f"/repos/{stage.repo}/issues/comments/{ours['id']}"
        stage.alice.api("PATCH" if tampered else "DELETE", path, **(tampered or {}))
        stage.wait_for_comment(number, "1 to create", "What blocks the apply")


@pytest.mark.parametrize("command", ["/apply", "/help"])
def test_a_reader_who_comments_without_end_gets_a_few_answers_and_then_reactions(stage: Stage, command: str) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    comments = [stage.carol.comment(stage.repo, number, command) for _ in range(8)]
    stage.wait_for("a reaction to each", lambda: all(stage.carol.reactions(stage.repo, id) for id in comments))
    stage.bob.comment(stage.repo, number, "/cancel")
    stage.wait_for_comment(number, "nothing to cancel")
    own = bots_comments(stage, number)
    answers = [body for body in own if '"topic": "answer:' in body or '"topic": "page:' in body]
    assert len(answers) == ANSWERS_AN_HOUR + 1
