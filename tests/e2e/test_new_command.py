"""A command is one file: CONTRIBUTING.md's own, in a copy of the tree, is understood, obeyed, and stands in `/help`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contributing import StageFromCopy, copy_tree, files_of
from tests.e2e.acting import begin, propose
from tests.e2e.conftest import QUICK
from tests.staging import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    files = files_of("Add a command")
    assert list(files) == ["bot/jobs/version.py"]
    with StageFromCopy(tmp_path / "stage", QUICK, copy_tree(tmp_path / "tree", files)) as stage:
        yield stage


def test_a_command_is_added_by_one_file(stage: Stage) -> None:
    number = propose(stage, begin(stage), {"README.md": "words\n"})
    stage.carol.comment(stage.repo, number, "/version")
    stage.wait_for_comment(number, "This is gitops-bot `")
    stage.alice.comment(stage.repo, number, "/help\n/version -p db\n/versoin")
    help_text = stage.wait_for_comment(number, "**Commands**")
    assert "| `/version` | Answers with the version of this bot |" in help_text
    assert "All but `/version` and `/help` need write access." in help_text
    stage.wait_for_comment(number, "/version chooses no projects: leave out -p")
    stage.wait_for_comment(number, "Did you mean `/version`?")
    stage.carol.comment(stage.repo, number, "/version\n/unlock")
    stage.wait_for_comment(number, "carol", "`/unlock` needs write access")
