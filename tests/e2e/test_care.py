"""What careful people expect: supersession, cancelling, state, sealed plans, private pages, merge queues."""

import contextlib
import json
import re
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.acting import (
    ONE,
    TWO,
    applied,
    approved,
    begin,
    bots_comments,
    plan_comment,
    propose,
    pull_main,
    slow,
    state_of,
)
from tests.staging import Stage

HANGS = (
    'data "terraform_remote_state" "x" {\n  backend = "http"\n  config = { address = "http://127.0.0.1:PORT/" }\n}\n'
)


REACHES_LOOPBACK = {"CAGE__NETWORK": "open"}


@pytest.fixture
def hanging() -> Iterator[str]:
    """Configuration whose plan waits for an answer that never comes."""
    with socket.socket() as ear:
        ear.bind(("127.0.0.1", 0))
        ear.listen()
        yield HANGS.replace("PORT", str(ear.getsockname()[1]))


def test_a_push_during_a_plan_supersedes_it_and_the_new_head_is_planned(
    stages: Callable[..., Stage], hanging: str
) -> None:
    stage = stages(REACHES_LOOPBACK)
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": hanging})
    stage.wait_for_comment(number, "planning")
    stage.alice.push(clone, {"net/main.tf": ONE}, "change", "Without the wait")
    stage.wait_for_comment(number, "1 to create", "What blocks the apply")


def test_cancel_stops_a_running_plan(stages: Callable[..., Stage], hanging: str) -> None:
    stage = stages(REACHES_LOOPBACK)
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": hanging})
    stage.wait_for_comment(number, "planning")
    stage.bob.comment(stage.repo, number, "/cancel")
    stage.wait_for("the plan's end", lambda: "cancelled by" in plan_comment(stage, number))


def test_a_plan_that_the_bot_died_of_twice_is_not_begun_again_by_itself(
    stages: Callable[..., Stage], hanging: str
) -> None:
    stage = stages(REACHES_LOOPBACK)
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": hanging, "web/main.tf": ONE})
    stage.wait_for_comment(number, "1 of 2")
    for begun in ("x", "xx"):
        stage.wait_for("the plan", lambda begun=begun: begun in _planning(stage))
        stage.kill_bot()
        stage.start_bot()
    stage.wait_for_comment(number, "the bot ended 2 times while it planned this", "1 to create")
    stage.alice.push(clone, {"net/main.tf": ONE}, "change", "Without the wait")
    stage.wait_for_comment(number, "2 to create", "What blocks the apply")


def _planning(stage: Stage) -> list[str]:
    """How often each plan has begun that has not ended."""
    return [note.read_text() for note in stage.data.glob("planning/*/*")]


def test_a_bot_that_is_told_to_end_blames_no_plan(stages: Callable[..., Stage], hanging: str) -> None:
    stage = stages(REACHES_LOOPBACK)
    clone = begin(stage)
    propose(stage, clone, {"net/main.tf": hanging})
    for _ in range(3):
        stage.wait_for("the plan", lambda: _planning(stage) == ["x"])
        stage.kill_bot(signal.SIGTERM)
        assert not _planning(stage)
        stage.start_bot()
    stage.wait_for("the plan", lambda: _planning(stage) == ["x"])


def test_a_state_without_a_backend_outlives_checkouts_and_is_copied_before_each_apply(
    stages: Callable[..., Stage],
) -> None:
    stage = stages()
    clone = begin(stage)
    applied(stage, propose(stage, clone, {"net/main.tf": ONE}, "first"))
    pull_main(stage, clone)
    number = propose(stage, clone, {"net/main.tf": TWO}, "second")
    assert "1 to change" in stage.wait_for_comment(number, "What blocks the apply", "state is kept")
    applied(stage, number)
    copies = list(stage.data.glob("state/*/net-*/copies/default/*.tfstate"))
    assert len(copies) == 1
    assert '"1"' in copies[0].read_text()


def test_a_pull_request_that_moves_its_state_is_refused(stage: Stage) -> None:
    clone = begin(stage, {"net/main.tf": ONE})
    moved = f'terraform {{\n  backend "local" {{\n    path = "{stage.outside}/elsewhere.tfstate"\n  }}\n}}\n'
    number = propose(stage, clone, {"net/backend.tf": moved})
    stage.wait_for_comment(number, "backend_change")


