"""Tools that fail, hang, are killed or never stop talking: told to the author, and felt by nobody else."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.acting import ONE, approved, begin, paths, plan_comment, pull_main, state_of
from tests.e2e.conftest import QUICK
from tests.hostile.mischief import House, files
from tests.hostile.programs import install, path_with, uses
from tests.staging import Stage

MEBIBYTE = 1024 * 1024
MOST_ON_DISK = 150 * MEBIBYTE
MOST_IN_MEMORY = 600 * MEBIBYTE


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with bad programs in it, and little patience with them."""
    top = tmp_path_factory.mktemp("house")
    settings = QUICK | install(top / "programs") | {"TIMEOUT": "20s"}
    with Stage(top / "stage", settings, path=path_with(top / "programs")) as made:
        yield House(made, begin(made, {"sound/main.tf": ONE}))


def proposed(house: House, program: str) -> int:
    """A pull request with a project that this program is to plan, beside one that is sound."""
    listed = uses(program) + "  - dir: sound\n"
    return house.propose(
        files({"gitops.yaml": listed, "app/main.tf": ONE, "sound/more.tf": ONE.replace("one", "more")})
    )


def told(house: House, number: int, words: str) -> str:
    """The plan comment, once all has ended: it has these words, and the sound project's plan."""
    house.stage.wait_for_comment(number, "What blocks the apply", "2 to create")
    comment = plan_comment(house.stage, number)
    house.stage.alice.close(house.stage.repo, number)
    assert words in comment, comment
    assert "gitops-bot itself broke" not in comment, house.stage.bot_log_tail()
    return comment


PLANS = {
    "failsinit": "the registry does not answer",
    "failsplan": "no such region",
    "silent": "plan failed with status 1",
    "odd": "plan failed with status 77",
    "diesinit": "init was killed",
    "diesplan": "plan was killed",
    "cutshow": "show",
    "babblesshow": "show",
    "listshow": "show",
    "oddshow": "9.0",
    "numbershow": "is no list",
    "babblesversion": "version",
    "diesversion": "version",
}


@pytest.mark.parametrize("program", PLANS)
def test_a_plan_by_a_program_that(house: House, program: str) -> None:
    number = proposed(house, program)
    told(house, number, PLANS[program])
    house.stage.wait_for_status(number, "gitops-bot/plan", "failure")


def test_a_plan_that_hangs_is_ended_in_time_with_its_children(house: House) -> None:
    number = proposed(house, "hangs")
    house.stage.wait_for("the child", _sleepers)
    told(house, number, "plan took longer than 20 s")
    house.stage.wait_for("the child's end", lambda: not _sleepers())


