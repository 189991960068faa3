"""A comment stays within what its host takes, is cut by whole objects, and never lies about what it left out."""

import re
import tracemalloc
from collections.abc import Sequence

import pytest

from bot import templates
from bot.core.gate_case import Demand
from bot.core.plan import Action, Change, Content
from bot.core.run import State
from bot.core.view import ProjectView, RemovedProject, RunView
from tests.comments.building import PAGE, apply, change, content, create, destroy, plan, project
from tests.comments.rendering import PARSER, faults, shown

MARGIN = 1024
ATTRIBUTES = [f'attribute_{number} = "{"value " * 10}"' for number in range(10)]
REPLACED = change("terraform_data.main", Action.REPLACE, "!  input = 1 -> 2  # forces replacement", forces=("input",))


def many(count: int) -> Content:
    return content(*(create(f'terraform_data.one["{number}"]', *ATTRIBUTES) for number in range(count)), REPLACED)


def sized(comment: str, view: RunView) -> int:
    size = len(comment.encode())
    assert size <= view.limit - MARGIN
    return size


def fences(comment: str) -> Sequence[str]:
    return [token.content for token in PARSER.parse(comment) if token.type == "fence"]


def test_five_thousand_objects_fit() -> None:
    view = plan(project("big", many(5000)))
    comment = templates.plan_comment(view)
    assert sized(comment, view) > 50_000


def test_five_thousand_objects_take_little_memory() -> None:
    view = plan(project("big", many(5000)))
    tracemalloc.start()
    templates.plan_comment(view)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60_000_000


def test_what_is_shown_and_what_is_left_out_add_up() -> None:
    comment = templates.plan_comment(plan(project("big", many(5000))))
    told = re.search(r"Not shown here\*\*: ([0-9,]+) objects \(([0-9,]+) to create\)", comment)
    assert told
    assert told[1] == told[2]
    (diff,) = fences(comment)
    assert diff.count("+ terraform_data.one") + int(told[1].replace(",", "")) == 5000
    assert "1 to replace, 5,000 to create" in comment


def test_the_worst_is_shown_first_and_kept_whole() -> None:
    (diff,) = fences(templates.plan_comment(plan(project("big", many(5000)))))
    assert diff.startswith("-/+ terraform_data.main")
    assert "!     input = 1 -> 2  # forces replacement" in diff


def test_attributes_of_what_is_plain_go_before_any_object_does() -> None:
    comment = templates.plan_comment(plan(project("big", many(120)), project("small", content(create("a.b", "c = 1")))))
    assert "the attributes of 120 objects" in comment
    assert re.search(r"Not shown here\*\*: [0-9]+ object", comment) is None
    big, small = fences(comment)
    assert big.count("+ terraform_data.one") == 120
    assert "attribute_1" not in big
    assert "+     c = 1" in small


def test_a_changed_object_keeps_its_attributes_while_there_is_room() -> None:
    changed = [change(f"terraform_data.two[{number}]", Action.UPDATE, "!  input = 1 -> 2") for number in range(100)]
    (diff,) = fences(templates.plan_comment(plan(project("big", content(*many(300).changes, *changed)))))
    assert diff.count("!     input = 1 -> 2\n") == 100


def test_one_huge_object_is_named_without_its_attributes() -> None:
    huge = change("terraform_data.huge", Action.UPDATE, *(f"!  line {number} {'x' * 200}" for number in range(1000)))
    comment = templates.plan_comment(plan(project("app", content(huge, create("a.b", "c = 1")))))
    (diff,) = fences(comment)
    assert diff.splitlines() == ["! terraform_data.huge", "+ a.b"]
    assert "the attributes of 2 objects" in comment


def test_a_long_line_is_cut_with_a_sign() -> None:
    comment = templates.plan_comment(plan(project("app", content(create("a.b", f'c = "{"x" * 5000}"')))))
    (diff,) = fences(comment)
    assert diff.endswith("…\n")
    assert "the rest of 1 long line" in comment


def test_drift_goes_when_it_would_crowd_out_the_changes() -> None:
    drift = tuple(change(f"a.b[{n}]", Action.UPDATE, *(f"!  {'x' * 150}" for _ in range(10))) for n in range(200))
    comment = templates.plan_comment(plan(project("app", content(*many(200).changes, drift=drift))))
    assert "200 objects changed outside of the tool" in comment
    assert "<summary>200 objects changed" not in comment


def test_sections_of_the_least_risk_go_first_and_are_counted() -> None:
    quiet = [
        project(f"quiet-{n:02}", content(*(create(f"a.b{n}[{i}]", *ATTRIBUTES) for i in range(80)))) for n in range(99)
    ]
    comment = templates.plan_comment(plan(*quiet, project("loud", content(destroy("a.loud", "b = 1")))))
    assert comment.count("<summary>🔴") == 1
    sections = comment.count("<summary>🟢")
    assert 0 < sections < 99
    assert f"The details of {99 - sections} projects are not shown here" in comment