def test_a_plan_that_was_exchanged_on_disk_is_not_applied(stages: Callable[..., Stage]) -> None:
    stage = stages()
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE, "other/main.tf": ONE})
    approved(stage, number)
    one, other = sorted(stage.data.glob("artifacts/*"))
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "refused")
    assert state_of(stage, "net") == ""
    assert state_of(stage, "other") == ""


def test_what_was_made_ready_and_changed_on_disk_is_named_in_the_log_and_made_anew(
    stages: Callable[..., Stage],
) -> None:
    stage = stages()
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    (sealed,) = (path for path in stage.data.glob("prepared/*/*") if path.is_file())
    sealed.write_bytes(sealed.read_bytes()[:-1])
    asked = stage.alice.comment(stage.repo, number, "/plan")
    stage.wait_for("the new plan", lambda: "rocket" in stage.alice.reactions(stage.repo, asked))
    (warned,) = (line for line in (stage.directory / "bot.log").read_text().splitlines() if sealed.name in line)
    assert " WARNING " in warned
    assert "was changed" in warned


def test_an_expired_plan_is_not_applied(stages: Callable[..., Stage]) -> None:
    stage = stages({"PLAN_TTL": "1s"})
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    over = time.monotonic() + 1
    stage.bob.approve(stage.repo, number)
    stage.wait_for("its second to be over", lambda: time.monotonic() > over)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("a refusal", lambda: any("expired" in body for body in bots_comments(stage, number)[1:]))


def test_on_a_private_repository_the_link_in_a_comment_opens_that_run_and_nothing_else(
    stages: Callable[..., Stage],
) -> None:
    stage = stages(private=True)
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    comment = stage.wait_for_comment(number, "What blocks the apply")
    link = re.findall(rf"\(({stage.bot_url}/runs/[^)]+)\)", comment)[0]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    assert b"terraform_data.one" in opener.open(link).read()
    for other in (f"{stage.bot_url}/runs", link.partition("?")[0], link.replace("signature=", "signature=x")):
        with contextlib.suppress(urllib.error.HTTPError):
            assert b"terraform_data.one" not in opener.open(other).read()


def test_a_hostile_name_reaches_neither_shell_nor_markdown(stage: Stage) -> None:
    clone = begin(stage)
    evil = (
        'resource "terraform_data" "x" {\n  for_each = toset(["a|b</details>@acme/team `x` $(touch /tmp/owned)"])\n}\n'
    )
    number = propose(stage, clone, {"net/main.tf": evil, "a b;$(id)/main.tf": ONE}, "feature/$(id);`id`")
    comment = stage.wait_for_comment(number, "What blocks the apply", "2 to create")
    assert "a b;$(id)" in comment
    outside = re.sub(r"^(`{3,}).*?^\1$", "", comment, flags=re.DOTALL | re.MULTILINE)
    assert outside.count("<details") == outside.count("</details>")
    assert "@acme/team" not in re.sub(r"`[^`]*`", "", outside)


def test_a_merge_that_the_forge_refuses_after_an_apply_is_loud_and_keeps_the_lock(stages: Callable[..., Stage]) -> None:
    stage = stages()
    from tests.e2e.shell import shell

    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    stage.forge.faults(fail=[{"method": "PUT", "path": "/merge$", "status": 405, "times": 50}])
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "not merged")
    assert "net:default" in shell(stage, "locks")


def test_projects_of_one_directory_in_two_workspaces_have_states_of_their_own(stages: Callable[..., Stage]) -> None:
    stage = stages()
    text = 'resource "terraform_data" "w" {\n  input = terraform.workspace\n}\n'
    listed = "version: 1\nprojects:\n  - {dir: app, workspace: a}\n  - {dir: app, workspace: b}\n"
    clone = begin(stage, {"gitops.yaml": listed})
    applied(stage, propose(stage, clone, {"app/main.tf": text}))
    for workspace in "ab":
        (state,) = stage.data.glob(f"state/*/app-*/workspaces/{workspace}/terraform.tfstate")
        assert f'"value": "{workspace}"' in state.read_text()


def test_a_selection_that_matches_nothing_is_answered_and_leaves_the_plans_shown(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.alice.comment(stage.repo, number, "/plan -p nosuch")
    stage.wait_for_comment(number, "no project matches", "net")
    assert "1 to create" in plan_comment(stage, number)


def test_a_project_that_fails_when_planned_again_is_not_called_fresh(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE, "other/main.tf": ONE})
    stage.wait_for_comment(number, "2 to create", "What blocks the apply")
    stage.alice.push(clone, {"net/main.tf": 'resource "terraform_data" "one" {\n  nope = 1\n}\n'}, "change", "Break it")
    stage.wait_for("the gate's word on it", lambda: "planned again, it failed" in plan_comment(stage, number))
    assert "other" in plan_comment(stage, number)


