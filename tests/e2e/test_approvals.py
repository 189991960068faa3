"""What an approval covers and whose it may be, over real git: each by a way around it that people may try."""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from sandbox.forge.state import now
from tests.e2e.acting import (
    ONE,
    TWO,
    approved,
    begin,
    bots_comments,
    plan_comment,
    propose,
    pull_main,
    pushed_as_alice,
    state_of,
)
from tests.staging import Person, Stage

RUNS = """
resource "terraform_data" "deploy" {
  input = "NUMBER"
  provisioner "local-exec" {
    command = "sh ../app/deploy.sh"
  }
}
"""
BOUNDED = "version: 1\nprojects:\n  - dir: net\n    inputs: [app/deploy.sh]\n"
BY_MERGE = "version: 1\ndefaults:\n  apply: merge\n"
BRANCHES = "version: 1\nbranches: [release]\n"


def runs(number: int) -> str:
    return RUNS.replace("NUMBER", str(number))


def approve_and_apply(stage: Stage, number: int, person: Person, *words: str) -> None:
    """The person approves and asks for the apply; it is refused with these words."""
    person.approve(stage.repo, number)
    stage.bob.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "was not carried out", *words)


def test_a_line_moved_to_another_function_after_the_approval_voids_it(stage: Stage) -> None:
    same = "\n    finish()\n    leave()"
    script = (
        "def dry_run():\n    begin()\n    look()\n"
        + same
        + "\n\ndef run():\n    begin()\n    look()\n"
        + same
        + "\n\n# end\n"
    )
    clone = begin(stage, {"deploy.py": script})
    number = propose(stage, clone, {"net/main.tf": ONE, "deploy.py": script.replace(same, "\n    destroy()" + same, 1)})
    approved(stage, number)
    before, _, after = script.rpartition(same)
    moved = before + "\n    destroy()" + same + after
    stage.alice.push(clone, {"deploy.py": moved}, "change", "Tidy up")
    stage.wait_for_comment(number, "0 of 1 approvals", "bob approved before the change was what it is now")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "was not carried out", "bob approved before the change was what it is now")


