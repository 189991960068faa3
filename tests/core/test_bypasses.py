"""Known ways around other bots' approvals, each tried on ours. The gate stays closed, and says why."""

from dataclasses import replace

import pytest

from bot.core.approvals import unaccountable_bots
from bot.core.gate import evaluate
from bot.core.lifecycle import to_approve_only
from bot.core.plan import Content
from bot.core.project import Configuration, Project, Rules
from bot.core.pull import (
    BaseBranch,
    Check,
    CheckState,
    Contributors,
    PullState,
    ReviewState,
    Role,
    branch_at,
)
from bot.core.rules import assign_rules
from tests.core.cases import OPEN, PLAN, PULL, another, approved, case, minutes, review, shown, why


def test_a_push_after_approval_voids_it() -> None:
    assert why(case(tree="tree and more")) == ("0 of 1 approvals (bob approved before the change was what it is now)")


def test_an_approval_of_a_commit_that_a_force_push_removed_covers_nothing() -> None:
    text = "0 of 1 approvals (bob approved a commit that is gone or does not merge any more)"
    assert why(case(opinions=(review(tree=None),))) == text
    assert not evaluate(case(tree=None, opinions=(review(tree=None),))).open


def test_an_approval_before_the_plan_was_shown_covers_nothing() -> None:
    assert why(case(shown_digests=(shown(at=-9),))) == "0 of 1 approvals (bob approved before this plan was shown)"
    assert not evaluate(case(shown_digests=())).open


def test_an_approval_of_another_plan_result_covers_nothing() -> None:
    assert not evaluate(case(shown_digests=(shown("other"),))).open
    assert not evaluate(case(shown_digests=(shown("other", at=-60), shown("digest", at=-5)))).open


def test_an_approval_given_while_a_worse_plan_was_shown_does_not_reach_back_to_an_earlier_one() -> None:
    assert not evaluate(
        case(shown_digests=(shown("digest", at=-60), shown("other", at=-30), shown("digest", at=-5)))
    ).open


def test_two_results_shown_in_one_second_are_no_proof_of_either() -> None:
    assert not evaluate(case(shown_digests=(shown("digest", at=-30), shown("other", at=-30)))).open
    assert not evaluate(case(shown_digests=(shown("other", at=-30), shown("digest", at=-30)))).open


def test_an_approval_of_one_project_does_not_cover_another() -> None:
    assert [d.project for d in evaluate(case(plans=(PLAN, another()))).demands if not d.met] == ["net"]


def test_the_same_directory_in_another_workspace_is_not_covered() -> None:
    prod = replace(PLAN, project=Project("prod", "infra/db", "prod"))
    assert not evaluate(case(plans=(prod,))).open


@pytest.mark.parametrize("role", [Role.NONE, Role.READ, Role.TRIAGE])
def test_who_may_only_read_approves_nothing(role: Role) -> None:
    assert why(case(opinions=(review(role=role),))) == "0 of 1 approvals (bob has no write access)"


@pytest.mark.parametrize("role", [Role.WRITE, Role.MAINTAIN, Role.ADMIN])
def test_who_may_write_approves(role: Role) -> None:
    assert evaluate(case(opinions=(review(role=role),))).open


def test_the_author_approves_nothing() -> None:
    assert why(case(opinions=(review("alice"),))) == "0 of 1 approvals (alice opened this pull request)"


def test_the_author_in_other_letters_is_the_same_person() -> None:
    assert not evaluate(case(opinions=(review("Alice"),))).open


def test_who_made_a_commit_of_it_approves_nothing() -> None:
    assert why(case(opinions=(review("carol"),))) == "0 of 1 approvals (carol made commits of it)"
    assert not evaluate(case(opinions=(review("CAROL"),))).open


def test_who_asked_for_a_rollback_does_not_approve_it() -> None:
    opened_by_the_bot = replace(PULL, author="gitops-bot[bot]")
    asked = case(pull=opened_by_the_bot, contributors=Contributors(frozenset()), askers=frozenset({"bob"}))
    assert why(asked) == "0 of 1 approvals (bob asked for this rollback)"
    assert not evaluate(replace(asked, askers=frozenset({"Bob"}))).open


