"""The shell, run as a program."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bot.demo.stage import Stage
from tests.e2e.acting import ONE, approved, begin, bots_comments, propose
from tests.e2e.shell import shell

TOP = Path(__file__).resolve().parents[2]
HEAVY = ("dbos", "github", "sqlalchemy", "kubernetes", "flask")


def gitops_bot(*words: str, cwd: Path, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    own = {"PATH": os.defpath + ":/usr/local/bin", "PYTHONPATH": str(TOP)} | dict(env or {})
    return subprocess.run(
        [sys.executable, "-m", "bot", *words], cwd=cwd, env=own, capture_output=True, text=True, check=False
    )


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
    assert done.returncode == 2
    assert "GITHUB__WEBHOOK_SECRET" in done.stderr
    assert "Traceback" not in done.stderr


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
    assert done.returncode == 2
    assert "DATA_DIR" in done.stderr


def test_check_names_what_is_missing_and_exits_with_1(tmp_path: Path) -> None:
    env = {"GITOPS_BOT_DATA_DIR": str(tmp_path / "data")}
    done = gitops_bot("check", cwd=tmp_path, env=env)
    assert done.returncode == 1
    assert "✗ forge" in done.stdout
    assert "✓ git" in done.stdout


def test_beside_a_server_the_shell_lists_and_unlocks(stage: Stage) -> None:
    clone = begin(stage, {"gitops.yaml": "version: 1\nmerge: manual\n"})
    number = propose(stage, clone, {"net/main.tf": ONE})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.comment_with(number, "Applied")
    assert "apply" in shell(stage, "runs", "--pull", f"{stage.repo}#{number}")
    assert "net:default" in shell(stage, "locks")
    shell(stage, "unlock", f"{stage.repo}#{number}")
    stage.wait_for("the lock to be gone", lambda: "net:default" not in shell(stage, "locks"))
    stage.wait_for("the answer", lambda: any("Free again" in body for body in bots_comments(stage, number)))


def test_check_beside_a_server_finds_nothing_to_mend(stage: Stage) -> None:
    begin(stage)
    said = shell(stage, "check")
    assert "✗" not in said
    assert "acme/infra" in said


def test_a_second_server_on_the_same_data_is_refused(stage: Stage) -> None:
    done = gitops_bot("serve", cwd=stage.directory, env=stage.environment())
    assert done.returncode == 2
    assert "another gitops-bot" in done.stderr
