"""What people with write access try in order to have weaker rules than the default branch has; each by name."""

from collections.abc import Callable
from pathlib import Path

from tests.e2e.acting import ONE, applied, approved, begin, bots_comments, plan_comment, propose, pull_main, state_of
from tests.staging import Stage

WEAK = "version: 1\nbranches: [mine]\ndefaults:\n  require: []\n"
STRICT = "version: 1\ndefaults:\n  approvals: {count: 2}\n"
LISTED = "version: 1\nprojects:\n  - dir: app\n"
CAREFUL = "  - dir: net\n    approvals: {count: 2}\n"
STORED = (
    "version: 1\nprojects:\n  - dir: net\n    terraform:\n      backend_config: ['address=http://127.0.0.1:1/{}']\n"
)


def test_a_branch_that_names_itself_in_its_own_gitops_yaml_is_no_base(stage: Stage) -> None:
    clone = begin(stage)
    stage.alice.push(clone, {"gitops.yaml": WEAK}, "mine", "Rules of my own")
    stage.alice.push(clone, {"net/main.tf": ONE}, "change", "Infrastructure of my own")
    number = stage.alice.open_pull(stage.repo, "change", "mine", "Nobody needs to look at this")
    for command in ("/plan", "/apply"):
        said = len(bots_comments(stage, number))
        stage.alice.comment(stage.repo, number, command)
        stage.wait_for("an answer", lambda said=said: len(bots_comments(stage, number)) > said)
    assert "are not planned" in plan_comment(stage, number)
    assert state_of(stage, "net") == ""


def test_an_approved_pull_that_is_led_to_a_branch_of_ones_own_is_not_applied(stage: Stage) -> None:
    clone = begin(stage)
    stage.alice.git(clone, "push", "--quiet", "origin", "HEAD:refs/heads/mine")
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    stage.alice.api("PATCH", f"/repos/{stage.repo}/pulls/{number}", base="mine")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "🚫", "into mine are not")
    assert state_of(stage, "net") == ""


def stricter(stage: Stage, clone: Path) -> None:
    """From now on main demands two approvals."""
    stage.alice.git(clone, "checkout", "--quiet", "main")
    stage.alice.push(clone, {"gitops.yaml": STRICT}, "main", "Two of us from now on")


def test_a_stricter_rule_on_main_holds_for_a_plan_that_was_made_and_approved_before_it(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    stricter(stage, clone)
    stage.wait_for_comment(number, "1 of 2 approvals")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "🚫", "1 of 2 approvals")
    assert state_of(stage, "net") == ""


def test_an_apply_meets_the_stricter_rule_though_nobody_told_the_bot_of_it(stages: Callable[..., Stage]) -> None:
    stage = stages({"SWEEP_EVERY": "1h"})
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    stage.forge.faults(lose_webhooks=1)
    stricter(stage, clone)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "🚫", "its rules or arguments changed")
    assert state_of(stage, "net") == ""


def test_a_project_that_the_pull_removes_keeps_the_rules_that_main_has_for_it(stage: Stage) -> None:
    clone = begin(stage, {"app/main.tf": ONE})
    applied(stage, propose(stage, clone, {"net/main.tf": ONE}))
    pull_main(stage, clone)
    stage.alice.push(clone, {"gitops.yaml": f"{LISTED}{CAREFUL}"}, "main", "Two of us for net")
    number = propose(stage, clone, {"net/main.tf": None, "gitops.yaml": LISTED}, "removal")
    stage.wait_for_comment(number, "net")
    stage.alice.comment(stage.repo, number, "/plan --destroy -p net")
    stage.wait_for_comment(number, "1 to destroy", "0 of 2 approvals")


def test_into_a_branch_that_the_default_branch_names_it_is_planned(stage: Stage) -> None:
    clone = begin(stage, {"gitops.yaml": 'version: 1\nbranches: ["release/*"]\n'})
    stage.alice.git(clone, "push", "--quiet", "origin", "HEAD:refs/heads/release/1")
    stage.alice.push(clone, {"net/main.tf": ONE}, "change", "For the release")
    number = stage.alice.open_pull(stage.repo, "change", "release/1", "For the release")
    stage.wait_for_comment(number, "1 to create", "What blocks the apply")


def test_state_that_gitops_yaml_leads_elsewhere_is_moved_as_well(stage: Stage) -> None:
    files = {"net/main.tf": f'terraform {{\n  backend "http" {{}}\n}}\n{ONE}', "gitops.yaml": STORED.format("prod")}
    clone = begin(stage, files)
    number = propose(stage, clone, {"gitops.yaml": STORED.format("mine")})
    stage.wait_for_comment(number, "backend_change")


def test_a_project_that_the_pull_takes_out_is_destroyed_by_the_rules_that_it_has(stage: Stage) -> None:
    strict = "    require: [approval]\n    approvals: {count: 2}\n"
    listed = "version: 1\ndefaults:\n  require: []\nprojects:\n  - dir: other\n"
    clone = begin(stage, {"gitops.yaml": listed + "  - dir: net\n", "other/main.tf": ONE, "net/main.tf": ONE})
    number = propose(stage, clone, {"net/main.tf": ONE.replace('"1"', '"2"')}, "up")
    stage.wait_for_comment(number, "Plan for `net`", "1 to create")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)
    stage.alice.git(clone, "checkout", "--quiet", "main")
    stage.alice.git(clone, "pull", "--quiet")
    stage.alice.push(clone, {"gitops.yaml": listed + "  - dir: net\n" + strict}, "main", "Two for net")
    number = propose(stage, clone, {"gitops.yaml": listed, "net/main.tf": None})
    stage.wait_for_comment(number, "/plan --destroy -p net")
    stage.alice.comment(stage.repo, number, "/plan --destroy -p net")
    stage.wait_for_comment(number, "1 to destroy", "0 of 2 approvals")
