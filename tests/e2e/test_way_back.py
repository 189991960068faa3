"""Ways back from an apply that failed half-way, and that every refusal on them names one that can be gone."""

from pathlib import Path

import pytest

from tests.e2e.acting import ONE, applied, approved, begin, bots_comments, plan_comment, propose, pull_main, state_of
from tests.staging import Stage

TWO = ONE.replace("one", "two")
BROKEN = (
    'resource "terraform_data" "broken" {\n  depends_on = [terraform_data.two]\n'
    '  provisioner "local-exec" {\n    command = "exit 3"\n  }\n}\n'
)
ADDED = {"net/two.tf": TWO, "net/broken.tf": BROKEN}


@pytest.fixture
def clone(stage: Stage) -> Path:
    """A repository whose project net has one object."""
    clone = begin(stage)
    applied(stage, propose(stage, clone, {"net/main.tf": ONE}, "first"))
    pull_main(stage, clone)
    return clone


def _apply(stage: Stage, number: int, *words: str) -> str:
    """Approve what the newest plan shows, `/apply`, and wait for these words."""
    head = stage.alice.pull(stage.repo, number)["head"]["sha"]
    stage.wait_for_comment(number, head[:7], "What blocks the apply")
    stage.bob.approve(stage.repo, number)
    stage.wait_for_comment(number, head[:7], "1 of 1 approval")
    stage.alice.comment(stage.repo, number, "/apply")
    return stage.wait_for_comment(number, *words)


def _half_applied(stage: Stage, clone: Path, files: dict[str, str]) -> int:
    number = propose(stage, clone, files)
    _apply(stage, number, "Apply failed", "terraform_data.two: created")
    stage.wait_for_comment(number, "What blocks the apply", "1 to replace")
    return number


def _take_back(stage: Stage, clone: Path, number: int, kept: tuple[str, ...] = ()) -> None:
    """Push a commit that takes the change back, and wait for its plan."""
    files = {path: None for path in ADDED if path not in kept}
    head = stage.alice.push(clone, files, "change", "Take it back")
    stage.wait_for_comment(number, head[:7], "2 to destroy", "What blocks the apply")


def test_what_an_open_pull_applied_in_half_is_taken_back_as_rollback_says(stage: Stage, clone: Path) -> None:
    number = _half_applied(stage, clone, ADDED)
    stage.alice.comment(stage.repo, number, "/rollback")
    told = stage.wait_for_comment(number, "`/rollback` was not carried out", "`net`", "Push a commit")
    assert "close" not in told.lower()
    _take_back(stage, clone, number)
    _apply(stage, number, "Applied", "Merged as")
    assert '"two"' not in state_of(stage, "net")
    assert '"one"' in state_of(stage, "net")


def test_what_a_closed_pull_applied_in_half_is_taken_back_as_rollback_says(stage: Stage, clone: Path) -> None:
    number = _half_applied(stage, clone, ADDED)
    stage.alice.close(stage.repo, number)
    stage.wait_for_comment(number, "Closed, but applied", "`net`", "`/rollback` says how")
    stage.alice.comment(stage.repo, number, "/rollback")
    stage.wait_for_comment(number, "`/rollback` was not carried out", "Reopen it, and push")
    stage.alice.reopen(stage.repo, number)
    _take_back(stage, clone, number)
    _apply(stage, number, "Applied", "Merged as")
    assert '"two"' not in state_of(stage, "net")


def test_a_closed_pull_is_applied_to_its_end_once_it_is_reopened_as_the_refusal_says(stage: Stage, clone: Path) -> None:
    number = _half_applied(stage, clone, ADDED)
    stage.alice.close(stage.repo, number)
    stage.wait_for_comment(number, "Closed, but applied")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "`/apply` was not carried out", "reopen it")
    stage.alice.reopen(stage.repo, number)
    stage.alice.push(clone, {"net/broken.tf": BROKEN.replace("exit 3", "true")}, "change", "Mend it")
    _apply(stage, number, "Applied", "Merged as")
    assert '"broken"' in state_of(stage, "net")


def test_what_a_closed_pull_left_is_taken_back_by_the_next_one_once_it_is_unlocked(stage: Stage, clone: Path) -> None:
    number = _half_applied(stage, clone, ADDED)
    stage.alice.close(stage.repo, number)
    stage.wait_for_comment(number, "Closed, but applied", "`/plan -p NAME`")
    stage.alice.comment(stage.repo, number, "/unlock")
    stage.wait_for_comment(number, "Free again", "reopen it")
    other = propose(stage, clone, {"README.md": "words\n"}, "other")
    stage.wait_for_status(other, "gitops-bot/plan", "success")
    stage.alice.comment(stage.repo, other, "/plan -p net")
    stage.wait_for_comment(other, "2 to destroy", "What blocks the apply")
    _apply(stage, other, "Applied", "Merged as")
    assert '"two"' not in state_of(stage, "net")


def test_a_project_that_only_the_pull_has_is_destroyed_as_rollback_says_and_does_not_land(stage: Stage) -> None:
    clone = begin(stage)
    number = _half_applied(stage, clone, ADDED)
    stage.alice.comment(stage.repo, number, "/rollback")
    stage.wait_for_comment(number, "`/rollback` was not carried out", "`/plan --destroy -p NAME`")
    stage.alice.push(clone, dict.fromkeys(ADDED), "change", "Take all of it back")
    stage.wait_for_comment(number, "what was applied of it is still there", "`/plan --destroy -p net`")
    stage.wait_for_status(number, "gitops-bot/plan", "failure")
    stage.alice.push(clone, ADDED, "change", "Push them again")
    stage.wait_for_comment(number, "1 to replace", "What blocks the apply")
    stage.alice.comment(stage.repo, number, "/plan --destroy -p net")
    stage.wait_for_comment(number, "2 to destroy", "What blocks the apply")
    _apply(stage, number, "Applied", "not merged: net is destroyed")
    assert "terraform_data" not in state_of(stage, "net")
    stage.alice.close(stage.repo, number)
    other = propose(stage, clone, {"net/main.tf": ONE}, "other")
    applied(stage, other)
    assert not any("Closed, but applied" in body for body in bots_comments(stage, number))


def test_a_pull_of_which_nothing_was_applied_has_nothing_to_take_back(stage: Stage, clone: Path) -> None:
    number = propose(stage, clone, ADDED)
    approved(stage, number)
    comment = stage.alice.comment(stage.repo, number, "/rollback")
    stage.wait_for_comment(number, "`/rollback` was not carried out", "nothing of it was applied")
    stage.wait_for("a reaction", lambda: "confused" in stage.alice.reactions(stage.repo, comment))
    assert "2 to create" in plan_comment(stage, number)
