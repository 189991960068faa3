"""The shell, run as a program."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.acting import approved, begin, bots_comments, propose
from tests.e2e.shell import shell
from tests.shell.calling import ONE, TOP, gitops_bot
from tests.staging import Stage

HEAVY = ("dbos", "github", "sqlalchemy", "kubernetes", "flask", "pydantic", "rich")


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['gitops-bot', '--help']\n"
        "from bot.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"sys.exit(' '.join(name for name in {HEAVY!r} if name in sys.modules) or 0)"
    )
    env = {"PATH": os.defpath, "PYTHONPATH": str(TOP)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "serve" in done.stdout


def test_serve_without_a_secret_refuses_in_one_line_that_names_it(tmp_path: Path) -> None:
    env = {"GITOPS_BOT_GITHUB__TOKEN": "x", "GITOPS_BOT_DATA_DIR": str(tmp_path / "data")}
    done = gitops_bot("serve", cwd=tmp_path, env=env)
    assert done.returncode == 3
    assert "GITHUB__WEBHOOK_SECRET" in done.stderr


def test_a_demo_without_terraform_says_what_to_install(tmp_path: Path) -> None:
    done = gitops_bot("demo", cwd=tmp_path, env={"PATH": str(tmp_path)})
    assert done.returncode == 3
    assert "install" in done.stdout


def test_plan_of_a_directory_tells_changes_by_its_exit_status_and_leaves_nothing_behind(tmp_path: Path) -> None:
    project = tmp_path / "net"
    project.mkdir()
    (project / "main.tf").write_text(ONE)
    done = gitops_bot("plan", str(project), cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "terraform_data.one" in done.stdout
    assert [path.name for path in project.iterdir()] == ["main.tf"]
    (project / "main.tf").write_text("# nothing\n")
    assert gitops_bot("plan", str(project), cwd=tmp_path).returncode == 0


def test_plan_as_json_has_the_counts(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(ONE)
    done = gitops_bot("plan", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["counts"]["create"] == 1


def test_a_mistyped_setting_is_named_with_the_likely_one(tmp_path: Path) -> None:
    done = gitops_bot("runs", cwd=tmp_path, env={"GITOPS_BOT_DATADIR": "x"})
    assert done.returncode == 3
    assert "DATA_DIR" in done.stderr


def test_beside_a_server_the_shell_lists_and_unlocks(stage: Stage) -> None:
    clone = begin(stage, {"gitops.yaml": "version: 1\nmerge: manual\n"})
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "Applied")
    run = json.loads(shell(stage, "runs", "--json", "--pull", f"{stage.repo}#{number}"))[0]
    assert (run["kind"], run["asked_by"], run["why"]) == ("apply", "alice", "a comment")
    heading, *_, plan = shell(stage, "runs").splitlines()
    assert heading.split("\t") == ["RUN", "KIND", "PULL", "STATE", "ASKED BY", "WHY", "BEGAN", "NOTE"]
    assert "the pull request was opened" in plan.split("\t")
    lock = json.loads(shell(stage, "locks", "--json"))["locks"][0]
    assert (lock["place"], lock["held_by"], lock["taken_by"]) == ("net:default", f"{stage.repo}#{number}", "alice")
    shell(stage, "unlock", f"{stage.repo}#{number}")
    stage.wait_for("the lock to be gone", lambda: "net:default" not in shell(stage, "locks"))
    stage.wait_for("the answer", lambda: any("Free again" in body for body in bots_comments(stage, number)))


def test_a_second_server_on_the_same_data_is_refused(stage: Stage) -> None:
    done = gitops_bot("serve", cwd=stage.directory, env=stage.environment())
    assert done.returncode == 3
    assert "another gitops-bot" in done.stderr