def _sleepers() -> list[Path]:
    """The processes of this machine that the program `hangs` has started."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found += [process] if (process / "cmdline").read_bytes() == b"sleep\x00611\x00" else []
    return found


def test_plans_that_hang_on_one_pull_request_hold_up_no_other(house: House) -> None:
    hanging = [f"hang{number}" for number in range(1 + (os.cpu_count() or 1))]
    listed = "version: 1\nprojects:\n" + "".join(
        f"  - dir: {dir}\n    terraform: {{binary: terraform-waitsplan}}\n" for dir in hanging
    )
    number = house.propose(files({"gitops.yaml": listed} | {f"{dir}/main.tf": ONE for dir in hanging}))
    house.stage.wait_for("the tools", lambda: at_work(house) >= len(hanging))
    other = house.propose(files({"sound/more.tf": ONE.replace("one", "more")}))
    house.stage.wait_for_comment(other, "What blocks the apply", "2 to create")
    assert at_work(house) >= len(hanging)
    house.stage.alice.close(house.stage.repo, number)
    house.stage.alice.close(house.stage.repo, other)


def at_work(house: House) -> int:
    """Tools of this house that wait."""
    found = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_bytes()
            found += f"{house.stage.directory.parent}/programs/terraform-waitsplan".encode() in command
    return found


@pytest.mark.parametrize("program", ["spillsinit", "spillsplan", "spillsinplan", "spillsshow"])
def test_a_gigabyte_of_output_of(house: House, program: str) -> None:
    before = on_disk(house.stage)
    number = proposed(house, program)
    told(house, number, {"spillsshow": "show", "spillsinplan": "1 to create"}.get(program, "failed"))
    assert on_disk(house.stage) - before < MOST_ON_DISK
    assert in_memory(house) < MOST_IN_MEMORY
    for log in house.stage.data.glob("logs/*/app-*.log"):
        assert log.stat().st_size < 70 * MEBIBYTE


def on_disk(stage: Stage) -> int:
    """Bytes of all files; what goes while we look counts as nothing."""
    total = 0
    for path in paths(stage.data):
        with suppress(FileNotFoundError):
            total += path.stat().st_blocks * 512
    return total


def in_memory(house: House) -> int:
    """The most that the bot has ever taken, in bytes."""
    lines = Path(f"/proc/{house.process()}/status").read_text().splitlines()
    (kilobytes,) = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return int(kilobytes) * 1024


def asked_to_apply(house: House, program: str) -> int:
    pull_main(house.stage, house.clone)
    number = house.propose(files({"gitops.yaml": uses(program, program), f"{program}/main.tf": ONE}))
    approved(house.stage, number)
    house.stage.alice.comment(house.stage.repo, number, "/apply")
    return number


def test_an_apply_that_fails_says_why_and_asks_for_a_new_plan(house: House) -> None:
    number = asked_to_apply(house, "failsapply")
    house.stage.wait_for_comment(number, "quota exceeded", "/plan")
    assert not house.stage.alice.pull(house.stage.repo, number)["merged"]
    apply = house.stage.wait_for(
        "the status",
        lambda: status_with(
            house, number, "1 project to apply, 1 of them to be planned again: 1 to create; the last apply failed"
        ),
    )
    assert apply["state"] == "failure"


def status_with(house: House, number: int, words: str) -> dict[str, Any] | None:
    """The status that says just this, if there is one now."""
    stage = house.stage
    head = stage.alice.pull(stage.repo, number)["head"]["sha"]
    found = stage.alice.api("GET", f"/repos/{stage.repo}/commits/{head}/status")["statuses"]
    return next((one for one in found if one["description"] == words), None)


def test_an_apply_that_is_killed_is_unknown_and_is_not_repeated(house: House) -> None:
    number = asked_to_apply(house, "diesapply")
    house.stage.wait_for_comment(number, "nobody can tell", "/plan")
    house.stage.wait_for("a new plan", lambda: "1 to create" in plan_comment(house.stage, number))
    assert (house.stage.directory.parent / "programs" / "half").read_text() == "half\n"
    assert not house.stage.alice.pull(house.stage.repo, number)["merged"]


def test_an_apply_that_prints_a_gigabyte_ends_well_and_is_kept_in_part(house: House) -> None:
    before = on_disk(house.stage)
    number = asked_to_apply(house, "spillsapply")
    house.stage.wait_for_merge(number)
    assert "terraform_data" in state_of(house.stage, "spillsapply")
    assert on_disk(house.stage) - before < MOST_ON_DISK
    assert in_memory(house) < MOST_IN_MEMORY
    (log,) = [path for path in house.stage.data.glob("logs/*/spillsapply-*.log") if path.stat().st_size > MEBIBYTE]
    assert "[cut: the output is longer than is kept" in log.read_text(errors="replace")


TALKS = """resource "terraform_data" "one" {
  provisioner "local-exec" {
    command = "yes word | head -c 2000000; FATE"
  }
}
"""


@pytest.mark.parametrize(("fate", "outcome"), [("exit 0", "Applied"), ("exit 3", "exit status 3")])
def test_a_provisioner_that_talks_without_end(house: House, fate: str, outcome: str) -> None:
    directory = f"talks-{fate[-1]}"
    pull_main(house.stage, house.clone)
    listed = f"version: 1\nprojects:\n  - dir: {directory}\n"
    number = house.propose(files({"gitops.yaml": listed, f"{directory}/main.tf": TALKS.replace("FATE", fate)}))
    approved(house.stage, number)
    house.stage.alice.comment(house.stage.repo, number, "/apply")
    comment = house.stage.wait_for_comment(number, outcome)
    assert len(comment) < 65_536
    house.stage.alice.close(house.stage.repo, number) if fate != "exit 0" else house.stage.wait_for_merge(number)
    assert "terraform_data" in state_of(house.stage, directory)
