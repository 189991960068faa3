"""The log of a plan and of an apply while they go on: steps are there before the end, and a secret never is."""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pytest

from bot.core.errors import ToolFailed
from bot.core.run import ApplyOutcome
from bot.ports import Site
from bot.tools.terraform import tool
from bot.tools.terraform.commands import WITHHELD
from bot.tools.terraform.live import MASKED_KEY, render_bare_steps, render_steps
from bot.tools.terraform.output import render_stream
from tests.provider.shelf import Shelf, book
from tests.sandbox.running import until
from tests.terraform.conftest import Ground

T = TypeVar("T")
SECRET = "a horse whose battery and staple are correct and which is longer than a terminal is wide"
VARIABLE = f'variable "p" {{\n  default   = "{SECRET}"\n  sensitive = true\n}}\n'
READS = 'data "terraform_remote_state" "slow" {{\n  backend = "local"\n  config  = {{ path = "{}" }}\n}}\n'
EMPTY_STATE = {"version": 4, "terraform_version": "1.0.0", "serial": 1, "lineage": "x", "outputs": {}, "resources": []}


@dataclass(frozen=True)
class Gate:
    """A state of others that the tool reads, and waits for, until it is opened."""

    pipe: Path

    @property
    def text(self) -> str:
        return READS.format(self.pipe)

    def open(self) -> None:
        self.pipe.write_text(json.dumps(EMPTY_STATE))


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    pipe = tmp_path / "shelf" / "others.tfstate"
    pipe.parent.mkdir(exist_ok=True)
    os.mkfifo(pipe)
    return Gate(pipe)


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def seen(site: Site, words: str, work: "Future[T]") -> str:
    """Wait until the log has the words; it must be before the work ends."""

    def there() -> bool:
        assert not work.done(), work.result()
        return site.log.exists() and words in site.log.read_text()

    until(there)
    return site.log.read_text()


def hidden(site: Site) -> str:
    """The log, in which no word of the secret may be."""
    log = site.log.read_text()
    assert "battery" not in log, log
    return log


def test_a_plan_tells_what_it_reads_while_it_waits_for_it(
    ground: Ground, gate: Gate, aside: ThreadPoolExecutor
) -> None:
    site = ground.site({"net/main.tf": gate.text + 'resource "terraform_data" "one" {}\n'})
    plan = aside.submit(ground.terraform.plan, site)
    before = seen(site, "data.terraform_remote_state.slow: Re", plan)
    assert "Plan to create" not in before
    gate.open()
    assert plan.result().content.counts.create == 1
    log = site.log.read_text()
    assert log.startswith(before)
    assert log.count("terraform_remote_state.slow: Re") == 2
    assert "terraform_data.one: Plan to create\nPlan: 1 to add, 0 to change, 0 to destroy.\n" in log
    assert "{" not in log


@pytest.fixture
def shelved(ground: Ground, shelf: Shelf, program: Path) -> Ground:
    own = {"lock_timeout": "1s", "binaries": str(program), "cli_config": str(shelf.cli_config)}
    return replace(ground, terraform=tool(lambda _: own))


def test_a_plan_tells_no_id_and_no_key_that_may_be_a_copy_of_a_secret(
    shelved: Ground, shelf: Shelf, gate: Gate, aside: ThreadPoolExecutor
) -> None:
    kept = 'resource "terraform_data" "by_key" {\n  for_each = toset([nonsensitive(var.p), "eu"])\n}\n'
    books = book("NAME", "One").replace('"NAME"', "var.p")
    assert shelved.apply(shelf.text(books, kept, more=VARIABLE)).outcome is ApplyOutcome.DONE
    site = shelved.site({"net/main.tf": shelf.text(books, kept, gate.text, more=VARIABLE)})
    plan = aside.submit(shelved.terraform.plan, site)
    seen(site, "shelf_book.one: Refreshing state...\n", plan)
    seen(site, 'terraform_data.by_key["eu"]: Refreshing state...\n', plan)
    seen(site, f"terraform_data.by_key{MASKED_KEY}: Refreshing state...\n", plan)
    hidden(site)
    gate.open()
    plan.result()
    hidden(site)


