"""How runs, rows and pull requests go on and end, as tables."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.core import lifecycle
from bot.core.keys import PullKey
from bot.core.project import Project, Rules
from bot.core.pull import Branch, Pull, PullState, Repository
from bot.core.run import PlanState, RowTurn, RunProject, State, WaitReason
from tests.core.cases import PLAN

DONE, FAILED, REFUSED = State.DONE, State.FAILED, State.REFUSED
SKIPPED, UNKNOWN, QUEUED, RUNNING = State.SKIPPED, State.UNKNOWN, State.QUEUED, State.RUNNING
TURN, DEPENDENCIES, SLOT = WaitReason.TURN, WaitReason.DEPENDENCIES, WaitReason.SLOT


@pytest.mark.parametrize(
    ("rows", "run"),
    [
        ((), DONE),
        ((DONE, DONE), DONE),
        ((DONE, SKIPPED), DONE),
        ((SKIPPED,), SKIPPED),
        ((DONE, REFUSED), REFUSED),
        ((REFUSED, FAILED), FAILED),
        ((FAILED, UNKNOWN, DONE), UNKNOWN),
        ((DONE, RUNNING), None),
        ((QUEUED, UNKNOWN), None),
    ],
)
def test_a_run_ends_with_its_last_row_and_as_badly_as_its_worst(rows: Sequence[State], run: State | None) -> None:
    assert lifecycle.run_state(rows) is run


@pytest.mark.parametrize(
    ("rows", "limit", "places"),
    [
        ([(QUEUED, TURN), (QUEUED, TURN), (QUEUED, TURN)], 2, "ab"),
        ([(RUNNING, None), (QUEUED, TURN), (QUEUED, TURN)], 2, "b"),
        ([(QUEUED, None), (RUNNING, None), (QUEUED, TURN)], 2, ""),
        ([(RUNNING, None), (RUNNING, None), (RUNNING, None), (QUEUED, TURN)], 2, ""),
        ([(QUEUED, SLOT), (QUEUED, DEPENDENCIES), (QUEUED, TURN)], 2, "c"),
        ([(DONE, None), (FAILED, None), (QUEUED, TURN)], 1, "c"),
    ],
)
def test_turns_come_in_order_to_no_more_rows_than_may_work(
    rows: Sequence[tuple[State, WaitReason | None]], limit: int, places: str
) -> None:
    turns = [RowTurn(place, state, waits_for) for place, (state, waits_for) in zip("abcd", rows, strict=False)]
    assert lifecycle.next_places(turns, limit) == tuple(places)


def test_a_row_gets_its_turn_when_all_that_it_depends_on_is_applied() -> None:
    rows = [row("a", DONE), row("b", RUNNING), behind("c", "a"), behind("d", "a", "b")]
    assert [(changed.project.name, changed.waits_for) for changed in lifecycle.follow_dependencies(rows)] == [
        ("c", TURN)
    ]


@pytest.mark.parametrize("state", [FAILED, REFUSED, UNKNOWN, SKIPPED])
def test_what_depends_on_a_row_that_did_not_go_well_is_skipped_however_far_behind(state: State) -> None:
    rows = [behind("d", "c"), behind("c", "b"), behind("b", "a"), row("a", state), behind("e", "elsewhere")]
    changed = {row.project.name: row for row in lifecycle.follow_dependencies(rows)}
    assert [changed[name].state for name in "bcd"] == [SKIPPED] * 3
    assert changed["b"].note == "not begun: a did not go well"
    assert changed["d"].note == "not begun: c did not go well"
    assert changed["e"].waits_for is TURN


def test_a_skipped_row_waits_for_nothing_and_names_all_that_did_not_go_well() -> None:
    rows = [row("a", FAILED), row("b", REFUSED), row("c", DONE), behind("d", "a", "c", "b")]
    (skipped,) = lifecycle.follow_dependencies(rows)
    assert (skipped.state, skipped.waits_for) == (SKIPPED, None)
    assert skipped.note == "not begun: a, b did not go well"


def test_what_is_skipped_holds_up_nobody_else() -> None:
    rows = [row("a", FAILED), row("b", DONE), behind("c", "a"), behind("d", "b"), behind("e", "c"), behind("f", "d")]
    changed = [(row.project.name, row.state, row.waits_for) for row in lifecycle.follow_dependencies(rows)]
    assert changed == [("c", SKIPPED, None), ("d", QUEUED, TURN), ("e", SKIPPED, None)]


def test_a_row_that_waits_for_something_else_is_left_alone() -> None:
    waiting = row("b", QUEUED, SLOT, depends_on=("a",))
    assert lifecycle.follow_dependencies([row("a", FAILED), waiting]) == ()


@pytest.mark.parametrize(
    ("state", "merge_commit", "closure"),
    [
        (PullState.MERGED, "c" * 40, "c" * 40),
        (PullState.MERGED, None, "merged"),
        (PullState.CLOSED, None, "closed"),
        (PullState.CLOSED, "c" * 40, "closed"),
    ],
)
def test_a_closure_is_named_by_what_landed(state: PullState, merge_commit: str | None, closure: str) -> None:
    branch = Branch("main", "b" * 40)
    repository = Repository("github:1", "acme/infra", "main", private=False)
    pull = Pull(repository, 7, "", "alice", state, False, False, branch, branch, "", merge_commit=merge_commit)
    assert lifecycle.closure(pull) == closure
    assert pull.key == PullKey.of("github:1", 7)


def row(name: str, state: State, waits_for: WaitReason | None = None, depends_on: tuple[str, ...] = ()) -> RunProject:
    project = Project(name, name, depends_on=depends_on)
    return RunProject("r1", project, Rules(), state, waits_for=waits_for)


def behind(name: str, *names: str) -> RunProject:
    """A row that waits for others of the run."""
    return row(name, QUEUED, DEPENDENCIES, names)


def test_what_an_unmerged_pull_leaves_is_each_places_newest_apply_unless_all_of_it_is_gone() -> None:
    first, newer = replace(PLAN, id="p1"), replace(PLAN, id="p2", state=PlanState.STALE)
    elsewhere = replace(PLAN, id="p3", project=Project("net", "infra/net"), destroy=True)
    assert lifecycle.left_behind([first, elsewhere, newer]) == (newer, elsewhere)
    gone = replace(elsewhere, state=PlanState.APPLIED)
    assert lifecycle.left_behind([first, gone]) == (first,)
    assert lifecycle.left_behind([gone, replace(gone, id="p4", destroy=False)]) == (
        replace(gone, id="p4", destroy=False),
    )
