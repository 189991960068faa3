"""The bot of now begins on what an earlier version left when it was killed, and carries on all that it had promised."""

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sandbox.stage import PROGRAM_PATH, WaitTimeout
from tests.e2e.acting import bots_comments, plan_comment
from tests.e2e.shell import shell
from tests.upgrades.bucket import Bucket, bucket
from tests.upgrades.kept import ENGINE, STORE, Upgraded
from tests.upgrades.on_postgres import OnPostgres

pytestmark = pytest.mark.timeout(900)

SETTINGS = {"SWEEP_EVERY": "10s", "WORKERS": "3"}
PATIENCE_SECONDS = 600
KINDS = "apply apply_project cancel close command ended merge moved plan plan_project queue review rollback say unlock"
PROMISED = (
    "select i.inputs from workflow_input i join workflow_status s using (workflow_uuid) where status != 'SUCCESS'"
)
NOTED = "select id, actor, action, pull, detail from audit order by id"
LEFT = {
    "engine": "select workflow_uuid, status from workflow_status where status not in ('SUCCESS', 'ERROR')",
    "store": "select id, kind from run where ended_at is null union all "
    "select id, event from delivery where done_at is null",
}
BROKEN = "select workflow_uuid, status from workflow_status where status = 'ERROR'"


@pytest.fixture
def states() -> Iterator[Bucket]:
    with bucket() as its:
        yield its


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request: pytest.FixtureRequest, states: Bucket, tmp_path: Path) -> Iterator[Upgraded]:
    given = (tmp_path / "stage", states, SETTINGS)
    on_postgres = request.param == "postgres"
    with OnPostgres(*given, request.getfixturevalue("postgres")) if on_postgres else Upgraded(*given) as upgraded:
        yield upgraded


def test_what_was_kept_has_a_promise_of_each_kind_and_rows_that_wait_for_each_reason() -> None:
    assert {kind for _, kind, _ in promised()} == set(KINDS.split())
    waiting = {reason for (reason,) in kept(STORE, "select waits_for from run_project where state = 'queued'")}
    assert waiting == {"", "its turn", "what it depends on", "another run of this project"}
    assert len(kept(STORE, "select id from delivery where done_at is null")) == 7


def test_all_that_an_earlier_version_promised_is_carried_out(stage: Upgraded, states: Bucket) -> None:
    settled(stage)
    nothing_broke(stage)
    plans_went_on(stage)
    applies_went_on(stage, states)
    the_rest_is_told(stage)
    what_was_there_is_there(stage)
    an_old_plan_is_applied(stage, states)


