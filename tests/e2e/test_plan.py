"""Planning, seen from the pull request."""

from collections.abc import Callable

from tests.e2e.acting import ONE, TWO, applied, begin, bots_comments, left, offered, plan_comment, propose, pull_main
from tests.staging import Stage


def test_a_pull_request_is_planned_and_both_statuses_are_set(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    assert "1 to create" in stage.wait_for_comment(number, "What blocks the apply")
    stage.wait_for_status(number, "gitops-bot/plan", "success")
    stage.wait_for_status(number, "gitops-bot/apply", "pending")


def test_a_pull_request_that_touches_no_project_is_left_in_peace_and_passes(stage: Stage) -> None:
    clone = begin(stage, {"net/main.tf": ONE})
    number = propose(stage, clone, {"README.md": "words\n"})
    stage.wait_for_status(number, "gitops-bot/plan", "success")
    stage.wait_for_status(number, "gitops-bot/apply", "success")
    assert bots_comments(stage, number) == []


def test_a_push_edits_the_one_plan_comment(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply", "1 to create")
    stage.alice.push(clone, {"net/more.tf": ONE.replace("one", "more")}, "change", "More")
    stage.wait_for_comment(number, "What blocks the apply", "2 to create")
    plan_comment(stage, number)


def test_what_is_planned_is_the_merge_result_not_the_branch(stage: Stage) -> None:
    clone = begin(stage, {"net/main.tf": ONE})
    stage.alice.push(clone, {"net/late.tf": ONE.replace("one", "late")}, "main", "Later on main")
    stage.alice.git(clone, "checkout", "--quiet", "-b", "behind", "HEAD~1")
    stage.alice.push(clone, {"net/mine.tf": ONE.replace("one", "mine")}, "behind", "From behind")
    number = stage.alice.open_pull(stage.repo, "behind", "main", "From behind")
    assert "terraform_data.late" in stage.wait_for_comment(number, "What blocks the apply")


def test_a_merge_conflict_is_said_with_its_files(stage: Stage) -> None:
    clone = begin(stage, {"net/main.tf": ONE})
    number = propose(stage, clone, {"net/main.tf": TWO})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.alice.git(clone, "checkout", "--quiet", "main")
    stage.alice.push(clone, {"net/main.tf": ONE.replace('"1"', '"3"')}, "main", "Meanwhile")
    stage.wait_for_comment(number, "conflicts", "net/main.tf")


def test_a_change_to_a_shared_module_plans_every_project_that_uses_it_and_no_other(stage: Stage) -> None:
    user = 'module "m" {\n  source = "../../modules/m"\n}\n'
    files = {"modules/m/main.tf": ONE, "a/x/main.tf": user, "b/x/main.tf": user, "c/x/main.tf": ONE}
    clone = begin(stage, files)
    number = propose(stage, clone, {"modules/m/main.tf": TWO})
    plan = stage.wait_for_comment(number, "What blocks the apply")
    assert "`a/x`" in plan
    assert "`b/x`" in plan
    assert "`c/x`" not in plan


def test_a_removed_project_lists_what_its_state_holds_and_offers_a_destroy_plan(stage: Stage) -> None:
    clone = begin(stage)
    applied(stage, propose(stage, clone, {"net/main.tf": ONE}, "up"))
    pull_main(stage, clone)
    number = propose(stage, clone, {"net/main.tf": None})
    stage.wait_for_comment(number, "terraform_data.one", "/plan --destroy -p net")
    stage.alice.comment(stage.repo, number, "/plan --destroy -p net")
    stage.wait_for_comment(number, "1 to destroy", "What blocks the apply")


def test_a_removed_project_lists_what_no_plan_would_destroy(stage: Stage) -> None:
    guard = "  lifecycle {\n    prevent_destroy = true\n  }\n"
    guarded = f'resource "terraform_data" "kept" {{\n  for_each = toset(["a"])\n{guard}}}\n'
    clone = begin(stage)
    applied(stage, propose(stage, clone, {"net/main.tf": ONE + guarded}, "up"))
    pull_main(stage, clone)
    number = propose(stage, clone, {"net/main.tf": None})
    stage.wait_for_comment(number, "still holds 2 objects", 'terraform_data.kept["a"]', "/plan --destroy -p net")
    stage.alice.comment(stage.repo, number, "/plan --destroy -p net")
    stage.wait_for_comment(number, "Instance cannot be destroyed", "prevent_destroy")


def test_a_guard_that_goes_with_what_it_guards_is_told(stage: Stage) -> None:
    guard = "  lifecycle {\n    prevent_destroy = true\n  }\n"
    clone = begin(stage)
    applied(stage, propose(stage, clone, {"net/main.tf": f'resource "terraform_data" "kept" {{\n{guard}}}\n'}, "up"))
    pull_main(stage, clone)
    number = propose(stage, clone, {"net/main.tf": TWO})
    words = "takes away the guard of what it destroys"
    assert "terraform_data.kept" in stage.wait_for_comment(number, words).partition(words)[2]


def test_a_misspelt_key_is_named_with_its_line_and_the_likely_one(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"gitops.yaml": "version: 1\nprojects:\n  - dir: net\n    workspce: prod\n"})
    stage.wait_for_comment(number, "workspce", "workspace")
    stage.wait_for_status(number, "gitops-bot/plan", "failure")


def test_plan_with_a_target_plans_one_that_the_pull_leaves_alone(stage: Stage) -> None:
    clone = begin(stage, {"a/main.tf": ONE, "b/main.tf": ONE})
    number = propose(stage, clone, {"a/main.tf": TWO})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.alice.comment(stage.repo, number, "/plan -p b")
    stage.wait_for_comment(number, "`b`", "2 projects")


def test_a_draft_is_planned_when_somebody_asks(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE}, draft=True)
    stage.alice.comment(stage.repo, number, "/plan")
    stage.wait_for_comment(number, "1 to create")