def test_an_approval_outlives_a_rebase_onto_main_on_the_forge(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    stage.alice.git(clone, "checkout", "--quiet", "main")
    stage.alice.push(clone, {"README.md": "something\n"}, "main", "Meanwhile")
    stage.alice.git(clone, "checkout", "--quiet", "change")
    stage.alice.git(clone, "rebase", "--quiet", "main")
    head = stage.alice.push(clone, {}, "change", "Nothing", force=True)
    stage.wait_for_comment(number, head[:7], "1 of 1 approval")


def test_who_pushed_before_the_pull_was_opened_cannot_approve_it(stage: Stage) -> None:
    clone = begin(stage)
    stage.alice.push(clone, {"net/main.tf": ONE}, "change", "Begin the change")
    pushed_as_alice(stage)
    number = stage.alice.open_pull(stage.repo, "change", "main", "Change")
    stage.wait_for_comment(number, "2 to create", "What blocks the apply")
    approve_and_apply(stage, number, stage.bob, "0 of 1 approvals", "bob made commits of it")
    assert state_of(stage, "net") == ""


def test_who_pushed_to_another_branch_from_which_the_pull_was_made_cannot_approve_it(stage: Stage) -> None:
    clone = begin(stage)
    stage.alice.push(clone, {"net/main.tf": ONE}, "change", "Begin the change")
    pushed_as_alice(stage)
    stage.alice.git(clone, "fetch", "--quiet")
    stage.alice.git(clone, "push", "--quiet", "origin", "origin/change:refs/heads/mine")
    number = stage.alice.open_pull(stage.repo, "mine", "main", "Change")
    stage.wait_for_comment(number, "2 to create", "What blocks the apply")
    approve_and_apply(stage, number, stage.bob, "0 of 1 approvals", "bob made commits of it")


def test_a_pull_that_a_bot_opened_asks_for_two(stage: Stage) -> None:
    begin(stage)
    robot = stage.forge.user("ci[bot]", type="Bot")
    stage.forge.control("PUT", f"/repos/{stage.repo}/collaborators/{quote(robot.login)}", role="write")
    clone = stage.clone()
    stage.alice.push(clone, {"net/main.tf": ONE}, "change", "Change")
    number = int(robot.api("POST", f"/repos/{stage.repo}/pulls", head="change", base="main", title="Change")["number"])
    stage.wait_for_comment(number, "What blocks the apply")
    approve_and_apply(stage, number, stage.bob, "1 of 2 approvals", "stand behind ci")
    assert state_of(stage, "net") == ""


def test_who_asked_for_a_rollback_first_cannot_approve_it_after_another_asked(stage: Stage) -> None:
    clone = begin(stage, {"net/main.tf": ONE})
    number = propose(stage, clone, {"net/main.tf": TWO})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.alice.merge(stage.repo, number)
    stage.bob.comment(stage.repo, number, "/rollback")
    stage.wait_for_comment(number, "takes back what")
    answers = len(bots_comments(stage, number))
    stage.alice.comment(stage.repo, number, "/rollback")
    stage.wait_for("the second answer", lambda: len(bots_comments(stage, number)) > answers)
    (back,) = (pull["number"] for pull in stage.alice.pulls(stage.repo))
    stage.wait_for_comment(back, "What blocks the apply")
    approve_and_apply(stage, back, stage.bob, "0 of 1 approvals", "bob asked for this rollback")


def test_an_approval_for_another_base_branch_is_none_and_one_for_this_holds_there_and_back(stage: Stage) -> None:
    clone = begin(stage, {"gitops.yaml": BRANCHES})
    stage.alice.git(clone, "push", "--quiet", "origin", "HEAD:refs/heads/release")
    numbers = [propose(stage, clone, {f"{name}/main.tf": ONE}, name) for name in ("net", "app")]
    approved(stage, numbers[0])
    for number in numbers:
        stage.wait_for_comment(number, "This plan is valid until")
        retarget(stage, number, "release")
    stage.bob.approve(stage.repo, numbers[1])
    stage.wait_for_comment(numbers[1], "1 of 1 approval")
    for number in numbers:
        retarget(stage, number, "main")
    assert "1 of 1 approval" in plan_comment(stage, numbers[0])
    assert "bob approved it for release" in plan_comment(stage, numbers[1])


def retarget(stage: Stage, number: int, base: str) -> None:
    """Give the pull another base branch in a second in which nothing else happens, and wait until it is planned."""
    wait_for_next_second(stage, number)
    stage.alice.api("PATCH", f"/repos/{stage.repo}/pulls/{number}", base=base)
    stage.wait_for_comment(number, f"`{base}`", "This plan is valid until")
    wait_for_next_second(stage, number)


def wait_for_next_second(stage: Stage, number: int) -> None:
    """Until the second of whatever happened last on the pull is over: the forge's clock tells no finer."""
    last = stage.alice.pull(stage.repo, number)["updated_at"]
    stage.wait_for("the next second", lambda: now() > last)


@pytest.mark.parametrize("bounded", [False, True])
def test_a_script_that_changed_on_main_voids_the_approval_of_a_plan_that_runs_it(stage: Stage, bounded: bool) -> None:
    clone = begin(stage, {"app/deploy.sh": "true\n"} | ({"gitops.yaml": BOUNDED} if bounded else {}))
    number = propose(stage, clone, {"net/main.tf": runs(1)})
    approved(stage, number)
    stage.alice.git(clone, "checkout", "--quiet", "main")
    stage.alice.push(clone, {"app/deploy.sh": "touch evil\n"}, "main", "Nobody looks at this")
    stage.wait_for_comment(number, "app/deploy.sh", "0 of 1 approvals", "approved before this plan was shown")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "was not carried out", "approved before this plan was shown")
    assert state_of(stage, "net") == ""


def test_of_a_plan_whose_inputs_main_bounds_the_approval_outlives_other_changes(stage: Stage) -> None:
    clone = begin(stage, {"app/deploy.sh": "true\n", "gitops.yaml": BOUNDED})
    number = propose(stage, clone, {"net/main.tf": runs(1)})
    approved(stage, number)
    stage.alice.git(clone, "checkout", "--quiet", "main")
    stage.alice.push(clone, {"README.md": "words\n"}, "main", "Only words")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)
    assert "terraform_data" in state_of(stage, "net")


def test_bounds_that_the_pull_request_itself_brings_bound_nothing(stage: Stage) -> None:
    clone = begin(stage, {"app/deploy.sh": "true\n", "app/lib.sh": "true\n"})
    number = propose(stage, clone, {"net/main.tf": runs(1), "gitops.yaml": BOUNDED})
    approved(stage, number)
    stage.alice.git(clone, "checkout", "--quiet", "main")
    stage.alice.push(clone, {"app/lib.sh": "touch evil\n"}, "main", "Nobody looks at this")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "was not carried out")
    assert state_of(stage, "net") == ""


