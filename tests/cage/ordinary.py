"""An ordinary user beside root: nobody, whose bot runs with nothing but what anybody may read."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.staging import Stage

NOBODY = 65534


def may_become_nobody() -> bool:
    return os.geteuid() == 0 and shutil.which("setpriv") is not None


def becoming(user: int | None) -> list[str]:
    """What to put before a command that a user shall run: nothing, when that is us."""
    return [] if user is None else ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--"]


@cache
def python_of(user: int | None) -> str:
    """A Python of our version that a user may run: ours, or the machine's. None of them leaves the test out."""
    if user is None or _runs_for(user, sys.executable):
        return sys.executable
    if path := next((path for path in ("/usr/bin/python3", "/usr/local/bin/python3") if _runs_for(user, path)), None):
        return path
    pytest.skip(f"user {user} may run no Python {sys.version_info[0]}.{sys.version_info[1]} here")


def _runs_for(user: int, program: str) -> bool:
    """Whether it is of our version. By way of a shell: what setpriv itself starts, it still finds as root."""
    ours = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    argv = [*becoming(user), "/bin/sh", "-c", 'exec "$0" "$@"', os.path.realpath(program), "-I", "-S", "-c", ours]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


class NobodysStage(Stage):
    """A stage whose bot runs as an ordinary user. Its directory must be one that everybody may look into."""

    def _spawn(self, name: str, argv: list[str], env: Mapping[str, str]) -> "subprocess.Popen[str]":
        if name != "bot":
            return super()._spawn(name, argv, env)
        self.data.mkdir(exist_ok=True)
        os.chown(self.data, NOBODY, NOBODY)
        packages = f"{Path(__file__).resolve().parents[2]}:{sysconfig.get_path('purelib')}"
        command = [*becoming(NOBODY), python_of(NOBODY), *argv[1:]]
        return super()._spawn(name, command, {**env, "PYTHONPATH": packages})
