"""Every command hides its environment from others of its user before it does anything (R5 of what was found)."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.cli.main import parser
from tests.e2e.conftest import QUICK
from tests.process.ordinary_user import (
    AS_NOBODY,
    NOBODY,
    await_reader,
    directory_with_pipe,
    environment_of,
    needs_root,
)
from tests.shell.calling import PROGRAMS, TOP, environment
from tests.staging import Stage

SETTINGS_FILE = "settings.toml"
READING_SETTINGS = {
    "check": (),
    "freeze": ("why",),
    "locks": (),
    "plan": (),
    "runs": (),
    "serve": (),
    "thaw": (),
    "unlock": ("acme/infra#1",),
}


class OrdinaryStage(Stage):
    """One whose bot and forge run as an ordinary user."""

    def __enter__(self) -> "OrdinaryStage":
        self.directory.mkdir(parents=True)
        os.chown(self.directory, NOBODY, NOBODY)
        super().__enter__()
        return self

    def _spawn(self, name: str, argv: list[str], env: Mapping[str, str]) -> "subprocess.Popen[str]":
        return super()._spawn(name, [*AS_NOBODY, *argv], env)


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory of an ordinary user's, with a settings file at which whoever reads it waits."""
    with directory_with_pipe(SETTINGS_FILE) as directory:
        yield directory


@contextmanager
def waiting(words: list[str], env: Mapping[str, str], place: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A command of an ordinary user's, while it waits for its settings file; then it gets an empty one and ends."""
    command = [*AS_NOBODY, sys.executable, "-m", "bot", "--config", SETTINGS_FILE, *words]
    child = subprocess.Popen(
        command, cwd=place, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        writer = await_reader(child, place / SETTINGS_FILE)
        yield child
        os.close(writer)
        child.communicate(timeout=60)
    finally:
        child.kill()
        child.communicate()


@needs_root
@pytest.mark.parametrize("command", READING_SETTINGS)
def test_no_command_shows_its_environment_while_it_reads_its_settings(
    tmp_path: Path, place: Path, command: str
) -> None:
    env = environment(tmp_path / "home", GITHUB__TOKEN="a-token-of-the-forge", DATA_DIR="/proc/nope")
    with waiting([command, *READING_SETTINGS[command]], env, place) as child:
        assert environment_of(child.pid) == b""


def test_every_command_that_reads_settings_is_among_these() -> None:
    (commands,) = [action.choices for action in parser()._actions if isinstance(action.choices, dict)]
    assert set(commands) - set(READING_SETTINGS) == {"cluster", "completion", "demo", "sandbox", "setup"}


@needs_root
def test_beside_a_server_neither_it_nor_the_shell_shows_its_environment(place: Path) -> None:
    with OrdinaryStage(place / "stage", QUICK) as stage:
        env = {"PYTHONPATH": str(TOP), **stage.environment()}
        with waiting(["locks"], env, place) as shell:
            assert environment_of(shell.pid) == b""
            assert environment_of(stage.bot_pid) == b""
        assert shell.returncode == 0


def test_programs_that_libraries_start_are_given_no_setting_of_ours(tmp_path: Path, here: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    git = programs / "git"
    git.write_text(f'#!/bin/sh\nenv >> {tmp_path}/seen\nexec {shutil.which("git", path=PROGRAMS)} "$@"\n')
    git.chmod(0o755)
    env = environment(tmp_path / "home", GITHUB__TOKEN="a-token-of-the-forge", GITHUB__WEBHOOK_SECRET="another")
    for command in ("plan", "check"):
        words = [sys.executable, "-m", "bot", command]
        path = {"PATH": f"{programs}:{PROGRAMS}"}
        subprocess.run(words, cwd=here, env=env | path, capture_output=True, check=False)
    seen = (tmp_path / "seen").read_text()
    assert "GITOPS_BOT_" not in seen
    assert "a-token-of-the-forge" not in seen