def test_a_fork_is_planned_only_at_the_commit_that_somebody_with_write_access_named(
    stages: Callable[..., Stage],
) -> None:
    stage = stages()
    begin(stage)
    fork, head, number = offered(stage)
    stage.carol.comment(stage.repo, number, f"/plan {head}")
    stage.wait_for_comment(number, "carol")
    stage.alice.comment(stage.repo, number, f"/plan {head}")
    stage.wait_for_comment(number, "1 to create")
    stage.carol.push(fork, {"net/evil.tf": ONE.replace("one", "evil")}, "gift", "And another thing")
    stage.wait_for("the new head", lambda: len(stage.alice.pull(stage.repo, number)["head"]["sha"]) == 40)
    assert "terraform_data.evil" not in plan_comment(stage, number)


def test_what_is_quoted_or_code_or_prose_commands_nothing(stage: Stage) -> None:
    clone = begin(stage, {"net/main.tf": ONE})
    number = propose(stage, clone, {"README.md": "words\n"})
    stage.wait_for_status(number, "gitops-bot/plan", "success")
    texts = ("> /plan", "```\n/plan\n```", "    /plan", "see /plan", "/planet")
    comments = [stage.alice.comment(stage.repo, number, text) for text in texts]
    marker = stage.alice.comment(stage.repo, number, "/help")
    stage.wait_for("the answer to /help", lambda: stage.alice.reactions(stage.repo, marker))
    assert [stage.alice.reactions(stage.repo, comment) for comment in comments] == [[]] * len(texts)


def test_a_misread_command_gets_one_helpful_answer(stage: Stage) -> None:
    clone = begin(stage, {"net/main.tf": ONE})
    number = propose(stage, clone, {"README.md": "words\n"})
    stage.alice.comment(stage.repo, number, "/aply")
    stage.wait_for_comment(number, "/apply")