SAYS_IT = {
    "a check": 'check "c" {\n  assert {\n    condition     = var.p == "y"\n    error_message = SAID\n  }\n}\n',
    "a precondition": (
        'resource "terraform_data" "x" {\n  input = var.p\n  lifecycle {\n    precondition {\n'
        '      condition     = var.p == "y"\n      error_message = SAID\n    }\n  }\n}\n'
    ),
    "an output": 'output "o" {\n  value     = var.p\n  sensitive = true\n}\noutput "p" {\n  value = SAID\n}\n',
}


def failed(ground: Ground, site: Site) -> str:
    """All that the failure of its plan tells people; empty when the plan goes well."""
    try:
        ground.terraform.plan(site)
    except ToolFailed as why:
        return f"{why}\n{why.output}"
    return ""


@pytest.mark.parametrize("what", SAYS_IT)
def test_a_secret_in_what_a_plan_says_is_masked(ground: Ground, what: str) -> None:
    site = ground.site({"net/main.tf": VARIABLE + SAYS_IT[what].replace("SAID", '"so: ${nonsensitive(var.p)}"')})
    said = failed(ground, site)
    assert ("so: (sensitive value)" in said) is (what == "a precondition")
    assert "battery" not in said
    assert ("so: (sensitive value)" in hidden(site)) is (what != "an output")


def test_what_a_plan_says_is_left_out_where_nobody_can_tell_what_is_secret_in_it(
    ground: Ground, program: Path, tmp_path: Path
) -> None:
    unread = tmp_path / program.name
    unread.write_text(f'#!/bin/sh\n[ "$1" = show ] && exit 1\nexec {program} "$@"\n')
    unread.chmod(0o755)
    blind = replace(ground, terraform=tool(lambda _: {"binaries": str(unread)}))
    site = blind.site({"net/main.tf": VARIABLE + SAYS_IT["a check"].replace("SAID", '"so: ${nonsensitive(var.p)}"')})
    assert "show failed" in failed(blind, site)
    assert hidden(site).endswith(WITHHELD)


def test_a_secret_of_many_lines_is_masked_with_its_short_lines(ground: Ground) -> None:
    key = 'variable "p" {\n  default   = "Q1!\\na line of it\\nZ2!"\n  sensitive = true\n}\n'
    check = SAYS_IT["a precondition"].replace("SAID", '"so: ${nonsensitive(var.p)}."')
    site = ground.site({"net/main.tf": key + check})
    for text in (failed(ground, site), site.log.read_text()):
        assert "so: (sensitive value)." in text
        assert not [line for line in ("Q1!", "a line", "Z2!") if line in text]


def test_a_variable_that_is_not_as_it_must_be_is_not_quoted(ground: Ground) -> None:
    rule = 'condition     = var.p == "y"\n    error_message = "no: ${nonsensitive(var.p)}"'
    text = VARIABLE.replace("sensitive = true", f"sensitive = true\n  validation {{\n    {rule}\n  }}")
    site = ground.site({"net/main.tf": text})
    said = failed(ground, site)
    assert "no: (sensitive value)" in said
    assert "battery" not in said
    assert "no: (sensitive value)" in hidden(site)


def provisioned(go: Path, says: str = "", last: str = "true") -> str:
    """A resource whose making says something, waits until `go` is there, and ends with the `last` command."""
    go.parent.mkdir(exist_ok=True)
    waits = f"i=0; until [ -e {go} ] || [ $i = 600 ]; do i=$((i+1)); sleep 0.1; done"
    command = f"echo {says}; {waits}; {last}"
    provisioner = f'  provisioner "local-exec" {{\n    command = "{command}"\n  }}\n'
    return f'resource "terraform_data" "slow" {{\n  input = var.p\n{provisioner}}}\n'


