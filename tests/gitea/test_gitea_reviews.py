"""What people write in a review on Gitea commands as a comment does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.acting import ONE, begin, propose, state_of
from tests.gitea.running import Place
from tests.gitea.stage import GiteaStage


@pytest.fixture
def stage(place: Place, tmp_path: Path) -> Iterator[GiteaStage]:
    with GiteaStage(place, tmp_path / "stage", {"SWEEP_EVERY": "10m"}) as own:
        yield own


def test_the_words_of_an_approval_are_carried_out_and_misread_ones_answered(stage: GiteaStage) -> None:
    number = propose(stage, begin(stage), {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.bob.review(stage.repo, number, "COMMENT", "/aply")
    stage.wait_for_comment(number, "Did you mean `/apply`?")
    stage.bob.review(stage.repo, number, "APPROVED", "Looks good.\n\n/apply")
    stage.wait_for_merge(number)
    assert "asked by **bob**" in stage.wait_for_comment(number, "Applied", "Merged as")
    assert "terraform_data" in state_of(stage, "net")