def test_one_project_that_cannot_be_planned_does_not_hide_the_gate_of_the_others(stage: Stage) -> None:
    clone = begin(stage)
    listed = "version: 1\nprojects:\n  - dir: net\n  - dir: nosuchdir\n"
    number = propose(stage, clone, {"net/main.tf": ONE, "gitops.yaml": listed})
    comment = stage.wait_for_comment(number, "there is no directory nosuchdir", "What blocks the apply")
    assert "0 of 1 approvals" in comment


def test_a_freeze_and_its_end_are_said_on_open_pull_requests(stages: Callable[..., Stage]) -> None:
    stage = stages()
    from tests.e2e.shell import shell

    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    shell(stage, "freeze", "incident 7")
    stage.wait_for("the freeze", lambda: "incident 7" in plan_comment(stage, number))
    shell(stage, "thaw")
    stage.wait_for("its end", lambda: "incident 7" not in plan_comment(stage, number))


def test_commands_on_a_closed_pull_request_are_answered(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    stage.alice.close(stage.repo, number)
    for word in ("/plan", "/apply"):
        stage.alice.comment(stage.repo, number, word)
        stage.wait_for_comment(number, word, "is closed; reopen it first")


def test_what_was_merged_and_unlocked_is_planned_applied_and_unlocked_again(stages: Callable[..., Stage]) -> None:
    stage = stages()
    from tests.e2e.shell import shell

    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE, "other/main.tf": ONE})
    stage.wait_for_comment(number, "2 to create", "What blocks the apply")
    stage.bob.merge(stage.repo, number)
    stage.wait_for_comment(number, "Merged, and not applied yet")
    stage.alice.comment(stage.repo, number, "/unlock")
    stage.wait_for("the lock to be gone", lambda: "net:default" not in shell(stage, "locks"))
    stage.alice.comment(stage.repo, number, "/plan")
    stage.wait_for("new plans", lambda: len(list(stage.data.glob("artifacts/*"))) == 2)
    stage.bob.approve(stage.repo, number)
    stage.wait_for("the approval", lambda: "1 of 1 approval" in plan_comment(stage, number))
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "Applied")
    stage.wait_for("the locks to be gone", lambda: ":default" not in shell(stage, "locks"))
    assert "terraform_data" in state_of(stage, "other")


def test_without_a_plan_nothing_is_told_to_be_applied(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": "resource {\n", "web/main.tf": "resource {\n"})
    stage.wait_for_status(number, "gitops-bot/plan", "failure")
    stage.wait_for_status(number, "gitops-bot/apply", "pending")
    stage.alice.push(clone, {"net/main.tf": ONE, "web/main.tf": None}, "change", "Mend one, drop the other")
    applied(stage, number)
    stage.wait_for_status(number, "gitops-bot/apply", "success")


def test_a_lock_that_another_takes_is_told_where_it_blocks(stages: Callable[..., Stage]) -> None:
    stage = stages()
    clone = begin(stage, {"gitops.yaml": "version: 1\nmerge: manual\n"})
    first = propose(stage, clone, {"net/a.tf": slow(20)}, "first")
    second = propose(stage, clone, {"net/b.tf": ONE.replace("one", "b")}, "second")
    approved(stage, second)
    approved(stage, first)
    stage.alice.comment(stage.repo, first, "/apply")
    stage.wait_for("the lock to be told", lambda: "locked by" in plan_comment(stage, second))
    assert state_of(stage, "net") == ""  # while the apply runs
    stage.alice.comment(stage.repo, first, "/cancel")
    stage.wait_for_comment(first, "interrupted")


def test_the_log_tells_what_became_of_which_project(stages: Callable[..., Stage]) -> None:
    stage = stages({"LOG_FORMAT": "json"})
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE, "bad/main.tf": "resource {\n"})
    stage.wait_for_status(number, "gitops-bot/plan", "failure")
    stage.kill_bot(signal.SIGTERM)
    lines = [json.loads(line) for line in (stage.directory / "bot.log").read_text().splitlines() if line[:1] == "{"]
    about = {"repository": stage.repo, "pull": number}
    ends = [line for line in lines if "outcome" in line and about.items() <= line.items()]
    assert {(line["project"], line["outcome"]) for line in ends} == {("net", "done"), ("bad", "failed")}
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
