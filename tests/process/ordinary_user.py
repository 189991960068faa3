"""Processes of an ordinary user, as two of one user see each other; and a pipe at which whoever reads it waits."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.sandbox.running import until

NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become two processes of another user")


@contextmanager
def directory_with_pipe(name: str) -> Iterator[Path]:
    """A directory of the ordinary user's, with a pipe in it."""
    with tempfile.TemporaryDirectory() as directory:
        os.mkfifo(Path(directory, name))
        for path in (Path(directory), Path(directory, name)):
            os.chown(path, NOBODY, NOBODY)
        yield Path(directory)


def await_reader(child: "subprocess.Popen[bytes]", pipe: Path) -> int:
    """Wait until the child reads the pipe; the end to write to."""
    return until(lambda: _writer(child, pipe))


def _writer(child: "subprocess.Popen[bytes]", pipe: Path) -> int | None:
    assert child.poll() is None, child.communicate()
    with suppress(OSError):  # nobody reads yet
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    return None


def environment_of(pid: int) -> bytes:
    """What another process of the same ordinary user reads."""
    return subprocess.run([*AS_NOBODY, "cat", f"/proc/{pid}/environ"], capture_output=True, check=False).stdout
