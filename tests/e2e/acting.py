"""What people do again and again in these tests: begin a repository, open a pull request, look for things."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from tests.staging import Stage

ONE = 'resource "terraform_data" "one" {\n  input = "1"\n}\n'
TWO = ONE.replace('"1"', '"2"')
SLOW = (
    'resource "terraform_data" "slow" {\n  input = "1"\n'
    '  provisioner "local-exec" {\n    command = "echo begun; for i in $(seq SECONDS); do sleep 1; done"\n  }\n}\n'
)
WRITES = (("PATCH", "comments"), ("POST", "statuses"), ("PUT", "merge"), ("POST", "reactions"))
"""Requests of the bot that change something on the forge: a method, and what the path has."""


def begin(stage: Stage, files: Mapping[str, str] | None = None) -> Path:
    """Push these files (a README if none) to main; alice's clone."""
    clone = stage.clone()
    stage.alice.push(clone, files or {"README.md": "nothing yet\n"}, "main", "Begin")
    return clone


def propose(stage: Stage, clone: Path, files: Mapping[str, str | None], branch: str = "change", **more: bool) -> int:
    """Push files on a branch from main and open a pull request as alice; its number."""
    stage.alice.git(clone, "checkout", "--quiet", "main")
    stage.alice.push(clone, files, branch, f"Change on {branch}")
    return stage.alice.open_pull(stage.repo, branch, "main", f"Change on {branch}", **more)


def offered(stage: Stage) -> tuple[Path, str, int]:
    """A pull request from carol's fork, once it is told how to plan it: her clone, its head and its number."""
    stage.carol.api("POST", f"/repos/{stage.repo}/forks")
    fork = stage.carol.clone("carol/infra", stage.directory / "fork")
    head = stage.carol.push(fork, {"net/main.tf": ONE}, "gift", "A gift")
    number = stage.carol.open_pull(stage.repo, "carol:gift", "main", "A gift")
    stage.wait_for_comment(number, "/plan", head)
    return fork, head, number


def pushed_as_alice(stage: Stage) -> str:
    """Bob pushes a commit of his own that names alice as its author; the new head."""
    bobs = stage.clone(stage.bob)
    stage.bob.git(bobs, "checkout", "--quiet", "change")
    stage.bob.git(bobs, "config", "user.name", "alice")
    stage.bob.git(bobs, "config", "user.email", stage.alice.email)
    return stage.bob.push(bobs, {"net/more.tf": ONE.replace("one", "more")}, "change", "Nothing to see here")


def approved(stage: Stage, number: int) -> None:
    """Wait for the plan, and approve it as bob."""
    stage.wait_for_comment(number, "What blocks the apply")
    stage.bob.approve(stage.repo, number)
    stage.wait_for_comment(number, "1 of 1 approval")


def applied(stage: Stage, number: int) -> str:
    """Approve, `/apply`, and wait for the merge; the apply's comment."""
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)
    return stage.wait_for_comment(number, "Applied", "Merged as")


def pull_main(stage: Stage, clone: Path) -> None:
    stage.alice.git(clone, "checkout", "--quiet", "main")
    stage.alice.git(clone, "pull", "--quiet")


def bots_comments(stage: Stage, number: int) -> list[str]:
    comments = stage.alice.comments(stage.repo, number)
    return [comment["body"] for comment in comments if comment["user"]["login"] == stage.bot.login]


def plan_comment(stage: Stage, number: int) -> str:
    """The pull's one plan comment as it is now."""
    plans = [body for body in bots_comments(stage, number) if '"topic": "plan"' in body]
    assert len(plans) == 1
    return plans[0]


def state_of(stage: Stage, directory: str) -> str:
    """A project's local state in the stage's repository, as text; empty when there is none."""
    found = [path for path in stage.data.glob(f"state/*-{stage.repo_id}-*/{directory}-*/terraform.tfstate")]
    return found[0].read_text() if found else ""


def paths(top: Path) -> Iterator[Path]:
    """All that is below a directory. What goes while we look is passed over."""
    for folder, directories, names in os.walk(top):
        yield from (Path(folder, name) for name in (*directories, *names))


def left(stage: Stage) -> dict[Path, bytes]:
    """Every file that the bot has left, with its content. What goes while we look is none."""
    found = {}
    for path in paths(stage.data):
        with suppress(FileNotFoundError, IsADirectoryError):
            found[path] = path.read_bytes()
    return found


def slow(seconds: int) -> str:
    """A project whose apply takes so long."""
    return SLOW.replace("SECONDS", str(seconds))


def held(stage: Stage) -> str:
    """An apply that waits to be let go on, a minute at most."""
    waits = f"for i in $(seq 300); do [ -e {stage.outside}/go ] && break; sleep 0.2; done"
    return slow(0).replace("for i in $(seq 0); do sleep 1; done", waits)


def go_on(stage: Stage) -> None:
    """Let the apply go on that waits."""
    (stage.outside / "go").touch()
