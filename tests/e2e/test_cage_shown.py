"""What cage a run was in: told by its page, also when the bot has another one since, and by `/readyz`."""

from collections.abc import Callable

import pytest

from bot.cage.cages import find_kind
from tests.e2e.acting import approved, begin, propose
from tests.e2e.clustered import TOKEN, page
from tests.staging import Stage

CHANGE = 'output "o" {\n  value = 1\n}\n'


@pytest.fixture
def stage(stages: Callable[..., Stage]) -> Stage:
    """A bot with the cage that it takes by itself."""
    return stages({"SERVER__TOKEN": TOKEN})


def confinements(stage: Stage) -> list[str]:
    """What the page of each run says."""
    ids = sorted(folder.name for folder in stage.data.glob("logs/*"))
    return ["".join(page(stage, f"/runs/{id}?still=1")) for id in ids]


def test_the_page_of_a_plan_and_of_its_apply_name_the_cage_also_afterwards(stage: Stage) -> None:
    kind = find_kind("auto")
    assert list(page(stage, "/readyz")) == ["ok\n", f"cage: {kind}\n"]
    number = propose(stage, begin(stage), {"net/main.tf": CHANGE})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)
    stage.kill_bot()
    stage._settings["CAGE__KIND"] = "none"
    stage.start_bot()
    pages = confinements(stage)
    assert len(pages) >= 2
    assert all(f"In the cage <code>{kind}</code>, with the network <code>internet</code>" in text for text in pages)
    assert list(page(stage, "/readyz")) == ["ok\n", "cage: none\n"]