def test_an_apply_tells_its_steps_while_it_goes_on_and_what_was_said_at_the_end(
    ground: Ground, aside: ThreadPoolExecutor, tmp_path: Path
) -> None:
    text = VARIABLE + provisioned(tmp_path / "shelf" / "go", says="some words") + 'output "o" {\n  value = "open"\n}\n'
    site = ground.site({"net/main.tf": text})
    artifact = ground.terraform.plan(site).artifact
    assert artifact
    apply = aside.submit(ground.carry_out, site, artifact)
    before = seen(site, "terraform_data.slow: Creating...\n", apply)
    seen(site, "Provisioning with 'local-exec'", apply)
    (tmp_path / "shelf" / "go").touch()
    assert apply.result().summary == "Apply complete! Resources: 1 added, 0 changed, 0 destroyed."
    log = site.log.read_text()
    assert log.startswith(before)
    assert log.count("terraform_data.slow: Creating...\n") == log.count("Creation complete") == 1
    assert "terraform_data.slow: (local-exec): some words\n" in log
    assert '  o = "open"\n' in log


@pytest.mark.parametrize("last", ["true", "exit 3"])
def test_a_secret_that_a_provisioner_says_is_never_in_the_log(
    ground: Ground, aside: ThreadPoolExecutor, tmp_path: Path, last: str
) -> None:
    text = VARIABLE + provisioned(tmp_path / "shelf" / "go", "'${nonsensitive(var.p)}'", last)
    site = ground.site({"net/main.tf": text})
    artifact = ground.terraform.plan(site).artifact
    assert artifact
    apply = aside.submit(ground.carry_out, site, artifact)
    seen(site, "Provisioning with 'local-exec'", apply)
    hidden(site)
    (tmp_path / "shelf" / "go").touch()
    applied = apply.result()
    assert "battery" not in applied.output
    assert "(local-exec): (sensitive value)\n" in hidden(site)


def test_a_failed_apply_says_where(ground: Ground) -> None:
    applied = ground.apply(VARIABLE + provisioned(ground.top, last="exit 3"))
    assert applied.outcome is ApplyOutcome.FAILED
    assert "local-exec provisioner error (main.tf:" in applied.summary


def line(kind: str, message: str = "SAID", **more: object) -> str:
    return json.dumps({"@message": message, "type": kind} | more) + "\n"


HELD = [
    line("diagnostic", diagnostic={"severity": "error", "summary": "SAID", "detail": "SAID"}),
    line("outputs", outputs={"o": {"value": "SAID"}}),
    line("provision_progress", "x: (local-exec): SAID", hook={"output": "SAID"}),
    line("action_progress", "x: SAID"),
    line("planned_change", 'x["SAID"]: Plan to create'),
    line("something_new"),
    line("apply_start")[:-5],
    "SAID\n",
    "{SAID}\n",
    '["SAID"]\n',
]


@pytest.mark.parametrize("told", [render_steps, render_bare_steps])
@pytest.mark.parametrize("said", HELD)
def test_what_may_hold_a_value_and_what_is_not_known_is_held_back(told: Callable[[str], str], said: str) -> None:
    assert told(said) == ""


@pytest.mark.parametrize(
    "hook",
    [
        None,
        7,
        {},
        {"resource": 7},
        {"resource": {"addr": 7}},
        {"resource": {"addr": "SAID"}, "elapsed_seconds": "SAID"},
    ],
)
def test_a_step_of_another_shape_is_not_told_of_a_plan(hook: object) -> None:
    assert "SAID" not in render_bare_steps(line("apply_progress", "else: Still reading... [SAID]", hook=hook))


def test_what_is_written_for_people_stays_as_it_is() -> None:
    assert render_stream("Error: a word\n\n  of an old program\n") == "Error: a word\n\n  of an old program\n"
