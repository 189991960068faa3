"""Plans that hang, seen from the pull request of somebody else."""

import socket
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.acting import ONE, begin
from tests.staging import Person, Stage

AS_MANY_AS_WORKERS_AND_MORE = 6


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port where somebody listens and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


def _propose(stage: Stage, person: Person, branch: str, text: str) -> int:
    clone = stage.clone(person)
    person.push(clone, {f"{branch}/main.tf": text}, branch, branch)
    return person.open_pull(stage.repo, branch, "main", branch)


def _hang(stage: Stage, port: int) -> None:
    """As many pull requests of alice as there are workers, and more, each with a plan that hangs; once those run."""
    text = f'terraform {{\n  backend "http" {{\n    address = "http://127.0.0.1:{port}"\n  }}\n}}\n{ONE}'
    for number in range(AS_MANY_AS_WORKERS_AND_MORE):
        _propose(stage, stage.alice, f"hang{number}", text)
    stage.wait_for("three tools", lambda: len(list(stage.data.glob("planning/*/*"))) >= 3)


def test_six_hanging_plans_of_one_author_hold_up_nobody_else(stages: Callable[..., Stage], deaf: int) -> None:
    stage = stages({"WORKERS": "2", "SWEEP_EVERY": "1h", "CAGE__NETWORK": "open"})
    begin(stage)
    _hang(stage, deaf)
    stage.wait_for_comment(_propose(stage, stage.bob, "net", ONE), "1 to create", "What blocks the apply")


def test_a_repository_full_of_hanging_plans_holds_up_no_other(stages: Callable[..., Stage], deaf: int) -> None:
    stage = stages({"WORKERS": "2", "SWEEP_EVERY": "1h", "CAGE__NETWORK": "open"})
    begin(stage)
    _hang(stage, deaf)
    stage.move_to("acme/shop")
    begin(stage)
    stage.wait_for_comment(_propose(stage, stage.alice, "net", ONE), "1 to create", "What blocks the apply")
