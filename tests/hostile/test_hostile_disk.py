"""The disk under the data directory is full: it is said, nothing is half recorded, and with room all goes on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import supervise
from bot.ports import Invocation
from bot.supervise import AttemptState, AttemptStatus
from tests.caging import NO_CAGE
from tests.e2e.acting import ONE, applied, approved, begin, bots_comments, plan_comment, propose, state_of
from tests.e2e.shell import shell
from tests.hostile.disk import Disk, mounted
from tests.hostile.programs import install, path_with, uses
from tests.sandbox.running import until
from tests.staging import Stage

FILLS = 'resource "terraform_data" "one" {\n  provisioner "local-exec" {\n    command = "COMMAND"\n  }\n}\n'
Staged = tuple[Stage, Disk]


@pytest.fixture
def staged(tmp_path: Path, stages: Callable[..., Stage]) -> Iterator[Staged]:
    """A stage on a small disk, whose sweep comes only when it is called."""
    with mounted(tmp_path / "stage-0" / "data") as disk:
        programs = tmp_path / "programs"
        writable = f"{programs},{tmp_path}/stage-0/outside"
        settings = install(programs) | {"SWEEP_EVERY": "2s", "CAGE__WRITE": writable}
        yield stages(settings, path=path_with(programs)), disk


def deliveries(stage: Stage) -> list[dict[str, int | str]]:
    hook = stage.alice.api("GET", f"/repos/{stage.repo}/hooks")[0]["id"]
    found: list[dict[str, int | str]] = stage.alice.api(
        "GET", f"/repos/{stage.repo}/hooks/{hook}/deliveries?per_page=100"
    )
    return found


def answer_to(stage: Stage, event: str) -> int:
    """How the newest delivery of that event was answered."""

    def look() -> int | None:
        found = [delivery for delivery in deliveries(stage) if delivery["event"] == event]
        return int(max(found, key=lambda one: one["id"])["status_code"]) if found else None

    return stage.wait_for(f"an answer to {event}", look)


def test_a_webhook_that_cannot_be_recorded_is_not_accepted_and_is_taken_when_it_comes_again(staged: Staged) -> None:
    stage, disk = staged
    clone = begin(stage)
    stage.wait_for("an answer", lambda: answer_to(stage, "push") == 202)
    disk.fill()
    number = propose(stage, clone, {"net/main.tf": ONE})
    assert answer_to(stage, "pull_request") == 503
    assert bots_comments(stage, number) == []
    disk.empty()
    hook = stage.alice.api("GET", f"/repos/{stage.repo}/hooks")[0]["id"]
    opened = next(delivery for delivery in deliveries(stage) if delivery["event"] == "pull_request")
    stage.alice.api("POST", f"/repos/{stage.repo}/hooks/{hook}/deliveries/{opened['id']}/attempts")
    stage.wait_for("another answer", lambda: answer_to(stage, "pull_request") == 202)
    stage.wait_for_comment(number, "1 to create", "What blocks the apply")
    plan_comment(stage, number)


def test_what_was_asked_while_the_disk_was_full_is_done_once_there_is_room(staged: Staged) -> None:
    stage, disk = staged
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    disk.fill()
    stage.alice.comment(stage.repo, number, "/apply")
    other = propose(stage, clone, {"other/main.tf": ONE}, "other")
    assert answer_to(stage, "issue_comment") == 503
    assert state_of(stage, "net") == ""
    disk.empty()
    stage.wait_for_merge(number)
    stage.wait_for_comment(other, "1 to create", "What blocks the apply")
    assert len([body for body in bots_comments(stage, number) if '"topic": "apply:' in body]) == 1


def test_a_plan_that_fills_the_disk_is_told_and_the_next_one_goes_well(staged: Staged) -> None:
    stage, _ = staged
    clone = begin(stage)
    listed = uses("fillsplan", "net")
    number = propose(stage, clone, {"gitops.yaml": listed, "net/main.tf": ONE})
    comment = stage.wait_for_comment(number, "1 failed")
    assert "no space left on device" in comment.lower()
    stage.wait_for_status(number, "gitops-bot/plan", "failure")
    stage.alice.push(clone, {"gitops.yaml": "version: 1\nprojects:\n  - dir: net\n"}, "change", "Another program")
    stage.wait_for_comment(number, "1 to create", "What blocks the apply")


def test_a_plan_at_work_when_the_disk_fills_is_finished_or_told_once_there_is_room(staged: Staged) -> None:
    stage, disk = staged
    clone = begin(stage)
    programs = stage.directory.parent / "programs"
    number = propose(stage, clone, {"gitops.yaml": uses("waitsplan", "net"), "net/main.tf": ONE})
    stage.wait_for("the tool", lambda: (programs / "waiting").exists())
    disk.fill()
    (programs / "go").touch()
    stage.wait_for("the trouble", lambda: "disk is full" in (stage.directory / "bot.log").read_text())
    disk.empty()
    ends = ("What blocks the apply", "disk of gitops-bot")
    comments = stage.wait_for(
        "its end", lambda: [body for body in bots_comments(stage, number) if any(end in body for end in ends)]
    )
    if "1 to create" not in comments[-1]:
        stage.alice.comment(stage.repo, number, "/plan")
    stage.wait_for_comment(number, "1 to create", "What blocks the apply")
    plan_comment(stage, number)
    assert "planning" not in shell(stage, "runs")


def test_a_plan_file_that_the_disk_did_not_take_is_not_told_in_the_words_of_who_reads_it(staged: Staged) -> None:
    stage, _ = staged
    clone = begin(stage)
    number = propose(stage, clone, {"gitops.yaml": uses("cutsplan", "net"), "net/main.tf": ONE})
    comment = stage.wait_for_comment(number, "1 failed")
    assert "is the disk of gitops-bot full?" in comment
    assert "state file" not in comment


def test_an_apply_that_ends_on_a_full_disk_is_told_as_it_ended_once_there_is_room(staged: Staged) -> None:
    stage, disk = staged
    clone = begin(stage)
    command = f"echo run >> {stage.outside}/tally; until [ -e {stage.outside}/go ]; do sleep 0.1; done"
    number = propose(stage, clone, {"net/main.tf": FILLS.replace("COMMAND", command)})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: (stage.outside / "tally").exists())
    disk.fill()
    (stage.outside / "go").touch()
    stage.wait_for("its end", lambda: list(stage.data.glob("applies/*/exit")))
    disk.empty()
    comment = stage.wait_for_comment(number, "apply", "/plan")
    assert "unknown" not in comment
    assert (stage.outside / "tally").read_text() == "run\n"
    applied(stage, propose(stage, clone, {"other/main.tf": ONE}, "other"))


def test_how_an_apply_ended_finds_its_place_on_a_full_disk(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk") as disk:
        script = f"until [ -e {tmp_path}/go ]; do sleep 0.1; done; exit 4"
        attempt = disk.path / "attempt"
        supervise.start(attempt, Invocation(("sh", "-c", script), tmp_path, {"PATH": "/usr/bin:/bin"}, None), NO_CAGE)
        until((attempt / "tool").exists)
        disk.stuff()
        (tmp_path / "go").touch()
        assert supervise.wait(attempt, lambda: False) == AttemptStatus(AttemptState.ENDED, 4)


def test_a_bot_that_is_killed_on_a_full_disk_goes_on_after_its_start(staged: Staged) -> None:
    stage, disk = staged
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    disk.fill()
    stage.alice.comment(stage.repo, number, "/apply")
    stage.kill_bot()
    disk.empty()
    stage.start_bot()
    stage.wait_for_merge(number)
