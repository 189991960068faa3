"""Every demand of the gate: met, and not met with the reason and the next step."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.gate import evaluate
from bot.core.gate_case import Demand
from bot.core.keys import PullKey
from bot.core.plan import Content, Counts
from bot.core.project import Requirement, Rules
from bot.core.pull import Check, CheckState, Contributors, PullState, ReviewState, Role
from bot.core.run import Freeze, Lock, PlanState
from tests.core.cases import NOON, OPEN, PLAN, PULL, another, approved, case, minutes, review, shown, unmet, why

LOCK = Lock("github:1", "infra/db:default", PullKey("github:1#5"), "dave", minutes(-90))


def check(name: str = "ci/test", state: CheckState = CheckState.FAILURE, required: bool = True) -> Check:
    return Check(name, state, required)


def test_an_open_gate_shows_each_demand_that_is_met() -> None:
    verdict = evaluate(OPEN)
    assert verdict.open
    assert verdict.demands == (
        Demand(None, True, "the pull request is open"),
        Demand(None, True, "it can be merged into main"),
        Demand(None, True, "applies are not frozen"),
        Demand(None, True, "nobody with write access asks for changes"),
        Demand(None, True, "no checks are required"),
        Demand("db", True, "the plan is fresh until 2026-03-04 10:00 UTC"),
        Demand("db", True, "1 of 1 approvals, by bob"),
        Demand(None, True, "no other pull request holds a lock on it"),
    )


@pytest.mark.parametrize(
    ("pull", "text", "remedy"),
    [
        (replace(PULL, mergeable=False), "it conflicts with main", "merge main into it and push"),
        (
            replace(PULL, mergeable=None),
            "the forge is still computing whether it can be merged",
            "try again in a moment",
        ),
        (replace(PULL, draft=True), "the pull request is a draft", "mark it as ready for review"),
        (replace(PULL, state=PullState.CLOSED), "the pull request is closed", "reopen it"),
    ],
)
def test_a_pull_request_that_cannot_be_merged_cannot_be_applied(pull: object, text: str, remedy: str) -> None:
    assert unmet(case(pull=pull)) == [Demand(None, False, text, remedy)]


def test_a_merged_pull_request_is_not_asked_to_be_mergeable_ready_or_checked() -> None:
    merged = replace(PULL, state=PullState.MERGED, mergeable=None, draft=True)
    assert unmet(case(pull=merged, checks=(check(),))) == []


def test_a_merged_pull_request_still_needs_its_approvals_and_a_fresh_plan() -> None:
    merged = replace(PULL, state=PullState.MERGED)
    spoilt = case(pull=merged, opinions=(), plans=(replace(PLAN, state=PlanState.STALE, stale_because="it moved"),))
    assert [demand.project for demand in unmet(spoilt)] == ["db", "db"]


def test_a_stale_plan_says_why_and_what_helps() -> None:
    stale = replace(PLAN, state=PlanState.STALE, stale_because="its files\nchanged")
    assert unmet(case(plans=(stale,))) == [Demand("db", False, "the plan is stale: its files changed", "comment /plan")]


def test_a_stale_destroy_plan_is_asked_for_as_such() -> None:
    stale = replace(another(name="old db"), state=PlanState.STALE, destroy=True)
    assert unmet(case(plans=(stale,), shown_digests=(shown("net digest", place="infra/old db:default"),)))[
        0
    ].remedy == ("comment /plan --destroy -p 'old db'")


def test_a_plan_expires_to_the_second() -> None:
    assert why(case(now=PLAN.expires_at)) == "the plan expired at 2026-03-04 10:00 UTC"
    assert evaluate(case(now=PLAN.expires_at - timedelta(seconds=1))).open


@pytest.mark.parametrize("state", [PlanState.SUPERSEDED, PlanState.APPLIED, PlanState.GONE])
def test_a_plan_that_is_no_longer_current_is_not_applied(state: PlanState) -> None:
    assert why(case(plans=(replace(PLAN, state=state),))).startswith("the plan is no longer valid: ")


def test_projects_without_a_plan_are_named_with_the_reason() -> None:
    assert unmet(case(missing=(("net", "failed:\n no module"),))) == [
        Demand("net", False, "there is no plan: failed: no module", "mend that, then comment /plan")
    ]


def test_nothing_planned_is_nothing_to_apply() -> None:
    assert why(case(plans=())) == "there is no plan"


def test_a_freeze_is_told_with_who_when_and_why() -> None:
    frozen = case(freeze=Freeze("release\nday", "dave", minutes(-30).astimezone(timezone(timedelta(hours=2)))))
    assert why(frozen) == "applies are frozen by dave since 2026-03-01 11:30 UTC: release day"


def test_a_lock_of_another_pull_request_is_told_with_who_when_and_how_to_free_it() -> None:
    assert unmet(case(foreign_locks=(LOCK,))) == [
        Demand(
            "db",
            False,
            "locked by #5 since 2026-03-01 10:30 UTC (dave)",
            "apply and merge #5, or comment /unlock there",
            (5,),
        )
    ]


def test_a_lock_on_a_place_without_a_plan_closes_the_whole_gate() -> None:
    (demand,) = unmet(case(foreign_locks=(replace(LOCK, place="infra/else:default"),)))
    assert demand.project is None
    assert demand.text.startswith("infra/else:default is locked by #5")


def test_our_own_lock_is_no_obstacle() -> None:
    assert evaluate(case(foreign_locks=(replace(LOCK, pull=PULL.key),))).open


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (CheckState.FAILURE, "required checks failed: ci/test"),
        (CheckState.PENDING, "required checks are not done: ci/test"),
    ],
)
def test_required_checks_must_have_passed(state: CheckState, text: str) -> None:
    assert why(case(checks=(check(state=state), check("ci/other", CheckState.SUCCESS)))) == text


def test_checks_that_passed_are_not_required_or_are_our_own_are_no_obstacle() -> None:
    fine = (check(state=CheckState.SUCCESS), check("lint", required=False), check("gitops-bot/apply"))
    assert evaluate(case(checks=fine)).open
    assert why(case(checks=(check("gitops-bot-evil"),))) == "required checks failed: gitops-bot-evil"


def test_checks_are_asked_for_only_where_the_rules_ask() -> None:
    free = replace(PLAN, rules=Rules(require=frozenset({Requirement.APPROVAL})))
    assert evaluate(case(plans=(free,), checks=(check(),))).open
    both = case(
        plans=(free, another()),
        checks=(check(),),
        shown_digests=(shown(), shown("net digest", place="infra/net:default")),
    )
    assert [demand.project for demand in unmet(both)] == ["net"]
    assert evaluate(both).unmet_demands("db") == ()


def test_approvals_are_asked_for_only_where_the_rules_ask() -> None:
    free = replace(PLAN, rules=Rules(require=frozenset({Requirement.CHECKS})))
    assert evaluate(case(plans=(free,), opinions=())).open


def test_a_plan_without_changes_needs_no_approval() -> None:
    unchanged = replace(PLAN, content=Content("terraform", counts=Counts(read=3, checks=1)))
    assert approved(case(plans=(unchanged,), opinions=())).met


def test_two_approvals_are_two_people() -> None:
    two = replace(PLAN, rules=Rules(approvals=2))
    assert why(case(plans=(two,), opinions=(review(at=-20), review(at=-10)))) == "1 of 2 approvals, by bob"
    assert evaluate(case(plans=(two,), opinions=(review(), review("dave")))).open


def test_each_project_has_its_own_demands() -> None:
    verdict = evaluate(case(plans=(PLAN, another())))
    assert verdict.unmet_demands("db") == ()
    (demand,) = verdict.unmet_demands("net")
    assert demand.text == "0 of 1 approvals (bob approved before this plan was shown)"


def test_who_asked_for_changes_blocks_until_they_approve_or_the_review_is_dismissed() -> None:
    asks = review("dave", ReviewState.CHANGES_REQUESTED, at=-20)
    assert why(case(opinions=(review(), asks))) == "dave asks for changes"
    assert evaluate(case(opinions=(review(), asks, review("dave", at=-5)))).open
    assert evaluate(case(opinions=(review(), review("dave", ReviewState.DISMISSED, at=-20)))).open


def test_two_objectors_are_both_named() -> None:
    asks = tuple(review(who, ReviewState.CHANGES_REQUESTED) for who in ("dave", "erin"))
    assert why(case(opinions=(review(), *asks))) == "dave, erin ask for changes"


def test_who_cannot_write_cannot_block() -> None:
    assert evaluate(case(opinions=(review(), review("eve", ReviewState.CHANGES_REQUESTED, role=Role.READ)))).open


def test_a_comment_changes_nothing_about_an_earlier_approval() -> None:
    assert evaluate(case(opinions=(review(at=-20), review(state=ReviewState.COMMENTED, at=-5)))).open


def test_reviews_are_taken_in_the_order_of_the_forge_s_clock() -> None:
    later = review(state=ReviewState.CHANGES_REQUESTED, at=-5)
    assert not evaluate(case(opinions=(later, review(at=-20)))).open


def test_merging_the_base_in_keeps_an_approval() -> None:
    """The pull's own change is what it was, though its head is another commit."""
    assert evaluate(case(pull=replace(PULL, head=replace(PULL.head, sha="d" * 40)))).open


