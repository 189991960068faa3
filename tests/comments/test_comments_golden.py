"""Each folder of `cases/` is a view and the comment made of it, to be read side by side.

After a change of words: `pytest tests/comments --update-golden`, then read the difference.
"""

import runpy
from pathlib import Path

import pytest

from bot import templates
from bot.core.run import RunKind
from bot.core.view import RunView
from tests.comments.golden import compare

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("cases/*/view.py"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_comment_is_the_one_in_the_folder(case: Path, update_golden: bool) -> None:
    view = runpy.run_path(str(case / "view.py"))["VIEW"]
    compare(case / "expected.md", told(view), update_golden)


def told(view: RunView) -> str:
    """The comment, and below it the commit status that goes with it."""
    plan = view.run.kind is RunKind.PLAN
    comment = templates.plan_comment(view) if plan else templates.apply_comment(view)
    state, words = templates.plan_status(view) if plan else templates.apply_status(view)
    return f"{comment}\n\n<!-- status: {state.value}, {words} -->\n"
