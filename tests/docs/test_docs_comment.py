"""docs/comment.md has every word that a plan comment may say of a project, and no other."""

import re
from dataclasses import fields
from pathlib import Path

from bot.core.plan import Counts
from bot.core.run import State
from bot.templates import diff, page, table, wording
from tests.docs.reading import TOP

PAGE = (TOP / "docs/comment.md").read_text()
TEMPLATES = Path(page.__file__).parent
CASES = "\n".join(path.read_text() for path in (TOP / "tests/comments/cases").glob("*/*.md"))


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading row."""
    found = re.search(rf"^\| {re.escape(heading)} \|.*\n\|[-:| ]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert found, heading
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in found[1].splitlines()]


def test_the_first_line_is_one_that_is_said() -> None:
    [told] = re.findall(r"`## Plan for 4 projects · ([^`·]*) · 1 failed`", PAGE)
    assert told == wording.describe_counts(Counts(destroy=1, replace=1, change=2, create=2, outputs=1), 4)


def test_what_has_no_column_is_told_in_words() -> None:
    columns = {field for _, field in (*table.FIXED_COLUMNS, *table.OPTIONAL_COLUMNS)}
    one_each = {its.name: 1 for its in fields(Counts) if its.name not in columns}
    said = wording.describe_extras(Counts(**one_each))
    assert [cell.strip("`") for cell, _ in rows("Also")] == said.split(", ")


def test_every_state_is_one_that_is_said() -> None:
    source = (TEMPLATES / "table.py").read_text() + " ".join(State)
    told = [state for cell, _ in rows("State") for state in re.findall(r"`([^`]+)`", cell)]
    assert len(told) > 10
    assert [state for state in told if state.rstrip(" …:") not in source] == []
    said = re.findall(r'^    (?:    )?return f?"([a-z][^"{…]*)', (TEMPLATES / "table.py").read_text(), re.MULTILINE)
    assert [state for state in said if state.strip() not in PAGE and not state.startswith("appl")] == []


def test_every_box_is_explained() -> None:
    used = set(re.findall(r'alert\("([A-Z]+)"\)', "".join(path.read_text() for path in TEMPLATES.glob("*.j2"))))
    assert {cell for cell, _ in rows("box")} == used
    assert {kind for kind in used if f"[!{kind}]" in CASES}


def test_every_heading_is_explained() -> None:
    said = set(re.findall(r"^### (.+)$", CASES, re.MULTILINE))
    assert {heading for heading in said if heading not in PAGE and heading != "Details"} == set()


def test_every_remark_on_an_object_is_explained() -> None:
    told = [remark for cell, _ in rows("after `#`") for remark in re.findall(r"`([^`]+)`", cell)]
    said = {*diff._ACTION_REMARKS.values(), *diff._REPLACE_REMARKS.values()}
    assert said - set(told) == set()
    source = (TEMPLATES / "diff.py").read_text()
    assert [remark for remark in told if remark.rstrip(" …") not in source] == []


def test_every_marker_of_the_diff_is_explained() -> None:
    told = {cell.split("ADDRESS")[0].strip("` ") for cell, _ in rows("line")}
    assert told == {marker.strip() for marker in diff._MARKERS.values()} | {""}
