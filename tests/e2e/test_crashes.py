"""The bot is killed, stopped, cut off from its forge: nothing accepted is lost, nothing is done twice."""

import contextlib
import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.acting import ONE, WRITES, applied, approved, begin, bots_comments, plan_comment, propose, slow, state_of
from tests.e2e.shell import shell
from tests.staging import Stage

RUNS_ONCE = slow(2).replace("echo begun;", "echo run >> TALLY;")


@pytest.fixture
def stage(stages: Callable[..., Stage]) -> Stage:
    """One that may be killed."""
    return stages()


def counted(stage: Stage) -> str:
    """A project whose provisioner leaves a line each time it runs."""
    return RUNS_ONCE.replace("TALLY", str(stage.outside / "tally"))


def test_a_bot_killed_in_mid_apply_finds_the_apply_again_and_tells_it(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": counted(stage)})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: (stage.outside / "tally").exists())
    stage.kill_bot()
    stage.start_bot()
    stage.wait_for_merge(number)
    stage.wait_for_comment(number, "Applied", "Merged as")
    assert (stage.outside / "tally").read_text() == "run\n"
    assert state_of(stage, "net").count('"name": "slow"') == 1


def test_an_apply_that_ends_while_the_bot_is_down_is_told_when_it_comes_back(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": counted(stage)})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: (stage.outside / "tally").exists())
    stage.kill_bot()
    stage.wait_for("the apply's end", lambda: list(stage.data.glob("applies/*/exit")))
    stage.start_bot()
    stage.wait_for_comment(number, "Applied", "Merged as")
    assert (stage.outside / "tally").read_text() == "run\n"


def test_an_apply_whose_supervisor_died_too_is_unknown_and_never_repeated(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": counted(stage)})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: (stage.outside / "tally").exists())
    stage.kill_bot()
    attempt = next(stage.data.glob("applies/*"))
    os.kill(json.loads((attempt / "started").read_text())["pid"], signal.SIGKILL)
    os.killpg(int((attempt / "tool").read_text()), signal.SIGKILL)
    stage.start_bot()
    stage.wait_for_comment(number, "unknown", "/plan")
    assert (stage.outside / "tally").read_text() == "run\n"
    assert not stage.alice.pull(stage.repo, number)["merged"]


def test_a_process_that_got_the_supervisors_number_is_not_taken_for_it(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": slow(60)})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: list(stage.data.glob("applies/*/tool")))
    stage.kill_bot()
    attempt = next(stage.data.glob("applies/*"))
    started = json.loads((attempt / "started").read_text())
    os.kill(started["pid"], signal.SIGKILL)
    os.killpg(int((attempt / "tool").read_text()), signal.SIGKILL)
    (attempt / "started").write_text(json.dumps(started | {"pid": os.getpid()}))
    stage.start_bot()
    stage.wait_for_comment(number, "unknown", "/plan")


def test_an_apply_whose_intent_cannot_be_written_begins_nothing(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": counted(stage)})
    approved(stage, number)
    with contextlib.closing(sqlite3.connect(stage.data / "store.sqlite")) as store:
        store.execute("create trigger full before insert on intent begin select raise(abort, 'no room'); end")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "itself broke (IntegrityError)")
    assert not list(stage.data.glob("applies/*/started"))
    assert not (stage.outside / "tally").exists()
    assert state_of(stage, "net") == ""


@pytest.mark.parametrize("moment", [0.0, 0.05, 0.15, 0.3, 0.5, 0.8])
def test_killed_at_any_moment_of_a_plan_it_is_finished_after_the_restart(stage: Stage, moment: float) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {f"{name}/main.tf": ONE for name in "abc"})
    time.sleep(moment)  # the moment is the case
    stage.kill_bot()
    stage.start_bot()
    stage.wait_for_comment(number, "3 to create", "What blocks the apply")
    plan_comment(stage, number)
    stage.wait_for_status(number, "gitops-bot/plan", "success")


@pytest.mark.parametrize("moment", [0.0, 0.1, 0.25, 0.5, 0.9])
def test_killed_at_any_moment_of_an_apply_it_is_applied_once(stage: Stage, moment: float) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": counted(stage)})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    time.sleep(moment)  # the moment is the case
    stage.kill_bot()
    stage.start_bot()
    stage.wait_for_merge(number)
    assert (stage.outside / "tally").read_text() == "run\n"
    assert len([body for body in bots_comments(stage, number) if '"topic": "apply:' in body]) == 1


def test_a_command_given_while_the_bot_was_down_is_carried_out_when_it_is_back(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    stage.kill_bot()
    stage.alice.comment(stage.repo, number, "/apply")
    stage.start_bot()
    stage.wait_for_merge(number)


def test_a_command_that_reaches_the_bot_late_is_answered_and_not_carried_out(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    stage.kill_bot()
    comment = stage.alice.comment(stage.repo, number, "/apply")
    written(stage, comment, timedelta(minutes=11))
    attempts = attempts_of_last_delivery(stage)
    stage.start_bot()
    stage.alice.api("POST", attempts)
    stage.wait_for_comment(number, "/apply", "reached me 11 minutes after it was written")
    assert not stage.alice.reactions(stage.repo, comment)
    assert "\tapply\t" not in shell(stage, "runs")
    assert state_of(stage, "net") == ""


def written(stage: Stage, comment: int, ago: timedelta) -> None:
    """Have the forge say that the comment was written so long ago."""
    path = f"/repos/{stage.repo}/contents"
    kept = stage.forge.control("GET", path)
    moment = (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
    kept["comments"][str(comment)] |= {"created_at": moment, "updated_at": moment}
    stage.forge.control("PUT", path, **kept)


def attempts_of_last_delivery(stage: Stage) -> str:
    """Where to ask the forge to tell once more what it told last."""
    hook = stage.alice.api("GET", f"/repos/{stage.repo}/hooks")[0]["id"]
    deliveries = f"/repos/{stage.repo}/hooks/{hook}/deliveries"
    return f"{deliveries}/{stage.alice.api('GET', deliveries)[0]['id']}/attempts"


def test_lost_webhooks_are_made_up_for_by_the_sweep(stage: Stage) -> None:
    clone = begin(stage)
    stage.forge.faults(lose_webhooks=1000)
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)
    stage.forge.faults()


def test_sigterm_waits_for_an_apply_and_tells_it(stages: Callable[..., Stage]) -> None:
    stage = stages({"STOP_GRACE": "30s"})
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": counted(stage)})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: (stage.outside / "tally").exists())
    assert stage.kill_bot(signal.SIGTERM) == 0
    assert list(stage.data.glob("applies/*/exit")) or not list(stage.data.glob("applies/*"))
    stage.start_bot()
    stage.wait_for_merge(number)
    assert (stage.outside / "tally").read_text() == "run\n"


def test_sigterm_interrupts_an_apply_that_outlasts_the_grace(stages: Callable[..., Stage]) -> None:
    stage = stages({"STOP_GRACE": "1s"})
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": slow(60)})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: list(stage.data.glob("applies/*/tool")))
    assert stage.kill_bot(signal.SIGTERM) == 0
    stage.start_bot()
    stage.wait_for_comment(number, "interrupted")


def test_a_plan_stopped_by_sigterm_runs_again_after_the_start(stage: Stage) -> None:
    clone = begin(stage)

    number = propose(stage, clone, {f"{name}/main.tf": ONE for name in "abcdef"})
    stage.wait_for_comment(number, "plan")
    stage.kill_bot(signal.SIGTERM)
    stage.start_bot()
    stage.wait_for_comment(number, "6 to create", "What blocks the apply")


def test_a_comment_whose_answer_was_lost_is_not_posted_twice(stage: Stage) -> None:
    clone = begin(stage)
    lost = {"method": "POST", "path": "/issues/\\d+/comments$", "status": 502, "times": 1, "kind": "after"}
    stage.forge.faults(fail=[lost])
    stage.alice.git(clone, "checkout", "--quiet", "main")
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "1 to create", "What blocks the apply")
    plan_comment(stage, number)


def test_a_forge_that_is_down_for_a_while_loses_nothing(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": counted(stage)})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: (stage.outside / "tally").exists())
    stage.forge.faults(fail=[{"path": path, "method": method, "status": 503, "times": 5} for method, path in WRITES])
    stage.wait_for("the apply's end", lambda: "slow" in state_of(stage, "net"))
    stage.wait_for_merge(number)
    assert (stage.outside / "tally").read_text() == "run\n"


def test_a_webhook_that_comes_twice_is_one(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "What blocks the apply")
    hook = stage.alice.api("GET", f"/repos/{stage.repo}/hooks")[0]["id"]
    deliveries = stage.alice.api("GET", f"/repos/{stage.repo}/hooks/{hook}/deliveries?per_page=100")
    opened = next(d for d in deliveries if d["event"] == "pull_request")
    before = shell(stage, "runs")
    stage.alice.api("POST", f"/repos/{stage.repo}/hooks/{hook}/deliveries/{opened['id']}/attempts")
    applied(stage, number)
    assert shell(stage, "runs").count("\tplan\t") == before.count("\tplan\t") == 1