def kept(path: Path, question: str) -> list[Any]:
    """What a database answers as it was kept."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(path.read_text())
        return database.execute(question).fetchall()


def promised() -> list[tuple[str, str, dict[str, str]]]:
    """Id, kind and arguments of what was promised and not done."""
    return [tuple(json.loads(inputs)["positionalArgs"]) for (inputs,) in kept(ENGINE, PROMISED)]


def settled(stage: Upgraded) -> None:
    """Wait until nothing is left to be done."""

    def left() -> list[Any]:
        return [row for database, question in LEFT.items() for row in stage.ask(database, question)]

    try:
        stage.wait_for("all of it to be done", lambda: not left(), PATIENCE_SECONDS)
    except WaitTimeout as waited:
        raise WaitTimeout(f"left to be done: {left()}\n{waited}") from None


def nothing_broke(stage: Upgraded) -> None:
    assert stage.ask("engine", BROKEN) == []
    log = (stage.directory / "bot.log").read_text().splitlines()
    assert [line for line in log if "Traceback" in line or "no kind of job" in line or " ERROR " in line] == []


def plans_went_on(stage: Upgraded) -> None:
    for branch in ("opened", "fresh", "rival", "moved", "again", "commanded", "ended", "delayed"):
        assert "What blocks the apply" in plan_comment(stage, number(stage, branch)), branch
    for branch in ("reviewed", "said", "spoken", "told"):
        assert "1 of 1 approval" in plan_comment(stage, number(stage, branch)), branch
    cancelled = plan_comment(stage, number(stage, "cancelled"))
    assert "cancelled by alice" in cancelled or "What blocks the apply" in cancelled  # whichever job came first
    assert len(runs(stage, "moved", "plan")) > 1


def applies_went_on(stage: Upgraded, states: Bucket) -> None:
    for branch in ("many", "asked", "ripe", "merged", "first", "second"):
        assert any("Applied" in body for body in bots_comments(stage, number(stage, branch))), branch
        assert stage.alice.pull(stage.repo, number(stage, branch))["merged"], branch
    objects = states.objects()
    for name in ("a", "b", "c", "d"):
        assert objects[f"{name}.tfstate"].count('"name": "many"') == 1
    assert all(f'"name": "{branch}"' in objects["landed.tfstate"] for branch in ("first", "second"))


def the_rest_is_told(stage: Upgraded) -> None:
    for branch in ("again", "asked", "base", "cancelled", "commanded", "delayed", "ended", "many", "told", "unlocked"):
        assert "rocket" in last_reactions(stage, number(stage, branch)), branch
    (back,) = (pull for pull in stage.alice.pulls(stage.repo) if pull["title"].startswith("Roll back #"))
    assert "1 to destroy" in plan_comment(stage, back["number"])
    assert any(back["html_url"] in body for body in bots_comments(stage, number(stage, "base")))
    for branch in ("closed", "gone", "swept", "unlocked"):
        assert live_plans(stage, number(stage, branch)) == [], branch
    (commit,) = (args["sha"] for _, kind, args in promised() if kind == "queue")
    assert stage.alice.statuses(stage.repo, commit) == {"gitops-bot/plan": "failure", "gitops-bot/apply": "failure"}


def what_was_there_is_there(stage: Upgraded) -> None:
    try:
        stage.wait_for("no lock but the one kept", lambda: len(locks(stage)) == 1)
    except WaitTimeout as waited:
        raise WaitTimeout(f"held: {locks(stage)}\n{waited}") from None
    (lock,) = locks(stage)
    assert (lock["place"], lock["taken_by"]) == ("kept:default", "bob")
    assert lock["held_by"] == f"{stage.repo}#{number(stage, 'kept')}"
    listed = {run["run"] for run in json.loads(shell(stage, "runs", "--json", "--limit", "1000"))}
    assert listed >= {id for (id,) in kept(STORE, "select id from run")}
    before = kept(STORE, NOTED)
    assert stage.ask("store", NOTED)[: len(before)] == before


def locks(stage: Upgraded) -> list[Any]:
    """Whose pull request was merged a moment ago loses them when the forge has told."""
    held = json.loads(shell(stage, "locks", "--json"))["locks"]
    return list(held)


def an_old_plan_is_applied(stage: Upgraded, states: Bucket) -> None:
    """As it was approved before the upgrade; another Terraform than the one that made it is told instead."""
    its = number(stage, "net")
    assert "1 of 1 approval" in plan_comment(stage, its)
    stage.alice.comment(stage.repo, its, "/apply")
    if version() not in str(kept(STORE, "select json from plan limit 1")):
        stage.wait_for_comment(its, "it was planned with")
        return
    stage.wait_for_merge(its)
    stage.wait_for_comment(its, "Applied", "Merged as")
    assert len(runs(stage, "net", "plan")) == 1
    assert all('"name": "net"' in states.objects()[f"{name}.tfstate"] for name in ("net", "app"))


def number(stage: Upgraded, branch: str) -> int:
    (pull,) = (pull for pull in stage.alice.pulls(stage.repo, "all") if pull["head"]["ref"] == branch)
    return int(pull["number"])


def runs(stage: Upgraded, branch: str, kind: str) -> list[Any]:
    listed = json.loads(shell(stage, "runs", "--json", "--pull", f"{stage.repo}#{number(stage, branch)}"))
    return [run for run in listed if run["kind"] == kind]


def live_plans(stage: Upgraded, number: int) -> list[Any]:
    live = f"select id from plan where pull like '%#{number}' and state in ('current', 'stale')"
    return stage.ask("store", live)


def last_reactions(stage: Upgraded, number: int) -> list[str]:
    """Those to what a person said last."""
    said = [
        comment for comment in stage.alice.comments(stage.repo, number) if comment["user"]["login"] != stage.bot.login
    ]
    return stage.alice.reactions(stage.repo, said[-1]["id"])


def version() -> str:
    terraform = shutil.which("terraform", path=PROGRAM_PATH) or ""
    done = subprocess.run([terraform, "version", "-json"], capture_output=True, text=True, check=True)
    return str(json.loads(done.stdout)["terraform_version"])