def test_who_asked_for_a_rollback_first_does_not_approve_it_after_another_asked_too() -> None:
    asked = case(contributors=Contributors(frozenset()), askers=frozenset({"bob", "dave"}))
    assert not evaluate(replace(asked, opinions=(review("bob"), review("dave")))).open
    assert evaluate(replace(asked, opinions=(review("erin"),))).open


def test_the_bots_own_account_approves_nothing() -> None:
    own = case(own_login="gitops-bot", opinions=(review("GitOps-Bot"),))
    assert why(own) == "0 of 1 approvals (GitOps-Bot is the account of this bot)"


def test_a_pull_request_that_a_bot_opened_asks_for_one_more_approval() -> None:
    opened = case(bots=("ci[bot]",))
    assert why(opened) == "1 of 2 approvals, by bob; one more is asked for since anybody may stand behind ci[bot]"
    assert evaluate(replace(opened, opinions=(review(), review("dave")))).open


@pytest.mark.parametrize(
    ("author", "is_bot", "pushers", "askers", "bots"),
    [
        ("alice", False, {"alice", "bob"}, set(), ()),
        ("ci[bot]", True, {"bob"}, set(), ("ci[bot]",)),
        ("alice", False, {"ci[bot]"}, set(), ("ci[bot]",)),
        ("Gitops-bot", False, set(), set(), ("Gitops-bot",)),
        ("gitops-bot", True, {"Gitops-Bot"}, {"alice"}, ()),
        ("alice", False, {"gitops-bot"}, set(), ("gitops-bot",)),
        ("gitops-bot", True, {"ci[bot]"}, {"alice"}, ("ci[bot]",)),
    ],
)
def test_a_bot_stands_for_nobody_unless_we_know_who_asked_us(
    author: str, is_bot: bool, pushers: set[str], askers: set[str], bots: tuple[str, ...]
) -> None:
    pull = replace(PULL, author=author, author_is_bot=is_bot)
    assert unaccountable_bots(pull, pushers, "gitops-bot", askers) == bots


def test_commits_of_unknown_people_ask_for_one_more_approval() -> None:
    hidden = Contributors(frozenset({"alice"}), ("eve@example.com", "mallory@example.com"))
    text = (
        "1 of 2 approvals, by bob; one more is asked for since commits are by nobody known here:"
        " eve@example.com, mallory@example.com"
    )
    assert why(case(contributors=hidden)) == text
    assert evaluate(case(contributors=hidden, opinions=(review(), review("dave")))).open


def test_one_person_with_two_approvals_is_one_person() -> None:
    two = case(plans=(replace(PLAN, rules=Rules(approvals=2)),))
    assert not evaluate(replace(two, opinions=(review(at=-20), review("BOB", at=-10)))).open


def test_approving_and_then_asking_for_changes_takes_the_approval_back() -> None:
    after = (review(at=-20), review(state=ReviewState.CHANGES_REQUESTED, at=-10))
    texts = [demand.text for demand in evaluate(case(opinions=after)).demands if not demand.met]
    assert texts == ["bob asks for changes", "0 of 1 approvals"]


def test_a_standing_request_for_changes_blocks_whatever_others_approved() -> None:
    objection = review("dave", ReviewState.CHANGES_REQUESTED, tree="older")
    assert why(case(opinions=(objection, review(), review("erin")))) == "dave asks for changes"


def test_a_dismissed_approval_counts_no_more_and_no_older_one_comes_back() -> None:
    dismissed = review(state=ReviewState.DISMISSED, at=-10)
    assert why(case(opinions=(dismissed,))) == "0 of 1 approvals"
    assert why(case(opinions=(review(at=-20), dismissed))) == "0 of 1 approvals"
    assert evaluate(case(opinions=(dismissed, review(at=-5)))).open


def test_a_bot_approves_nothing_whatever_its_role() -> None:
    assert (
        why(case(opinions=(review("renovate", bot=True, role=Role.ADMIN),))) == "0 of 1 approvals (renovate is a bot)"
    )


def test_a_comment_is_no_approval() -> None:
    assert not evaluate(case(opinions=(review(state=ReviewState.COMMENTED),))).open