def test_a_thousand_projects_keep_their_totals() -> None:
    names = [project(f"{'long-name-' * 8}{n:04}", content(create("a.b")), note=str(n)) for n in range(1000)]
    stale = [ProjectView(one.row, one.content, one.url, stale_because=f"reason {n}") for n, one in enumerate(names)]
    view = plan(*stale)
    comment = templates.plan_comment(view)
    sized(comment, view)
    hidden = re.search(r"\*\*([0-9]+) rows not shown here", comment)
    assert hidden
    assert len(re.findall(r"^\| 🟢", comment, re.MULTILINE)) + int(hidden[1]) == 1000
    assert "| | **1,000 projects** | **1,000** |" in comment


@pytest.mark.parametrize("limit", [65536, 20_000, 9_000])
@pytest.mark.parametrize("count", [1, 30, 300])
def test_every_limit_holds_and_the_commands_stay(count: int, limit: int) -> None:
    rows = [
        project(f"p{n}", content(*(destroy(f"x.gone{n}[{i}]", *ATTRIBUTES) for i in range(40)), *many(30).changes))
        for n in range(count)
    ]
    view = plan(
        *rows,
        demands=tuple(Demand(f"p{n}", False, f"{n} of 400 approvals", "let someone approve it") for n in range(count)),
        next=(("/apply", "applies all of it"), ("/plan", "plans again")),
        removed=tuple(
            RemovedProject(f"old{n}", tuple(f"a.b[{i}]" for i in range(500)), "/plan --destroy") for n in range(20)
        ),
        notices=tuple(f"notice {n}" for n in range(50)),
        limit=limit,
    )
    comment = templates.plan_comment(view)
    sized(comment, view)
    assert list(faults(comment, PAGE)) == []
    assert f"**{count * 40:,} to destroy, {count:,} to replace**" in comment
    assert "- `/apply` applies all of it\n- `/plan` plans again" in comment
    assert "- ❌ `p0`: 0 of 400 approvals → let someone approve it" in comment
    assert f"<summary>✅ 0 of {count}" not in comment


@pytest.mark.parametrize("one", ["$", "@", "`", "\u202e", "数", "</details>"])
def test_text_that_swells_when_it_is_escaped_does_not_burst_the_limit(one: str) -> None:
    long = one * 20_000
    its = Content("terraform", (Change(long, Action.REPLACE, reason=long, forces=(long,) * 9, deposed=long),) * 30)
    rows = [project(f"{n}{long}", its, note=long, output=long, dir=long, workspace=long) for n in range(40)]
    failed = [project(f"{n}{long}", None, State.FAILED, note=long, output=long * 2) for n in range(10)]
    view = plan(
        *rows,
        *failed,
        state=State.FAILED,
        note=long,
        base_branch=long,
        notices=(long,) * 40,
        demands=tuple(Demand(f"{n}{long}", n % 2 == 0, f"{n}{long}", long) for n in range(40)),
        removed=(RemovedProject(long, (long,) * 40, long),) * 40,
        next=((long, long),) * 3,
    )
    comment = templates.plan_comment(view)
    sized(comment, view)
    assert list(faults(comment, PAGE)) == []


def test_a_failure_keeps_its_last_words() -> None:
    output = "\n".join(f"line {number}" for number in range(1000))
    comment = templates.plan_comment(plan(project("app", None, State.FAILED, note="broke", output=output)))
    (words,) = fences(comment)
    assert words.splitlines() == [f"line {number}" for number in range(940, 1000)]
    assert "940 lines before them are left out" in comment


def test_many_failures_keep_fewer_of_their_last_words() -> None:
    def output(project: int) -> str:
        return "\n".join(f"{project}: line {number} {'x' * 100}" for number in range(100))

    rows = [project(f"p{n}", None, State.FAILED, note=f"broke {n}", output=output(n)) for n in range(30)]
    view = plan(*rows, state=State.FAILED)
    comment = templates.plan_comment(view)
    sized(comment, view)
    shown_lines = [len(fence.splitlines()) for fence in fences(comment)]
    assert len(shown_lines) == 30
    assert min(shown_lines) == 15
    assert all(f"\n{n}: line 99" in comment for n in range(30))


def test_an_apply_of_a_thousand_projects_fits() -> None:
    rows = [
        project(f"p{n:04}", None, State.FAILED, note="broke " * 20, output=f"{n} {'x' * 300}\n" * 50)
        for n in range(1000)
    ]
    view = apply(*rows, state=State.FAILED, next=(("/plan", "plans again"),))
    comment = templates.apply_comment(view)
    sized(comment, view)
    assert shown(comment).unbalanced == []
    assert "## Apply failed · 0 of 1,000 projects applied · 1,000 failed" in comment
    assert "- `/plan` plans again" in comment
