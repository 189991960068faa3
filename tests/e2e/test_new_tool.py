"""A tool is one package: CONTRIBUTING.md's own, in a copy of the tree, is found, planned and applied by its own key."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contributing import StageFromCopy, copy_tree, files_of
from tests.docs.reading import TOP
from tests.e2e.acting import applied, begin, propose, pull_main
from tests.e2e.conftest import QUICK
from tests.staging import Stage

CONFIGURATION = "version: 1\nprojects:\n  - dir: lists\n    touchfile:\n      {}: .md\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    files = files_of("Add a tool")
    assert list(files) == ["bot/tools/touchfile/__init__.py"]
    return copy_tree(tmp_path / "tree", files)


@pytest.fixture
def stage(tmp_path: Path, tree: Path) -> Iterator[Stage]:
    with StageFromCopy(tmp_path / "stage", QUICK, tree) as stage:
        yield stage


def test_a_tool_is_added_by_one_package(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"lists/Touchfile": "one\ntwo\n", "gitops.yaml": CONFIGURATION.format("suffix")})
    assert "one.md" in stage.wait_for_comment(number, "What blocks the apply")
    applied(stage, number)
    [kept] = stage.data.glob(f"state/*-{stage.repo_id}-*/lists-*")
    assert {path.name for path in kept.iterdir()} == {"one.md", "two.md"}
    pull_main(stage, clone)
    number = propose(stage, clone, {"gitops.yaml": CONFIGURATION.format("sufix")}, "wrong")
    stage.wait_for_comment(number, "gitops.yaml:5: ", ".touchfile.sufix: there is no such key: did you mean `suffix`?")


def test_its_key_stands_in_the_documentation(tree: Path) -> None:
    code = "from tests.docs import reference; print(reference.project())"
    table = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={"PYTHONPATH": f"{tree}:{TOP}"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "| `touchfile.suffix` | `.txt` | what stands behind each name |" in table
    assert "`terraform` or `touchfile` |" in table
