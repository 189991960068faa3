"""Approving, applying and merging, seen from the pull request."""

from collections.abc import Callable
from typing import Any

from tests.e2e.acting import (
    ONE,
    TWO,
    applied,
    approved,
    begin,
    bots_comments,
    plan_comment,
    propose,
    pull_main,
    slow,
    state_of,
)
from tests.staging import Stage

BY_MERGE = "version: 1\nprojects:\n  - dir: net\n    apply: merge\n"
BY_APPROVAL = "version: 1\ndefaults:\n  apply: approval\n"


def test_apply_before_an_approval_is_refused_with_what_is_missing(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    comment = stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "0 of 1 approvals", "/apply")
    stage.wait_for("a reaction", lambda: "confused" in stage.alice.reactions(stage.repo, comment))
    assert state_of(stage, "net") == ""


def test_an_approved_plan_is_applied_merged_and_unlocked(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    applied(stage, number)
    assert "terraform_data" in state_of(stage, "net")
    stage.wait_for_comment(number, "Applied")
    stage.wait_for_status(number, "gitops-bot/apply", "success")


def test_a_push_after_the_approval_voids_it(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    stage.alice.push(clone, {"net/main.tf": ONE + "# quiet\n"}, "change", "After the approval")
    stage.wait_for_comment(number, "0 of 1 approvals")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for(
        "a refusal",
        lambda: any("0 of 1 approvals" in body and "/apply" in body for body in bots_comments(stage, number)[1:]),
    )
    assert state_of(stage, "net") == ""


def test_merging_the_base_in_keeps_the_approval(stage: Stage) -> None:
    clone = begin(stage, {"net/main.tf": ONE, "README.md": "words\n"})
    number = propose(stage, clone, {"net/main.tf": TWO})
    approved(stage, number)
    stage.alice.git(clone, "checkout", "--quiet", "main")
    stage.alice.push(clone, {"README.md": "more words\n"}, "main", "Elsewhere")
    stage.alice.git(clone, "checkout", "--quiet", "change")
    stage.alice.git(clone, "merge", "--quiet", "--no-edit", "main")
    head = stage.alice.push(clone, {}, "change", "Empty")
    stage.wait_for("the plan of the new head", lambda: head[:7] in plan_comment(stage, number))
    stage.wait_for_comment(number, "1 of 1 approval", head[:7])


def test_the_authors_own_and_a_readers_approval_count_for_nothing(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.carol.approve(stage.repo, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("a refusal", lambda: any("0 of 1 approvals" in body for body in bots_comments(stage, number)[1:]))


def test_a_co_committer_cannot_approve(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    theirs = stage.clone(stage.bob)
    stage.bob.git(theirs, "checkout", "--quiet", "change")
    stage.bob.push(theirs, {"net/b.tf": ONE.replace("one", "b")}, "change", "By bob")
    stage.wait_for_comment(number, "2 to create", "What blocks the apply")
    stage.bob.approve(stage.repo, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("a refusal", lambda: any("0 of 1 approvals" in body for body in bots_comments(stage, number)[1:]))


def test_a_required_check_that_is_not_green_blocks(stage: Stage) -> None:
    clone = begin(stage)
    stage.forge.control("PUT", f"/repos/{stage.repo}/required/main", contexts=["ci/tests", "gitops-bot/apply"])
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("a refusal", lambda: any("ci/tests" in body for body in bots_comments(stage, number)[1:]))
    assert state_of(stage, "net") == ""
    head = stage.alice.pull(stage.repo, number)["head"]["sha"]
    stage.alice.api("POST", f"/repos/{stage.repo}/statuses/{head}", state="success", context="ci/tests")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)


def test_an_approval_opens_the_gate_where_apply_is_approval(stage: Stage) -> None:
    clone = begin(stage, {"gitops.yaml": BY_APPROVAL})
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.bob.approve(stage.repo, number)
    stage.wait_for_merge(number)
    assert "terraform_data" in state_of(stage, "net")


def test_rules_of_the_pull_request_itself_do_not_count(stage: Stage) -> None:
    clone = begin(stage)
    weaker = "version: 1\ndefaults:\n  require: []\n"
    number = propose(stage, clone, {"net/main.tf": ONE, "gitops.yaml": weaker})
    stage.wait_for_comment(number, "0 of 1 approvals")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("a refusal", lambda: any("0 of 1 approvals" in body for body in bots_comments(stage, number)[1:]))


def test_a_merge_applies_what_says_so_with_the_stored_plan(stage: Stage) -> None:
    clone = begin(stage, {"gitops.yaml": BY_MERGE})
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    stage.wait_for_status(number, "gitops-bot/apply", "success")
    stage.bob.merge(stage.repo, number, "squash")
    stage.wait_for_comment(number, "Applied")
    assert "terraform_data" in state_of(stage, "net")


def test_a_merge_without_approval_waits_for_an_apply_command_and_keeps_the_lock(stage: Stage) -> None:
    clone = begin(stage, {"gitops.yaml": BY_MERGE})
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.bob.merge(stage.repo, number)
    stage.wait_for_comment(number, "0 of 1 approvals", "/apply")
    assert state_of(stage, "net") == ""
    stage.bob.approve(stage.repo, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "Applied")


def test_applies_by_merge_run_in_the_order_of_the_base_branch(stage: Stage) -> None:
    clone = begin(stage, {"gitops.yaml": BY_MERGE})
    first = propose(stage, clone, {"net/a.tf": slow(3).replace('"slow"', '"a"')}, "first")
    second = propose(stage, clone, {"net/b.tf": ONE.replace("one", "b")}, "second")
    for number in (first, second):
        approved(stage, number)
    stage.bob.merge(stage.repo, first)
    stage.bob.merge(stage.repo, second)
    stage.wait_for_comment(second, "Applied")
    assert any("Applied" in body for body in bots_comments(stage, first))
    assert '"name": "a"' in state_of(stage, "net")
    assert '"name": "b"' in state_of(stage, "net")


def test_the_lock_keeps_another_pull_from_applying_and_is_freed_by_unlock(stage: Stage) -> None:
    clone = begin(stage, {"gitops.yaml": "version: 1\nmerge: manual\n", "net/main.tf": ONE})
    first = propose(stage, clone, {"net/a.tf": ONE.replace("one", "a")}, "first")
    approved(stage, first)
    stage.alice.comment(stage.repo, first, "/apply")
    stage.wait_for_comment(first, "Applied")
    second = propose(stage, clone, {"net/b.tf": ONE.replace("one", "b")}, "second")
    stage.wait_for_comment(second, "lock", "❌")
    stage.bob.approve(stage.repo, second)
    stage.alice.comment(stage.repo, second, "/apply")
    stage.wait_for("a refusal", lambda: any("lock" in body for body in bots_comments(stage, second)[1:]))
    stage.alice.comment(stage.repo, first, "/unlock")
    stage.wait_for("the lock to be gone", lambda: "❌" not in plan_comment(stage, second))
    stage.alice.comment(stage.repo, second, "/apply")
    stage.wait_for_comment(second, "Applied")


def test_an_apply_elsewhere_makes_a_plan_stale_and_plans_it_again(stage: Stage) -> None:
    clone = begin(stage)
    first = propose(stage, clone, {"net/a.tf": ONE.replace("one", "a")}, "first")
    second = propose(stage, clone, {"net/b.tf": ONE.replace("one", "b")}, "second")
    other = propose(stage, clone, {"other/main.tf": ONE}, "other")
    for number in (second, other):
        stage.wait_for_comment(number, "What blocks the apply")
    before = plan_comment(stage, other)
    applied(stage, first)
    stage.wait_for_comment(second, "1 to create", "What blocks the apply")
    stage.wait_for("a plan on the new base", lambda: "terraform_data.a" not in plan_comment(stage, second))
    assert plan_comment(stage, other) == before


def test_a_project_waits_for_what_it_depends_on_and_is_planned_again(stage: Stage) -> None:
    listed = "version: 1\nprojects:\n  - dir: b\n    depends_on: [a]\n  - dir: a\n"
    clone = begin(stage, {"gitops.yaml": listed})
    number = propose(stage, clone, {"a/main.tf": slow(1), "b/main.tf": ONE})
    comment = applied(stage, number)
    assert "`a`" in comment
    assert "`b`" in comment


def test_a_failure_stops_what_depends_on_it_but_not_its_siblings(stage: Stage) -> None:
    listed = "version: 1\nprojects:\n  - dir: a\n  - dir: b\n    depends_on: [a]\n  - dir: c\n"
    failing = slow(0).replace("echo begun;", "exit 3;")
    clone = begin(stage, {"gitops.yaml": listed})
    number = propose(stage, clone, {"a/main.tf": failing, "b/main.tf": ONE, "c/main.tf": ONE})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    comment = stage.wait_for_comment(number, "not begun")
    assert "failed" in comment
    assert state_of(stage, "b") == ""
    assert "terraform_data" in state_of(stage, "c")
    assert not stage.alice.pull(stage.repo, number)["merged"]


def test_cancel_interrupts_an_apply_once_and_its_outcome_is_told(stages: Callable[..., Stage]) -> None:
    stage = stages()
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": slow(30)})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: list(stage.data.glob("applies/*/tool")))
    stage.alice.comment(stage.repo, number, "/cancel")
    stage.wait_for_comment(number, "interrupted", patience=30)


def test_a_freeze_stops_applies_until_the_thaw(stages: Callable[..., Stage]) -> None:
    from tests.e2e.shell import shell

    stage = stages()
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    shell(stage, "freeze", "incident 7")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("a refusal", lambda: any("incident 7" in body for body in bots_comments(stage, number)[1:]))
    shell(stage, "thaw")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)


def test_a_second_apply_while_one_runs_is_told_so(stages: Callable[..., Stage]) -> None:
    stage = stages()
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": slow(3)})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: list(stage.data.glob("applies/*/tool")))
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "is running")
    stage.wait_for_merge(number)
    assert state_of(stage, "net").count('"name": "slow"') == 1


def test_closing_frees_what_a_pull_held(stages: Callable[..., Stage]) -> None:
    stage = stages()
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.alice.close(stage.repo, number)
    stage.wait_for("the artifact to be gone", lambda: not list(stage.data.glob("artifacts/*")))


def test_a_rollback_of_a_squashed_and_of_a_rebased_pull_gives_back_the_files(stage: Stage) -> None:
    clone = begin(stage, {"net/main.tf": ONE})
    for method in ("squash", "rebase"):
        pull_main(stage, clone)
        number = propose(stage, clone, {"net/main.tf": TWO, f"{method}.txt": "1\n"}, method)
        stage.alice.push(clone, {f"{method}-2.txt": "2\n"}, method, "And more")
        stage.wait_for_comment(number, "What blocks the apply")
        stage.bob.merge(stage.repo, number, method)
        stage.alice.comment(stage.repo, number, "/unlock")
        stage.alice.comment(stage.repo, number, "/rollback")
        back = stage.wait_for("the revert", lambda: stage.alice.pulls(stage.repo))[0]["number"]
        stage.bob.merge(stage.repo, back)
        pull_main(stage, clone)
        assert (clone / "net/main.tf").read_text() == ONE
        assert not (clone / f"{method}-2.txt").exists()


def test_a_rollback_that_conflicts_names_files_and_later_commits(stage: Stage) -> None:
    clone = begin(stage, {"net/main.tf": ONE})
    number = propose(stage, clone, {"net/main.tf": TWO})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.bob.merge(stage.repo, number)
    pull_main(stage, clone)
    stage.alice.push(clone, {"net/main.tf": ONE.replace('"1"', '"5"')}, "main", "Later and elsewhere")
    stage.alice.comment(stage.repo, number, "/rollback")
    stage.wait_for_comment(number, "net/main.tf", "Later and elsewhere")


def test_a_pull_with_a_project_that_has_no_plan_is_not_merged_after_a_partial_apply(stage: Stage) -> None:
    clone = begin(stage)
    bad = 'resource "terraform_data" "x" {\n  nope = 1\n}\n'
    number = propose(stage, clone, {"good/main.tf": ONE, "bad/main.tf": bad})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for(
        "a refusal", lambda: any("bad" in body and "no plan" in body for body in bots_comments(stage, number)[1:])
    )
    stage.alice.comment(stage.repo, number, "/apply -p good")
    stage.wait_for_comment(number, "not merged", "bad")
    assert "terraform_data" in state_of(stage, "good")
    assert not stage.alice.pull(stage.repo, number)["merged"]


def test_the_status_counts_what_the_comment_counts(stage: Stage) -> None:
    clone = begin(stage, {"gitops.yaml": BY_MERGE + "  - dir: web\n  - dir: db\n"})
    more = ONE + ONE.replace("one", "two")
    number = propose(stage, clone, {"net/main.tf": ONE, "web/main.tf": more, "db/main.tf": ONE})
    comment = stage.wait_for_comment(number, "What blocks the apply")
    assert comment.count("## Plan for 3 projects · 4 to create\n") == 1
    head = stage.alice.pull(stage.repo, number)["head"]["sha"]
    statuses = stage.alice.api("GET", f"/repos/{stage.repo}/commits/{head}/status")["statuses"]
    (description,) = (one["description"] for one in statuses if one["context"] == "gitops-bot/apply")
    assert description == "3 projects to apply, 1 of them by the merge: 4 to create"


def test_a_refusal_tells_what_several_projects_lack_once_and_keeps_help_in_sight(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {f"{name}/main.tf": ONE for name in ("app", "db", "net")})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.alice.comment(stage.repo, number, "/help")
    stage.wait_for_comment(number, "Commands")
    stage.alice.comment(stage.repo, number, "/apply")
    told = stage.wait_for_comment(number, "`/apply` was not carried out", "`app`, `db`, `net`: 0 of 1 approvals")
    assert told.count("0 of 1 approvals") == 1
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("two refusals", lambda: len(_refusals(stage, number)) == 2)
    stage.wait_for("the first to be folded", lambda: _refusals(stage, number)[0]["minimized"])
    comments = stage.alice.comments(stage.repo, number)
    assert [one["minimized"] for one in comments if "| `/help` |" in one["body"]] == [None]


def _refusals(stage: Stage, number: int) -> list[dict[str, Any]]:
    return [one for one in stage.alice.comments(stage.repo, number) if "was not carried out" in one["body"]]


def test_what_all_projects_have_in_common_is_told_once(stage: Stage) -> None:
    clone = begin(stage)
    texts = {name: ONE.replace("one", name) for name in ("app", "db", "net")}
    number = propose(stage, clone, {f"{name}/main.tf": text for name, text in texts.items()})
    comment = stage.wait_for_comment(number, "What blocks the apply")
    assert comment.count("the state is kept on the bot") == 1
    assert "`app`, `db`, `net`: No backend" in comment
