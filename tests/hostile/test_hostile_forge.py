"""The forge takes something away: a repository, a token, its answers for a while. What was accepted is kept."""

import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.engine import MAX_ATTEMPTS, retry_delay
from tests.e2e.acting import ONE, WRITES, applied, approved, begin, bots_comments, plan_comment, propose, slow, state_of
from tests.e2e.app_stage import AppStage, app_stage  # noqa: F401  # a fixture
from tests.e2e.shell import shell
from tests.hostile.programs import install, path_with, uses
from tests.staging import Stage


def alive(stage: Stage) -> None:
    """It is the process that it was, and works."""
    assert stage._bot is not None
    assert stage._bot.poll() is None
    assert "ended by a bug" not in stage.bot_log_tail()


@pytest.fixture
def waiting(stages: Callable[..., Stage], tmp_path: Path) -> tuple[Stage, Path]:
    """A stage with `terraform-waitsplan`, which goes on once `go` is there; and where that is."""
    programs = tmp_path / "programs"
    return stages(install(programs), path=path_with(programs)), programs


def held(stage: Stage, programs: Path) -> tuple[Path, int]:
    """A pull request whose plan waits; alice's clone and the pull's number."""
    clone = begin(stage)
    number = propose(stage, clone, {"gitops.yaml": uses("waitsplan", "net"), "net/main.tf": ONE})
    stage.wait_for("the tool", lambda: (programs / "waiting").exists())
    return clone, number


def test_a_repository_deleted_before_its_plan_leaves_the_others_alone(stage: Stage) -> None:
    clone = begin(stage)
    stage.forge.repository("acme", "other", {"alice": "admin", stage.bot.login: "write"})
    stage.signal_bot(19)  # stopped, so that the delivery waits at its door
    propose(stage, clone, {"net/main.tf": ONE})
    stage.forge.control("DELETE", f"/repos/{stage.repo}")
    stage.signal_bot(18)
    gone, stage.repo = stage.repo, "acme/other"
    others = stage.alice.clone(stage.repo, stage.directory / "others")
    stage.alice.push(others, {"README.md": "here\n"}, "main", "Begin")
    number = propose(stage, others, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "1 to create", "What blocks the apply")
    assert "Traceback" not in (stage.directory / "bot.log").read_text(), gone
    alive(stage)


def test_a_repository_deleted_during_a_plan_leaves_the_others_alone(waiting: tuple[Stage, Path]) -> None:
    stage, programs = waiting
    held(stage, programs)
    stage.forge.repository("acme", "other", {"alice": "admin", stage.bot.login: "write"})
    stage.forge.control("DELETE", f"/repos/{stage.repo}")
    (programs / "go").touch()
    stage.repo = "acme/other"
    others = stage.alice.clone(stage.repo, stage.directory / "others")
    stage.alice.push(others, {"README.md": "here\n"}, "main", "Begin")
    number = propose(stage, others, {"net/main.tf": ONE})
    stage.wait_for_comment(number, "1 to create", "What blocks the apply")
    stage.wait_for("the end of its run", lambda: '"running"' not in shell(stage, "runs", "--json"))
    assert "Traceback" not in (stage.directory / "bot.log").read_text()
    alive(stage)


def test_a_branch_deleted_before_its_plan_is_no_harm(stage: Stage) -> None:
    clone = begin(stage)
    stage.signal_bot(19)
    number = propose(stage, clone, {"net/main.tf": ONE})
    stage.alice.git(clone, "push", "--quiet", "origin", ":refs/heads/change")
    stage.signal_bot(18)
    stage.wait_for_comment(number, "1 to create", "What blocks the apply")


DAMAGES: dict[str, Callable[[Path], None]] = {
    "without its head": lambda mirror: (mirror / "HEAD").unlink(),
    "with cut objects": lambda mirror: _cut(mirror),
    "with objects gone": lambda mirror: _put_away(mirror / "objects"),
    "with junk for refs": lambda mirror: _junk(mirror),
    "with junk for a configuration": lambda mirror: (mirror / "config").write_text("[core\n"),
    "that is a file": lambda mirror: _turn_into_a_file(mirror),
    "that is gone": lambda mirror: _put_away(mirror),
}


def _put_away(path: Path) -> Path:
    return path.rename(path.with_name("away"))


def _turn_into_a_file(mirror: Path) -> None:
    _put_away(mirror)
    mirror.write_text("junk")


