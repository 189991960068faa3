"""What comments and statuses say of a run: never better than it is, and the same in every place."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import templates
from bot.core.gate_case import Demand
from bot.core.plan import Action, Counts
from bot.core.project import ApplyMode
from bot.core.pull import CheckState
from bot.core.run import Selection, State
from bot.core.view import ProjectView, RemovedProject
from tests.comments.building import NOON, apply, change, content, create, destroy, plan, project

NEW = content(create("a.new", "b = 1"))
GONE = content(destroy("a.gone", "b = 1"))
DRIFT = change("a.c", Action.UPDATE, "!  d = 1 -> 2")
BADLY = [State.FAILED, State.REFUSED, State.UNKNOWN, State.SKIPPED]


def summaries(comment: str) -> list[str]:
    return [line for line in comment.splitlines() if line.startswith("<details") and "met</" not in line]


@pytest.mark.parametrize("state", BADLY)
def test_a_project_without_a_plan_is_no_success(state: State) -> None:
    view = plan(project("app", NEW), project("shop", state=state, note="why"))
    check, words = templates.plan_status(view)
    assert check is CheckState.FAILURE
    assert words.startswith("1 of 2 projects without a plan")


@pytest.mark.parametrize("state", BADLY)
def test_a_run_that_ended_badly_is_no_success_even_without_projects(state: State) -> None:
    words = f"{state.value}: cancelled by bob"
    assert templates.plan_status(plan(state=state, note="cancelled by bob")) == (CheckState.FAILURE, words)
    assert templates.apply_status(apply(state=state, note="cancelled by bob")) == (CheckState.FAILURE, words)


@pytest.mark.parametrize("state", BADLY)
def test_a_project_that_was_not_applied_is_no_success(state: State) -> None:
    check, words = templates.apply_status(apply(project("app", NEW), project("shop", NEW, state), state=State.DONE))
    assert check is CheckState.FAILURE
    assert words.startswith("1 ")
    assert words.endswith(" of 2 projects")


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_while_a_run_goes_on_its_status_is_pending(state: State) -> None:
    rows = project("app", NEW), project("shop", state=state)
    assert templates.plan_status(plan(*rows, state=state)) == (CheckState.PENDING, "planning 2 projects")
    assert templates.apply_status(apply(*rows, state=state)) == (CheckState.PENDING, "applying 2 projects")


def test_a_status_tells_what_all_projects_come_to() -> None:
    view = plan(project("app", NEW), project("shop", GONE), project("docs", content()))
    assert templates.plan_status(view) == (CheckState.SUCCESS, "3 projects: 1 to destroy, 1 to create")


def test_a_pull_that_affects_no_project_is_a_success() -> None:
    assert templates.plan_status(plan()) == (CheckState.SUCCESS, "no project is affected")


def test_the_same_diff_with_other_drift_is_told_apart() -> None:
    drifted = content(create("a.new", "b = 1"), drift=(DRIFT,))
    comment = templates.plan_comment(plan(project("app", NEW), project("shop", NEW), project("docs", drifted)))
    assert [line.count("2 projects alike") for line in summaries(comment)[:2]] == [1, 0]
    assert "<code>docs</code>" in summaries(comment)[1]


def test_the_same_diff_applied_in_one_place_is_told_apart() -> None:
    applied = project("shop", GONE, applied_by="bob", applied_at=NOON)
    comment = templates.plan_comment(plan(project("app", GONE), applied))
    assert "**destroys** `a.gone` in `app`:" in comment
    assert comment.count("**destroys**") == 1
    assert "**1 to destroy**" in comment
    assert comment.startswith("## Plan for 2 projects · 1 to destroy · 1 applied\n")


def test_notes_that_differ_do_not_keep_plans_apart() -> None:
    noted = [project(name, content(create("a.new"), notes=(f"kept in {name}",))) for name in ("app", "shop")]
    comment = templates.plan_comment(plan(*noted))
    assert len(summaries(comment)) == 1
    assert "- kept in app\n- kept in shop" in comment


def test_rows_that_stand_for_several_projects_add_up() -> None:
    its = content(create("a.one"), create("a.two"))
    comment = templates.plan_comment(plan(*(project(f"p{n:02}", its) for n in range(40))))
    assert "| 🟢 | **40 projects**: `p00`, `p01`, `p02` and 37 more | 80 |" in comment
    assert "| | **40 projects** | **80** |" in comment


def test_what_is_not_planned_is_not_counted_and_that_is_said() -> None:
    comment = templates.plan_comment(plan(project("app", NEW), project("shop", state=State.FAILED), state=State.FAILED))
    assert "| | **2 projects** | **1** |  |  |  | 1 not counted |" in comment


def test_many_destroyed_objects_do_not_hide_the_one_that_is_replaced() -> None:
    gone = [destroy(f"a.gone[{number}]") for number in range(100)]
    replaced = change("a.main", Action.REPLACE, forces=("b", "c"))
    comment = templates.plan_comment(plan(project("app", content(*gone, replaced))))
    assert "> - **replaces** `a.main` in `app`, forced by `b`, `c`\n> - and 86 more" in comment


def test_an_action_without_a_word_is_warned_of_like_a_destroy() -> None:
    its = content(change("a.b", Action.UNKNOWN, words=("defragment",)))
    comment = templates.plan_comment(plan(project("app", its)))
    assert "**does something unknown to** `a.b`" in comment
    assert "! a.b  # unknown action: defragment" in comment
    assert "| 🔴 | `app` |" in comment


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (ApplyMode.COMMENT, "ready to apply"),
        (ApplyMode.APPROVAL, "ready to apply"),
        (ApplyMode.MERGE, "will be applied by the merge"),
    ],
)
def test_a_project_with_nothing_in_its_way_tells_when_it_is_applied(mode: ApplyMode, words: str) -> None:
    comment = templates.plan_comment(plan(project("app", NEW, apply=mode), demands=(Demand(None, True, "open"),)))
    assert f"| {words} |" in comment
    assert "✅ Nothing blocks the apply: the one demand is met" in comment


def test_another_projects_demand_blocks_only_that_project() -> None:
    demands = (Demand("shop", False, "0 of 1 approvals", "let someone approve"),)
    comment = templates.plan_comment(plan(project("app", NEW), project("shop", GONE), demands=demands))
    rows = [line for line in comment.splitlines() if line.startswith(("| 🟢", "| 🔴"))]
    assert [row.split("|")[-2].strip() for row in rows] == ["blocked: 0 of 1 approvals", "ready to apply"]


def test_a_stale_plan_is_called_stale_and_has_no_validity() -> None:
    comment = templates.plan_comment(plan(project("app", NEW, stale_because="main moved")))
    assert "| stale: main moved |" in comment
    assert "valid until" not in comment


def test_the_first_plan_to_expire_tells_how_long_all_are_valid() -> None:
    sooner = project("shop", NEW, valid_until=NOON + timedelta(hours=1))
    assert "valid until 2025-11-26 13:00 UTC" in templates.plan_comment(plan(project("app", NEW), sooner))


def test_nothing_to_do_is_not_calm_when_a_project_failed() -> None:
    view = plan(project("app", content()), project("shop", state=State.FAILED, note="broke"), state=State.FAILED)
    comment = templates.plan_comment(view)
    assert "changes nothing" not in comment
    assert comment.startswith("## Plan for 2 projects · 1 failed\n")


def test_nothing_to_do_still_shows_drift_and_failed_checks() -> None:
    comment = templates.plan_comment(plan(project("app", content(drift=(DRIFT,)))))
    assert "changes nothing in `app`" in comment
    assert "1 object changed outside of terraform" in comment


def test_a_destroy_plan_is_called_one() -> None:
    view = plan(project("app", GONE), selection=Selection(names=("app",), destroy=True))
    assert templates.plan_comment(view).startswith("## Destroy plan for `app` · 1 to destroy\n")


def test_a_plan_that_is_not_complete_says_so() -> None:
    comment = templates.plan_comment(plan(project("app", content(create("a.b"), complete=False))))
    assert "**This plan is not complete**" in comment


def test_what_a_removed_project_still_holds_is_listed_up_to_a_point() -> None:
    held = RemovedProject("old", tuple(f"a.b[{number}]" for number in range(40)), "/plan --destroy -p old")
    comment = templates.plan_comment(plan(removed=(held,)))
    assert "`old` still holds 40 objects: `a.b[0]`, " in comment
    assert "`a.b[14]` and 25 more." in comment


def test_every_count_is_in_the_table_when_it_is_not_zero() -> None:
    counts = Counts(**{field: number for number, field in enumerate(Counts.__dataclass_fields__, 1)})
    row = project("app", NEW).row
    comment = templates.plan_comment(plan(ProjectView(replace(row, counts=counts))))
    told = next(line for line in comment.splitlines() if line.startswith("| 🔴"))
    numbers = re.findall(r"(?<=[| ])[0-9]+(?= )", told)
    assert sorted(map(int, numbers)) == list(range(1, len(Counts.__dataclass_fields__) + 1))


def test_an_apply_that_merged_and_one_that_could_not_both_say_so() -> None:
    for note in ("Merged as 9b2e1f0.", "applied, but not merged: refused. The lock is kept."):
        assert f"> [!IMPORTANT]\n> {note}" in templates.apply_comment(apply(project("app", NEW), note=note))


def test_an_apply_that_left_something_out_does_not_claim_all() -> None:
    view = apply(project("app", NEW), project("shop", NEW, State.SKIPPED, note="cancelled by bob"))
    assert templates.apply_comment(view).startswith("## Applied 1 of 2 projects · 1 not begun\n")