def test_a_pull_request_that_lowers_its_own_rules_is_held_to_those_of_the_base() -> None:
    project = Project("db", "infra/db")
    base = Configuration((project,), rules=((project.place, Rules(approvals=2)),))
    own = Configuration((project,), Rules(require=frozenset()), ((project.place, Rules(require=frozenset())),))
    ((_, rules),) = assign_rules(base, own, ())
    assert approved(case(plans=(replace(PLAN, rules=rules),))).text == "1 of 2 approvals, by bob"


def test_an_approval_against_another_base_branch_covers_nothing_though_the_trees_are_one() -> None:
    """Another base makes the pull's own change another one."""
    assert why(case(opinions=(review(branch="release/1"),))) == "0 of 1 approvals (bob approved it for release/1)"
    unknown = "0 of 1 approvals (bob approved it for a base branch that nobody can tell)"
    assert why(case(opinions=(review(branch=None),))) == unknown
    assert not evaluate(case(opinions=(review(branch=None),))).open


def test_of_a_landed_pull_request_that_is_not_what_was_approved_the_way_out_is_a_new_one() -> None:
    landed = case(pull=replace(PULL, state=PullState.MERGED), tree=None)
    (demand,) = (demand for demand in evaluate(landed).demands if not demand.met)
    assert "new pull request" in demand.remedy


def test_what_changes_nothing_now_and_changes_what_later_applies_run_is_to_be_approved() -> None:
    quiet = replace(PLAN, content=Content("terraform"), runs=("terraform_data.deploy (local-exec)",))
    assert to_approve_only([PLAN, quiet, replace(quiet, runs=())]) == [quiet]
    text = "0 of 1 approvals; nothing changes now, but what later applies run does: terraform_data.deploy (local-exec)"
    assert why(case(plans=(quiet,), opinions=())) == text
    assert evaluate(case(plans=(quiet,))).open
    assert evaluate(case(plans=(replace(quiet, runs=()),), opinions=())).open


def test_an_approval_that_came_between_two_base_branches_is_for_none_that_can_be_told() -> None:
    branches = (BaseBranch(minutes(-60), "main"), BaseBranch(minutes(-30), None), BaseBranch(minutes(-20), "release"))
    assert [branch_at(branches, minutes(at)) for at in (-61, -60, -30, -20, 0)] == [
        None,
        "main",
        None,
        "release",
        "release",
    ]


@pytest.mark.parametrize("name", ["gitops-bot/policy", "gitops-bot/plan: net", "gitops-bot/"])
def test_a_required_check_of_somebody_else_counts_whatever_it_is_called(name: str) -> None:
    failed = Check(name, CheckState.FAILURE, required=True)
    assert why(case(checks=(failed,))) == f"required checks failed: {name}"


def test_a_required_check_under_our_name_counts_where_it_must_be_said_by_another_app() -> None:
    ours = Check("gitops-bot/plan", CheckState.FAILURE, required=True)
    assert evaluate(case(checks=(ours,))).open
    assert not evaluate(case(checks=(replace(ours, foreign=True),))).open


def test_a_plan_of_another_pull_request_with_the_same_head_is_not_applied() -> None:
    assert why(case(plans=(replace(PLAN, pull="github:1#8"),))) == "the plan is another pull request's"


def test_a_status_that_somebody_forged_in_our_name_opens_nothing() -> None:
    forged = Check("gitops-bot/apply", CheckState.SUCCESS, required=True)
    assert not evaluate(case(checks=(forged,), opinions=())).open


def test_an_approval_does_not_outlive_the_plan() -> None:
    assert why(case(now=PLAN.expires_at)).startswith("the plan expired")


def test_a_later_approval_by_somebody_else_does_not_hide_the_first_ones_objection() -> None:
    objection = review("bob", ReviewState.CHANGES_REQUESTED, at=-30)
    assert not evaluate(case(opinions=(objection, review("dave", at=-5)))).open


def test_names_that_others_chose_stay_in_one_line() -> None:
    hidden = Contributors(frozenset(), tuple(f"x{number}\n- [x] approved" for number in range(9)))
    text = approved(replace(OPEN, contributors=hidden)).text
    assert "\n" not in text
    assert text.endswith("and 4 more")
