"""Merge queues: each pull request is judged on the tree that it would land as, with what is before it in the queue."""

from pathlib import Path

from tests.e2e.acting import ONE, approved, begin, propose, state_of
from tests.staging import Stage

BY_MERGE = "version: 1\ndefaults:\n  apply: merge\n"
STATUSES = ["gitops-bot/plan", "gitops-bot/apply"]


def queued(stage: Stage, files: dict[str, str] | None = None, required: tuple[str, ...] = ()) -> Path:
    """A repository whose main takes merges by a queue alone, for which both statuses are required; alice's clone."""
    clone = begin(stage, files)
    stage.forge.control("PUT", f"/repos/{stage.repo}/required/main", contexts=[*STATUSES, *required])
    stage.forge.control("PUT", f"/repos/{stage.repo}/queues/main")
    return clone


def planned(stage: Stage, clone: Path, directory: str, text: str = ONE, file: str = "main") -> int:
    """An approved pull request that changes one project; its number."""
    number = propose(stage, clone, {f"{directory}/{file}.tf": text}, f"change-{directory}-{file}")
    approved(stage, number)
    say_ci(stage, stage.alice.pull(stage.repo, number)["head"]["sha"], "success")
    return number


def say_ci(stage: Stage, commit: str, state: str) -> None:
    """What another check says of a commit."""
    stage.alice.api("POST", f"/repos/{stage.repo}/statuses/{commit}", context="ci", state=state)


def group_commit(stage: Stage, number: int) -> str:
    """The newest commit that the queue made for a pull request."""
    refs = stage.alice.git(stage.clone(), "ls-remote", "origin", f"refs/heads/gh-readonly-queue/main/pr-{number}-*")
    return refs.split()[-2]


def why(stage: Stage, number: int) -> str:
    """What the failed status of the queue's commit says."""
    statuses = stage.alice.api("GET", f"/repos/{stage.repo}/commits/{group_commit(stage, number)}/status")["statuses"]
    failed = [status["description"] for status in statuses if status["state"] == "failure"]
    return failed[0] if failed else ""


def thrown_out(stage: Stage, number: int, *words: str) -> None:
    """Wait until the queue let it go, and look at the reason."""
    stage.wait_for_comment(number, "merge queue let this go")
    assert all(word in why(stage, number) for word in words), why(stage, number)
    assert not stage.alice.pull(stage.repo, number)["merged"]


def test_what_is_applied_is_queued_at_that_head_and_lands(stage: Stage) -> None:
    clone = queued(stage)
    number = planned(stage, clone, "net")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "Applied", "put into the merge queue")
    stage.wait_for_merge(number)
    assert "terraform_data" in state_of(stage, "net")


def test_what_is_not_applied_yet_is_let_go_loudly(stage: Stage) -> None:
    clone = queued(stage)
    number = planned(stage, clone, "net")
    stage.alice.enqueue(stage.repo, number)
    thrown_out(stage, number, "net is to be applied before: comment /apply")
    assert state_of(stage, "net") == ""


def test_what_the_merge_applies_does_not_land_unapproved(stage: Stage) -> None:
    clone = queued(stage, {"gitops.yaml": BY_MERGE})
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.alice.enqueue(stage.repo, number)
    thrown_out(stage, number, "net: 0 of 1 approvals")


def test_two_that_touch_different_projects_land_together_and_are_applied(stage: Stage) -> None:
    clone = queued(stage, {"gitops.yaml": BY_MERGE}, required=("ci",))
    numbers = [planned(stage, clone, directory) for directory in ("net", "app")]
    for number in numbers:
        stage.alice.enqueue(stage.repo, number)
    commits = [group_commit(stage, number) for number in numbers]
    for commit in commits:
        stage.wait_for("both statuses", lambda commit=commit: green(stage, commit))
    for commit in commits:
        say_ci(stage, commit, "success")
    for number, directory in zip(numbers, ("net", "app"), strict=True):
        stage.wait_for_merge(number)
        stage.wait_for("the apply", lambda directory=directory: "terraform_data" in state_of(stage, directory))


def green(stage: Stage, commit: str) -> bool:
    return all(stage.alice.statuses(stage.repo, commit).get(name) == "success" for name in STATUSES)


def test_the_later_of_two_that_touch_one_project_waits_for_the_first(stage: Stage) -> None:
    clone = queued(stage, {"gitops.yaml": BY_MERGE}, required=("ci",))
    first, later = planned(stage, clone, "net"), planned(stage, clone, "net", ONE.replace("one", "more"), "more")
    for number in (first, later):
        stage.alice.enqueue(stage.repo, number)
    thrown_out(stage, later, "net: changed by what is before it in the queue")
    commit = group_commit(stage, first)
    stage.wait_for("both statuses", lambda: green(stage, commit))
    say_ci(stage, commit, "success")
    stage.wait_for_merge(first)


def test_what_is_applied_and_let_go_for_another_check_is_said_loudly_and_keeps_its_lock(stage: Stage) -> None:
    clone = queued(stage, required=("ci",))
    number = planned(stage, clone, "net")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "put into the merge queue")
    commit = group_commit(stage, number)
    say_ci(stage, commit, "failure")
    stage.wait_for_comment(number, "merge queue let this go", "`net`", "the lock is kept")
    assert not stage.alice.pull(stage.repo, number)["merged"]


def test_a_queues_commit_of_which_nobody_can_tell_whose_it_is_does_not_pass(stage: Stage) -> None:
    clone = begin(stage)
    head = stage.alice.git(clone, "rev-parse", "HEAD")
    stage.forge.control("POST", f"/repos/{stage.repo}/merge-group", sha=head, login="alice")
    wanted = dict.fromkeys(STATUSES, "failure")
    stage.wait_for("both statuses", lambda: stage.alice.statuses(stage.repo, head) == wanted)
