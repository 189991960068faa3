"""Known ways around other bots' approvals, each tried on ours. The gate stays closed, and says why."""

from dataclasses import replace

import pytest

from bot.core.gate import evaluate
from bot.core.project import Configuration, Project, Rules
from bot.core.pull import Check, CheckState, Contributors, ReviewState, Role
from bot.core.rules import assign_rules
from tests.core.cases import OPEN, PLAN, PULL, another, approved, case, review, shown, why


def test_a_push_after_approval_voids_it() -> None:
    assert why(case(change="change and more")) == (
        "0 of 1 approvals (bob approved before the change was what it is now)"
    )


def test_an_approval_of_a_commit_that_a_force_push_removed_covers_nothing() -> None:
    assert why(case(opinions=(review(change=None),))) == "0 of 1 approvals (bob approved a commit that is gone)"


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
    asked = case(pull=opened_by_the_bot, contributors=Contributors(frozenset()), asker="bob")
    assert why(asked) == "0 of 1 approvals (bob asked for this rollback)"
    assert not evaluate(replace(asked, asker="Bob")).open


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
    objection = review("dave", ReviewState.CHANGES_REQUESTED, change="older")
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


def test_an_approval_against_another_base_branch_covers_nothing() -> None:
    """Another base makes the pull's own change another one."""
    assert not evaluate(case(opinions=(review(change="against release/1"),))).open


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
