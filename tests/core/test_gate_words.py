"""What the gate says, to the word: people act on these lines, and what helps stands in each that is not met."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from bot.core.approvals import required_approvals
from bot.core.gate import evaluate
from bot.core.gate_case import Demand, DemandGroup, GateCase, group_demands
from bot.core.keys import PullKey
from bot.core.plan import Content, Counts
from bot.core.project import Requirement, Rules
from bot.core.pull import Check, CheckState, Contributors, PullState, ReviewState
from bot.core.run import Freeze, Lock, PlanState
from tests.core.cases import PLAN, PULL, another, approved, case, minutes, review, shown, unmet, why

CHECKS_ONLY = Rules(require=frozenset({Requirement.CHECKS}))
NO_CHECKS = Rules(require=frozenset({Requirement.APPROVAL}))
LOCK = Lock("github:1", "infra/db:default", PullKey("github:1#5"), "dave", minutes(-90))


def check(name: str = "ci/test", state: CheckState = CheckState.FAILURE) -> Check:
    return Check(name, state, required=True)


def containing(**changes: object) -> GateCase:
    """The case whose plan says more than that one object changes."""
    return case(plans=(replace(PLAN, content=replace(PLAN.content, **changes)),))


@pytest.mark.parametrize(
    ("spoilt", "demand"),
    [
        (
            case(checks=(check(),)),
            Demand(None, False, "required checks failed: ci/test", "mend them and push, or rerun them"),
        ),
        (
            case(checks=(check(state=CheckState.PENDING),)),
            Demand(None, False, "required checks are not done: ci/test", "wait for them"),
        ),
        (
            case(opinions=()),
            Demand(
                "db",
                False,
                "0 of 1 approvals",
                "let someone with write access who made none of its commits approve this pull request",
            ),
        ),
        (
            case(opinions=(review(), review("dave", ReviewState.CHANGES_REQUESTED))),
            Demand(
                None,
                False,
                "dave asks for changes",
                "answer that, then let them approve, or dismiss the review",
            ),
        ),
        (
            case(freeze=Freeze("release day", "dave", minutes(0))),
            Demand(
                None,
                False,
                "applies are frozen by dave since 2026-03-01 12:00 UTC: release day",
                "wait until an operator runs `gitops-bot thaw`",
            ),
        ),
        (case(plans=()), Demand(None, False, "there is no plan", "comment /plan")),
        (
            containing(obstacles=("the key is\nmissing",)),
            Demand(
                "db",
                False,
                "the key is missing",
                "mend that and push, or comment /plan when it is mended elsewhere",
            ),
        ),
        (
            containing(precious=("PersistentVolumeClaim/shop/the data",)),
            Demand(
                "db",
                False,
                "PersistentVolumeClaim/shop/the data would go, with all that is in it",
                "to mean that, comment /apply --confirm 'PersistentVolumeClaim/shop/the data'",
            ),
        ),
        (
            containing(overwritten=("ConfigMap/shop/settings",)),
            Demand(
                "db",
                False,
                "what others changed in ConfigMap/shop/settings would be overwritten",
                "to mean that, comment /apply --confirm ConfigMap/shop/settings",
            ),
        ),
        (
            case(plans=(replace(PLAN, pull="github:1#8"),)),
            Demand("db", False, "the plan is another pull request's", "comment /plan"),
        ),
        (
            case(plans=(replace(PLAN, state=PlanState.STALE),)),
            Demand("db", False, "the plan is stale: what it rests on moved", "comment /plan"),
        ),
        (
            case(plans=(replace(PLAN, state=PlanState.SUPERSEDED),)),
            Demand("db", False, "the plan is no longer valid: a newer plan took its place", "comment /plan"),
        ),
        (
            case(plans=(replace(PLAN, state=PlanState.APPLIED),)),
            Demand("db", False, "the plan is no longer valid: it was applied already", "comment /plan"),
        ),
        (
            case(plans=(replace(PLAN, state=PlanState.GONE),)),
            Demand("db", False, "the plan is no longer valid: it was deleted", "comment /plan"),
        ),
        (
            case(plans=(replace(PLAN, state=PlanState.GONE, destroy=True),)),
            Demand("db", False, "the plan is no longer valid: it was deleted", "comment /plan --destroy -p db"),
        ),
        (
            case(foreign_locks=(replace(LOCK, place="infra/else:default"),)),
            Demand(
                None,
                False,
                "infra/else:default is locked by #5 since 2026-03-01 10:30 UTC (dave)",
                "apply and merge #5, or comment /unlock there",
                (5,),
            ),
        ),
    ],
)
def test_what_keeps_the_gate_closed_is_told_with_what_helps(spoilt: GateCase, demand: Demand) -> None:
    assert unmet(spoilt) == [demand]
    assert unmet(spoilt)[0].met is False


@pytest.mark.parametrize(
    ("fine", "demand"),
    [
        (case(checks=(check(state=CheckState.SUCCESS),)), Demand(None, True, "required checks passed")),
        (case(checks=(Check("lint", CheckState.FAILURE, False),)), Demand(None, True, "no checks are required")),
        (case(pull=replace(PULL, state=PullState.MERGED)), Demand(None, True, "the pull request is merged")),
        (
            case(plans=(replace(PLAN, content=Content("terraform")),)),
            Demand("db", True, "nothing changes, so nobody needs to approve"),
        ),
        (
            replace(containing(precious=("Namespace/shop",)), confirmed=frozenset({"Namespace/shop"})),
            Demand("db", True, "Namespace/shop may go, as it was confirmed"),
        ),
        (
            replace(containing(overwritten=("ConfigMap/shop/a",)), confirmed=frozenset({"ConfigMap/shop/a"})),
            Demand("db", True, "what others changed in ConfigMap/shop/a may be overwritten, as it was confirmed"),
        ),
        (
            case(foreign_locks=(replace(LOCK, pull=PULL.key),)),
            Demand(None, True, "no other pull request holds a lock on it"),
        ),
    ],
)
def test_what_is_met_is_told_as_well(fine: GateCase, demand: Demand) -> None:
    verdict = evaluate(fine)
    assert verdict.open
    assert demand in verdict.demands


def test_what_was_confirmed_says_nothing_of_what_else_would_go() -> None:
    two = containing(precious=("Namespace/shop", "Namespace/bank"))
    texts = [demand.text for demand in unmet(replace(two, confirmed=frozenset({"Namespace/shop"})))]
    assert texts == ["Namespace/bank would go, with all that is in it"]


def test_of_many_obstacles_five_are_told_and_the_rest_counted() -> None:
    five = tuple(f"obstacle {number}" for number in range(5))
    assert [demand.text for demand in unmet(containing(obstacles=five))] == list(five)
    more = unmet(containing(obstacles=(*five, "the sixth")))
    assert [demand.text for demand in more] == [*five, "1 more obstacles"]
    assert (more[-1].project, more[-1].met) == ("db", False)
    assert unmet(containing(obstacles=five * 300))[-1].text == "1,495 more obstacles"


@pytest.mark.parametrize(
    ("number", "names"),
    [
        (2, "ci/0, ci/1"),
        (5, "ci/0, ci/1, ci/2, ci/3, ci/4"),
        (6, "ci/0, ci/1, ci/2, ci/3, ci/4 and 1 more"),
        (9, "ci/0, ci/1, ci/2, ci/3, ci/4 and 4 more"),
    ],
)
def test_of_many_names_five_are_told_and_the_rest_counted(number: int, names: str) -> None:
    assert (
        why(case(checks=tuple(check(f"ci/{index}") for index in range(number)))) == f"required checks failed: {names}"
    )


def test_all_approvers_are_named_and_whoever_does_not_count_with_the_reason() -> None:
    opinions = (review(), review("dave"), review("alice"), review("renovate", bot=True))
    text = "2 of 1 approvals, by bob, dave (alice opened this pull request; renovate is a bot)"
    assert approved(case(opinions=opinions)) == Demand("db", True, text)


def test_of_many_that_do_not_count_five_are_told() -> None:
    bots = tuple(review(f"bot{number}", bot=True) for number in range(6))
    assert why(case(opinions=bots)).count("is a bot") == 5


def test_only_commits_of_unknown_people_ask_for_one_more() -> None:
    two = replace(PLAN, rules=Rules(approvals=2))
    assert required_approvals(case(), two) == 2
    assert required_approvals(case(contributors=Contributors(frozenset(), ("eve@example.com",))), two) == 3


@pytest.mark.parametrize(("required", "met"), [(1, True), (2, True), (3, False)])
def test_as_many_approvals_as_are_asked_for_are_enough(required: int, met: bool) -> None:
    plan = replace(PLAN, rules=Rules(approvals=required))
    demand = approved(case(plans=(plan,), opinions=(review(), review("dave"))))
    assert (demand.met, demand.text) == (met, f"2 of {required} approvals, by bob, dave")


def test_one_line_on_checks_is_enough_where_all_projects_ask_for_them() -> None:
    both = case(plans=(PLAN, another()), checks=(check(),))
    assert [demand.project for demand in evaluate(both).demands if "checks" in demand.text] == [None]


@pytest.mark.parametrize(
    ("checks", "text"),
    [
        ((), "no checks are required"),
        ((check(state=CheckState.SUCCESS),), "required checks passed"),
        ((check(state=CheckState.PENDING),), "required checks are not done: ci/test"),
        ((check(),), "required checks failed: ci/test"),
    ],
)
def test_where_only_one_project_asks_for_checks_the_line_is_its_own(checks: tuple[Check, ...], text: str) -> None:
    mixed = case(plans=(replace(PLAN, rules=NO_CHECKS), another(rules=CHECKS_ONLY)), checks=checks)
    lines = [demand for demand in evaluate(mixed).demands if "checks" in demand.text]
    assert [(demand.project, demand.text) for demand in lines] == [("net", text)]


def test_checks_are_not_asked_for_per_project_once_the_pull_request_is_merged() -> None:
    merged = replace(PULL, state=PullState.MERGED)
    mixed = case(pull=merged, plans=(replace(PLAN, rules=NO_CHECKS), another(rules=CHECKS_ONLY)), checks=(check(),))
    assert not [demand for demand in evaluate(mixed).demands if "checks" in demand.text]


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine's clock is nine hours ahead."""
    with monkeypatch.context() as environment:
        environment.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_times_are_told_in_utc_wherever_they_were_taken_and_are_told() -> None:
    tokyo = timezone(timedelta(hours=9))
    frozen = case(freeze=Freeze("release day", "dave", minutes(0).astimezone(tokyo)))
    assert "since 2026-03-01 12:00 UTC" in why(frozen)
    plan = replace(PLAN, expires_at=minutes(45).astimezone(tokyo))
    assert Demand("db", True, "the plan is fresh until 2026-03-01 12:45 UTC") in evaluate(case(plans=(plan,))).demands