def test_what_atlantis_would_be_asked_is_answered_with_our_command(stage: Stage) -> None:
    clone = begin(stage, {"net/main.tf": ONE})
    number = propose(stage, clone, {"README.md": "words\n"})
    comment = stage.alice.comment(stage.repo, number, "atlantis plan -d net")
    stage.wait_for_comment(number, "that is a command of Atlantis", "Did you mean `/plan -d net`?")
    stage.wait_for("a reaction", lambda: "confused" in stage.alice.reactions(stage.repo, comment))


def test_the_words_of_a_review_command_as_a_comment_does_and_once(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.bob.review(stage.repo, number, "APPROVE", "Looks good.\n\n/apply")
    stage.wait_for_merge(number)
    told = stage.wait_for_comment(number, "Applied", "Merged as")
    assert "asked by **bob**" in told
    stage.bob.review(stage.repo, number, "COMMENT", "and thank you")
    assert sum("## Applied" in body for body in bots_comments(stage, number)) == 1


def test_the_words_of_a_readers_review_command_nothing(stage: Stage) -> None:
    clone = begin(stage, {"net/main.tf": ONE})
    number = propose(stage, clone, {"net/main.tf": TWO})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.carol.review(stage.repo, number, "COMMENT", "/plan")
    stage.wait_for_comment(number, "carol", "write access")


def test_a_misread_command_in_a_review_is_answered(stage: Stage) -> None:
    clone = begin(stage, {"net/main.tf": ONE})
    number = propose(stage, clone, {"README.md": "words\n"})
    stage.bob.review(stage.repo, number, "COMMENT", "/aply -p net")
    stage.wait_for_comment(number, "Did you mean `/apply -p net`?")


def test_a_reader_commands_nothing_but_help(stage: Stage) -> None:
    clone = begin(stage, {"net/main.tf": ONE})
    number = propose(stage, clone, {"net/main.tf": TWO})
    stage.wait_for_comment(number, "What blocks the apply")
    comment = stage.carol.comment(stage.repo, number, "/plan")
    stage.wait_for("a thumbs down", lambda: stage.alice.reactions(stage.repo, comment) == ["-1"])
    stage.wait_for_comment(number, "carol", "write access")


def test_a_failing_project_leaves_the_others_unharmed(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(
        stage, clone, {"good/main.tf": ONE, "bad/main.tf": 'resource "terraform_data" "x" {\n  nope = 1\n}\n'}
    )
    comment = stage.wait_for_comment(number, "What blocks the apply", "1 failed")
    assert "main.tf:2" in comment
    assert "1 to create" in comment
    stage.wait_for_status(number, "gitops-bot/plan", "failure")


def test_a_secret_is_in_no_comment_and_in_no_file_outside_the_state(stages: Callable[..., Stage]) -> None:
    stage = stages()
    secret = "correct-horse-battery"
    text = (
        f'variable "p" {{\n  default   = "{secret}"\n  sensitive = true\n}}\n'
        'resource "terraform_data" "x" {\n  input = var.p\n}\n'
        'output "o" {\n  value     = terraform_data.x.output\n  sensitive = true\n}\n'
    )
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": text})
    applied(stage, number)
    assert all(secret not in body for body in bots_comments(stage, number))
    holding = [str(path.relative_to(stage.data)) for path, content in left(stage).items() if secret.encode() in content]
    assert all(path.startswith(("state/", "mirrors/", "checkouts/")) for path in holding), holding


def test_a_plan_of_a_commit_that_is_not_the_head_is_refused_with_the_head(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.alice.comment(stage.repo, number, "/plan 0123456789abcdef")
    head = stage.alice.pull(stage.repo, number)["head"]["sha"]
    stage.wait_for_comment(number, f"the head is {head[:7]}, not 0123456")


def test_an_apply_of_an_unknown_project_names_those_there_are(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.alice.comment(stage.repo, number, "/apply -p nosuch")
    stage.wait_for_comment(number, "no planned project matches; there are: net")