def _cut(mirror: Path) -> None:
    for path in (mirror / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(path.read_bytes()[:10])


def _junk(mirror: Path) -> None:
    for path in (mirror / "refs").rglob("*"):
        if path.is_file():
            path.write_text("junk\n")


def _land_elsewhere(stage: Stage, clone: Path) -> None:
    """The base moves on after the plan, by a file that no project reads."""
    stage.alice.git(clone, "checkout", "--quiet", "main")
    stage.alice.push(clone, {"NOTES": "words\n"}, "main", "Elsewhere")


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_mirror(stage: Stage, kind: str) -> None:
    """It is a copy of what the forge has, so it is fetched anew; what was planned stays approved and is applied."""
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    (mirror,) = stage.data.glob("mirrors/*.git")
    stage.signal_bot(19)  # it would fetch what lands, and write where something is being damaged
    _land_elsewhere(stage, clone)
    DAMAGES[kind](mirror)
    stage.signal_bot(18)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)
    other = propose(stage, clone, {"other/main.tf": ONE}, "other")
    stage.wait_for_comment(other, "1 to create", "What blocks the apply")
    alive(stage)


def test_an_apps_token_that_ends_in_mid_apply_is_renewed_and_the_apply_is_told(app_stage: AppStage) -> None:  # noqa: F811
    stage = app_stage
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": slow(2)})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: list(stage.data.glob("applies/*/tool")))
    stage.forge.end_tokens(seconds=2)
    stage.wait_for_merge(number)
    stage.wait_for_comment(number, "Applied", "Merged as")


def test_a_token_that_the_forge_does_not_take_for_a_while_loses_nothing(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": slow(1)})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: list(stage.data.glob("applies/*/tool")))
    stage.forge.faults(fail=[{"path": path, "method": method, "status": 401, "times": 3} for method, path in WRITES])
    stage.wait_for_merge(number)
    stage.wait_for_comment(number, "Applied", "Merged as")
    assert len([body for body in bots_comments(stage, number) if '"topic": "apply:' in body]) == 1


def test_a_command_given_just_before_the_token_ended_is_carried_out_when_it_is_taken_again(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    stage.signal_bot(19)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.forge.faults(fail=[{"path": r"/issues/comments/\d+$", "method": "GET", "status": 401, "times": 3}])
    stage.signal_bot(18)
    stage.wait_for_merge(number)


def test_a_forge_that_goes_away_and_comes_back_is_told_all_once(stage: Stage) -> None:
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": slow(1)})
    approved(stage, number)
    other = propose(stage, clone, {"other/main.tf": ONE}, "other")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: list(stage.data.glob("applies/*/tool")))
    stage.forge.faults(down=True)
    stage.wait_for("the apply's end", lambda: "slow" in state_of(stage, "net"))
    stage.wait_for("many tries", lambda: (stage.directory / "bot.log").read_text().count("tries again") > 5)
    stage.forge.faults()
    stage.wait_for_merge(number)
    stage.wait_for_status(number, "gitops-bot/apply", "success")
    assert "1 to create" in stage.wait_for_comment(other, "What blocks the apply")
    for one in (number, other):
        topics = [body.partition("-->")[0] for body in bots_comments(stage, one)]
        assert len(topics) == len(set(topics))


def test_the_pauses_between_a_jobs_tries_add_up_to_more_than_an_hour() -> None:
    waits = [retry_delay(attempt) for attempt in range(1, MAX_ATTEMPTS + 1)]
    assert sum(waits) > 90 * 60
    assert waits[0] <= 1
    assert max(waits) <= 120


def test_what_was_pushed_and_asked_while_the_forge_lost_every_webhook_is_done_in_the_end(stage: Stage) -> None:
    clone = begin(stage)
    stage.forge.faults(down=True, lose_webhooks=1000)
    stage.wait_for("a sweep in vain", lambda: "sweep:" in (stage.directory / "bot.log").read_text())
    stage.forge.faults(lose_webhooks=1000)
    number = propose(stage, clone, {"net/main.tf": ONE})
    applied(stage, number)
    plan_comment(stage, number)


def test_a_revoked_token_is_told_by_readiness_and_metrics_and_work_goes_on_with_the_next(
    stages: Callable[..., Stage],
) -> None:
    stage = stages({"SWEEP_EVERY": "2s"})
    clone = begin(stage)
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    reads = (r"/user/repos", r"/repos/[^/]+/[^/]+$", r"/issues/comments/\d+$")
    stage.forge.faults(fail=[{"path": path, "method": "GET", "status": 401, "times": 500} for path in reads])
    stage.wait_for("readiness to tell", lambda: "does not take" in _look(stage, "/readyz"))
    assert 'gitops_bot_forge_failing{host="github"} 1.0' in _look(stage, "/metrics")
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("a job to wait", lambda: "oldest_waiting_job_seconds 0.0" not in _look(stage, "/metrics"))
    stage.forge.faults()
    stage.wait_for_merge(number)
    stage.wait_for("readiness", lambda: _look(stage, "/readyz").startswith("ok\n"))
    assert 'gitops_bot_forge_errors_total{host="github",kind="unwelcome"}' in _look(stage, "/metrics")


def _look(stage: Stage, path: str) -> str:
    try:
        with urllib.request.urlopen(f"{stage.bot_url}{path}") as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()