def test_a_pull_that_changes_only_what_later_applies_run_asks_for_an_approval(stage: Stage) -> None:
    clone = begin(stage, {"app/deploy.sh": "true\n", "gitops.yaml": BOUNDED})
    first = propose(stage, clone, {"net/main.tf": runs(1)})
    approved(stage, first)
    stage.alice.comment(stage.repo, first, "/apply")
    stage.wait_for_merge(first)
    pull_main(stage, clone)
    number = propose(stage, clone, {"app/deploy.sh": "touch evil\n"}, "script")
    stage.wait_for_comment(number, "0 of 1 approvals", "what later applies run", "terraform_data.deploy")
    stage.wait_for_status(number, "gitops-bot/apply", "pending")
    stage.bob.approve(stage.repo, number)
    stage.wait_for_status(number, "gitops-bot/apply", "success")


@pytest.mark.parametrize("style", ["merge", "squash", "rebase"])
def test_what_landed_as_it_was_approved_is_applied_by_the_merge_and_more_is_not(stage: Stage, style: str) -> None:
    clone = begin(stage, {"gitops.yaml": BY_MERGE})
    same, more = (propose(stage, clone, {f"{name}/main.tf": ONE}, name) for name in ("same", "more"))
    for number in (same, more):
        approved(stage, number)
    stage.alice.git(clone, "checkout", "--quiet", "more")
    head = stage.alice.push(clone, {"deploy.sh": "touch evil\n"}, "more", "Slip it in")
    stage.wait_for_comment(more, head[:7], "0 of 1 approvals")
    for number in (same, more):
        stage.alice.merge(stage.repo, number, style)
    stage.wait_for("the apply", lambda: "terraform_data" in state_of(stage, "same"))
    stage.wait_for_comment(more, "0 of 1 approvals", "in a new pull request")
    assert state_of(stage, "more") == ""


def test_rules_that_somebody_wrote_into_the_store_open_no_gate(stages: Callable[..., Stage]) -> None:
    stage = stages()
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    write(stage, "update plan set json = json_set(json, '$.rules.require', json('[]'))")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "was not carried out", "0 of 1 approvals")
    assert state_of(stage, "net") == ""


def test_a_plan_that_somebody_changed_in_the_store_is_planned_again_before_it_is_applied(
    stages: Callable[..., Stage],
) -> None:
    stage = stages()
    clone = begin(stage, {"net/main.tf": ONE})
    number = propose(stage, clone, {"net/main.tf": TWO})
    approved(stage, number)
    write(stage, "update plan set json = json_set(json, '$.destroy', json('true'))")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "it came out differently")
    assert state_of(stage, "net") == ""


def test_a_plan_of_a_version_that_signed_none_is_planned_again_and_goes_on(stages: Callable[..., Stage]) -> None:
    stage = stages()
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    write(stage, "update plan set json = json_remove(json, '$.signature')")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)


UNSIGNED = """
create trigger unsign after update of signature on run_project when new.signature != ''
begin update run_project set signature = '' where run = new.run and place = new.place; end
"""
FORGED = """
create trigger forge after insert on run_project
begin
  update run set result = '{commit}' where id = new.run and kind = 'apply';
  update run_project set input_digest = 'another' where run = new.run and place = new.place;
end
"""


def test_an_apply_of_a_version_that_signed_none_is_planned_again_and_goes_on(stages: Callable[..., Stage]) -> None:
    stage = stages()
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    write(stage, UNSIGNED)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)
    assert read(stage, "select distinct signature from run_project") == [("",)]
    (planned,) = read(stage, "select count(*) from plan")
    assert planned == (2,)


def test_an_apply_that_somebody_points_to_other_code_in_the_store_is_of_what_was_approved(
    stages: Callable[..., Stage], tmp_path: Path
) -> None:
    stage = stages()
    clone = begin(stage)
    hidden = f'  provisioner "local-exec" {{\n    command = "touch {tmp_path}/owned"\n  }}\n}}\n'
    propose(stage, clone, {"net/main.tf": ONE.removesuffix("}\n") + hidden}, "evil")
    commit = stage.alice.git(clone, "rev-parse", "HEAD").strip()
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    write(stage, FORGED.format(commit=commit))
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)
    assert "terraform_data" in state_of(stage, "net")
    assert not (tmp_path / "owned").exists()


def read(stage: Stage, question: str) -> list[tuple[object, ...]]:
    """Ask the bot's store."""
    with contextlib.closing(sqlite3.connect(stage.data / "store.sqlite", timeout=30)) as store:
        return store.execute(question).fetchall()


def write(stage: Stage, statement: str) -> None:
    """Change the bot's store as whoever has its file can."""
    with contextlib.closing(sqlite3.connect(stage.data / "store.sqlite", timeout=30)) as store, store:
        store.execute(statement)