def test_a_new_plan_with_an_equal_digest_keeps_the_approval() -> None:
    assert evaluate(case(shown_digests=(shown(at=-60), shown(at=-1)))).open
    assert evaluate(case(plans=(replace(PLAN, id="p2", created_at=NOON),))).open


def test_what_was_shown_before_the_approved_plan_is_no_obstacle() -> None:
    assert evaluate(case(shown_digests=(shown("older", at=-60), shown("digest", at=-30)))).open


def test_a_review_in_the_second_in_which_the_plan_was_shown_counts() -> None:
    assert evaluate(case(shown_digests=(shown(at=-10),))).open


OPINIONS = st.lists(
    st.builds(
        review,
        author=st.sampled_from(["alice", "bob", "carol", "Bob", "dave"]),
        state=st.sampled_from(ReviewState),
        at=st.integers(-100, 0),
        role=st.sampled_from(Role),
        tree=st.sampled_from(["tree", "other", None]),
        bot=st.booleans(),
        branch=st.sampled_from(["main", "release", None]),
    ),
    max_size=8,
)
SHOWN = st.lists(st.builds(shown, st.sampled_from(["digest", "other"]), st.integers(-100, 0)), max_size=4)


@given(OPINIONS, SHOWN, st.sampled_from(["erin", "bob", "DAVE"]), st.sampled_from([(), ("x@example.com",)]))
def test_the_gate_never_opens_without_a_fitting_approval(
    opinions: list[object], shown_rows: list[object], asker: str, unknown: tuple[str, ...]
) -> None:
    tried = case(
        opinions=tuple(opinions),
        shown_digests=tuple(shown_rows),
        askers=frozenset({asker}),
        contributors=Contributors(frozenset({"alice", "carol"}), unknown),
    )
    if not evaluate(tried).open:
        return
    fitting = {
        opinion.review.author.lower()
        for opinion in tried.opinions
        if opinion.review.state is ReviewState.APPROVED and opinion.role >= Role.WRITE
        if (opinion.tree, opinion.branch) == ("tree", "main")
        and not opinion.review.author_is_bot
        and any(s.digest == "digest" and s.at <= opinion.review.at for s in tried.shown_digests)
    }
    assert len(fitting - {"alice", "carol", asker.lower()}) >= 1 + len(unknown)
