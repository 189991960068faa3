"""What a plan leaves behind for the bot to stumble over, and what it takes of the machine: felt by nobody else."""

import html
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cage.raiding import attack, outcomes, settled_comment
from tests.cage.targets import targets
from tests.e2e.acting import ONE, begin, propose
from tests.staging import Stage

READ_BACK = ("shown.json", "plan.tfplan")
"""What the bot reads or writes in a run's scratch, once the plan has ended."""

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("name", READ_BACK)
def test_a_link_that_a_plan_leaves_leads_the_bot_nowhere(
    stages: Callable[..., Stage], tmp_path: Path, name: str
) -> None:
    """A plan replaced `shown.json` by a link; the bot then wrote a plan over the file that it led to."""
    stage = stages()
    clone = begin(stage)
    with targets(tmp_path / "t") as aims:
        kept = Path(aims.folder, "kept")
        number = attack(stage, clone, aims.having(only=("plant: links",), plants={name: str(kept)}))
        settled_comment(stage, number)
        assert kept.read_bytes() == b"kept\n"


@pytest.mark.parametrize("name", READ_BACK)
def test_a_pipe_that_a_plan_leaves_holds_nobody_up(stages: Callable[..., Stage], tmp_path: Path, name: str) -> None:
    """Whoever opens a pipe waits for who is at its other end: a worker of the bot did, for ever."""
    stage = stages({"TIMEOUT": "20s"})
    clone = begin(stage)
    with targets(tmp_path / "t") as aims:
        number = attack(stage, clone, aims.having(only=("plant: pipes",), pipes=(name,)))
        settled_comment(stage, number)
    other = propose(stage, clone, {"net/main.tf": ONE}, "other")
    stage.wait_for_comment(other, "What blocks the apply", "1 to create")


GREEDY = {"CAGE__MEMORY": "1024", "CAGE__DISK": "512", "CAGE__PROCESSES": "400", "CAGE__FILES": "1024"}
"""Sizes in MB, for a machine of which others need something too."""


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("5,000 processes", "CAGE__PROCESSES"),
        ("6 GiB of memory", "CAGE__MEMORY"),
        ("3 GiB of disk", "CAGE__DISK"),
        ("100,000 open files", "CAGE__FILES"),
    ],
)
def test_who_takes_too_much_fails_and_others_go_on(
    stages: Callable[..., Stage], tmp_path: Path, name: str, setting: str
) -> None:
    """The program is refused it and says so, or is ended for it, which the comment tells."""
    stage = stages(GREEDY)
    clone = begin(stage)
    with targets(tmp_path / "t") as aims:
        number = attack(stage, clone, aims.having(only=(f"limits: {name}",), heavy=True))
        refused = outcomes(stage, number).get(f"limits: {name}", "").startswith("no: ")
    comment = html.unescape(settled_comment(stage, number))
    assert refused or f"({setting})" in comment, comment
    assert "1 to create" in comment  # of the project beside it
    other = propose(stage, clone, {"net/main.tf": ONE}, "other")
    stage.wait_for_comment(other, "What blocks the apply", "1 to create")
