"""What the commands beside a server print: for people, when piped, and as JSON."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.shell.calling import environment, gitops_bot


def test_without_runs_and_locks_it_says_so(here: Path, worked: Path) -> None:
    assert gitops_bot("runs", cwd=here, DATA_DIR=str(worked)).stdout == "no runs yet\n"
    assert gitops_bot("locks", cwd=here, DATA_DIR=str(worked)).stdout == "no locks\n"
    assert json.loads(gitops_bot("runs", "--json", cwd=here, DATA_DIR=str(worked)).stdout) == []


def test_a_freeze_names_its_store_and_what_goes_on(here: Path, worked: Path) -> None:
    said = gitops_bot("freeze", "release night", cwd=here, DATA_DIR=str(worked)).stdout
    assert str(worked / "store.sqlite") in said
    assert "Applies of projects that already run go on; further projects of a running apply do not start." in said
    assert "release night" in gitops_bot("locks", cwd=here, DATA_DIR=str(worked)).stdout
    thawed = gitops_bot("thaw", cwd=here, DATA_DIR=str(worked)).stdout
    assert "applies may go on" in thawed
    assert "Nothing was frozen" in gitops_bot("thaw", cwd=here, DATA_DIR=str(worked)).stdout


def test_locks_as_json_have_the_freeze(here: Path, worked: Path) -> None:
    assert json.loads(gitops_bot("locks", "--json", cwd=here, DATA_DIR=str(worked)).stdout)["freeze"] is None
    gitops_bot("freeze", "release night", cwd=here, DATA_DIR=str(worked), env={"LOGNAME": "alice"})
    said = json.loads(gitops_bot("locks", "--json", cwd=here, DATA_DIR=str(worked)).stdout)
    assert said["locks"] == []
    assert (said["freeze"]["reason"], said["freeze"]["by"]) == ("release night", "alice")
    assert set(said["freeze"]) == {"reason", "by", "since"}


def test_a_reason_full_of_brackets_and_escapes_is_only_text(here: Path, worked: Path) -> None:
    gitops_bot("freeze", "[/red] \x1b[2J", cwd=here, DATA_DIR=str(worked))
    done = gitops_bot("locks", cwd=here, DATA_DIR=str(worked))
    assert done.returncode == 0
    assert "[/red]" in done.stdout
    assert "\x1b" not in done.stdout


def test_settings_may_come_from_a_file(here: Path, worked: Path) -> None:
    (here / "bot.toml").write_text(f'data_dir = "{worked}"\n')
    assert gitops_bot("--config", "bot.toml", "runs", cwd=here).returncode == 0


def test_whoever_reads_only_the_first_line_is_no_error(here: Path) -> None:
    command = [sys.executable, "-m", "bot", "check"]
    env = environment(here.parent / "home")
    with subprocess.Popen(command, cwd=here, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_on_a_terminal_the_counts_of_a_plan_are_there_and_it_says_what_it_does(here: Path) -> None:
    (here / "main.tf").write_text('resource "terraform_data" "one" {}\n')
    mine, theirs = pty.openpty()
    command = [sys.executable, "-m", "bot", "plan"]
    env = environment(here.parent / "home") | {"TERM": "xterm"}
    done = subprocess.run(command, cwd=here, env=env, stdout=theirs, stderr=theirs, stdin=theirs, check=False)
    os.close(theirs)
    said = b""
    while piece := _read(mine):
        said += piece
    os.close(mine)
    assert done.returncode == 2
    assert "planning" in said.decode()
    assert "1 to create" in said.decode()


def _read(terminal: int) -> bytes:
    """A terminal whose other side is closed fails when it is empty."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""
