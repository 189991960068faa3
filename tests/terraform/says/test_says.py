"""Each folder is a plan and the comment made of it, to be read side by side; where there is a `main.tf`, made by it.

After a change of words: `pytest tests/terraform/says --update-golden`, then read the difference.
"""

from pathlib import Path

import pytest

from bot import templates
from bot.core.plan import Content
from bot.tools.terraform.plan_json import read_plan
from tests.comments.building import plan, project
from tests.comments.rendering import faults
from tests.terraform.says.planning import made
from tests.terraform.says.rendered import escaped, shown

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/README.md"))
REAL = [case for case in CASES if (case / "main.tf").exists()]
OURS = "https://bot.example/"


def content(case: Path) -> Content:
    return read_plan((case / "plan.json").read_text(encoding="utf-8"), "Terraform 1.11.4").content


def comment(case: Path) -> str:
    return templates.plan_comment(plan(project("app", content(case)))) + "\n"


@pytest.mark.parametrize("case", REAL, ids=lambda case: case.name)
def test_the_plan_is_what_terraform_makes_of_the_configuration(case: Path, tmp_path: Path, update_golden: bool) -> None:
    fresh = made(case, tmp_path)
    if update_golden:
        (case / "plan.json").write_text(fresh, encoding="utf-8")
    assert read_plan(fresh, "Terraform 1.11.4").content == content(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_comment_is_the_one_in_the_folder(case: Path, update_golden: bool) -> None:
    if update_golden:
        (case / "comment.md").write_text(comment(case), encoding="utf-8")
    assert comment(case) == (case / "comment.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_in_the_comment_leaves_its_place(case: Path) -> None:
    assert list(faults(comment(case), OURS)) == []
    assert escaped(shown(comment(case)), OURS) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_says_what_it_is(case: Path) -> None:
    assert len((case / "README.md").read_text(encoding="utf-8").strip()) > 10
