"""A JSON object that is read piece by piece: as it would be read whole, in little memory, and never quoted."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import exact_json
from bot.core.errors import Refused, ToolFailed
from bot.core.plan import Action
from bot.tools.terraform.json_document import LARGEST_PIECE, Document
from bot.tools.terraform.plan_json import ROOM, read_plan

SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(['"', "\\", '\\"', "{", "]", "a,b:c"])
OBJECTS = st.dictionaries(
    st.text() | st.just('"}'),
    st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20),
)
TOP = Path(__file__).parents[2]
PEAK = """
import resource, sys
from pathlib import Path
from bot.tools.terraform.plan_json import read_plan
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
counts = read_plan(Path(sys.argv[1]), "Terraform 1").content.counts
print(counts.change, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@given(OBJECTS, st.sampled_from([None, 0, 3]), st.booleans())
def test_pieces_are_what_a_whole_reading_gives(document: dict[str, Any], indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    read = Document(f" {text}\n".encode(errors="replace"), "it")
    for key, value in exact_json.loads(text.encode(errors="replace").decode()).items():
        assert read.piece(key) == value
        if isinstance(value, list) and all(isinstance(child, dict) for child in value):
            assert list(read.nodes(key)) == value
            assert [inner.head(*child) for inner, child in zip(read.inner(key), value, strict=True)] == value
        if isinstance(value, dict) and value:
            assert [read.piece(key, name) for name in value] == list(value.values())
    assert read.piece("not there") is read.piece("not there", "nor within") is read.at("not there") is None


@pytest.mark.parametrize(
    "text", ["", "[]", "1", "{", '{"a"', '{"a":}', '{"a": 1', '{"a": [1}', '{"a": [1 2]}', '{"a": 1]']
)
def test_what_is_no_json_is_said_without_a_word_of_it(text: str) -> None:
    with pytest.raises(ToolFailed, match="^it is no JSON that can be read$"):
        Document(text.encode(), "it").piece("a")


def test_a_plan_that_cannot_be_read_is_never_quoted() -> None:
    with pytest.raises(ToolFailed) as failure:
        read_plan('{"format_version": "1.2", "variables": {"p": {"value": "s3cr3t-v4lue"}}, "checks": [oops]}', "T")
    assert "s3cr3t" not in f"{failure.value} {failure.value.output}"


def test_an_object_that_is_too_large_is_refused_with_its_size() -> None:
    text = b'{"resource_changes": [{"address": "' + b"x" * LARGEST_PIECE + b'"}], "format_version": "1.2"}'
    with pytest.raises(Refused, match="one object in it takes 64 MB, and 64 MB are read at most: keep large files out"):
        list(Document(text, "the plan").nodes("resource_changes"))


def test_a_large_plan_is_read_in_little_memory(tmp_path: Path) -> None:
    shown = tmp_path / "shown.json"
    with shown.open("w") as file:
        file.write(
            '{"format_version": "1.2", "prior_state": {"values": ["' + "x" * 10_000_000 + '"]}, "resource_changes": ['
        )
        for number in range(2_500):
            values = [{"input": f"{word} {number} {'x' * 10_000}", "n": number} for word in ("old", "new")]
            change = {"actions": ["update"], "before": values[0], "after": values[1]}
            file.write(("," if number else "") + json.dumps({"address": f"x.y[{number}]", "change": change}))
        file.write("]}")
    argv = [sys.executable, "-c", PEAK, str(shown)]
    changed, megabytes = subprocess.run(argv, cwd=TOP, capture_output=True, check=True, text=True).stdout.split()
    assert shown.stat().st_size > 55_000_000
    assert changed == "2500"
    assert int(megabytes) < 60


def test_what_is_kept_of_a_large_plan_is_bounded_and_that_is_said() -> None:
    new = {"actions": ["create"], "before": None, "after": {"text": "x" * 9_000}}
    gone = {"actions": ["delete"], "before": {"text": "precious"}, "after": None}
    rows = [{"address": f"x.y[{number}]", "change": new} for number in range(1_000)]
    rows.append({"address": "x.gone", "change": gone})
    content = read_plan(json.dumps({"format_version": "1.2", "resource_changes": rows}), "T").content
    assert content.counts.create == 1_000
    assert sum(len(line.text) for change in content.changes for line in change.lines) < ROOM * 1.1
    assert [change.lines[0].text for change in content.changes if change.action is Action.DELETE] == [
        '  text = "precious"'
    ]
    assert (
        len(read_plan(json.dumps({"format_version": "1.2", "resource_changes": rows * 2}), "T").canonical) < 1_000_000
    )
    (note,) = content.notes
    assert note.startswith("This plan says more than is kept: of 557 objects the attributes are left out")