def test_a_reason_is_told_in_one_line_however_it_was_written() -> None:
    frozen = case(freeze=Freeze("  release\r\n\tday ", "dave", minutes(0)))
    assert why(frozen).endswith(": release day")


def test_projects_keep_their_order_and_the_pull_request_comes_first() -> None:
    plans = (another(name="z"), another(name="a"))
    told = [demand.project for demand in evaluate(case(plans=plans, missing=(("lost", "no module"),))).demands]
    assert told == [None] * 5 + ["lost", "z", "z", "a", "a", None]


def test_a_demand_of_many_projects_is_told_once_and_what_is_not_met_first() -> None:
    demands = (
        Demand(None, True, "the pull request is open"),
        Demand("db", False, "0 of 1 approvals", "let someone approve"),
        Demand("db", True, "the plan is fresh"),
        Demand("net", True, "the plan is fresh"),
        Demand("net", False, "0 of 1 approvals", "let someone approve"),
        Demand("app", False, "0 of 1 approvals", "comment /plan"),
    )
    assert group_demands(demands) == (
        DemandGroup(False, "0 of 1 approvals", "let someone approve", ("db", "net")),
        DemandGroup(False, "0 of 1 approvals", "comment /plan", ("app",)),
        DemandGroup(True, "the pull request is open", "", ()),
        DemandGroup(True, "the plan is fresh", "", ("db", "net")),
    )
    assert group_demands(()) == ()


def test_a_plan_that_was_shown_for_a_place_with_a_blank_is_approved_there() -> None:
    old = another(name="old db")
    assert approved(case(plans=(old,), shown_digests=(shown("net digest", place="infra/old db:default"),))).met


def test_whatever_any_count_but_reads_says_needs_an_approval() -> None:
    for word in ("create", "replace", "destroy", "imports", "moves", "forget", "outputs", "unknown", "invoke"):
        plan = replace(PLAN, content=Content("terraform", counts=Counts(**{word: 1})))
        assert not approved(case(plans=(plan,), opinions=())).met
