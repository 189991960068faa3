"""Run a tool under a supervisor that outlives us, and find it again: start, status, wait, interrupt."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot import supervisor
from bot.atomic_file import replace_file
from bot.core.errors import ToolFailed
from bot.ports import Cage, Invocation

OUTPUT = "output"
MAX_READ_BYTES = 1024 * 1024
OUTPUT_CAP = 64 * 1024 * 1024
POLL_SECONDS = 0.05
CANCEL_POLL_SECONDS = 0.5


class AttemptState(StrEnum):
    """What can be told of an attempt. LOST: it began, and there is neither a supervisor nor an exit status."""

    NOT_STARTED = "never began"
    RUNNING = "running"
    ENDED = "ended"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class AttemptStatus:
    """`exit` is the tool's status, negative for a signal; None when the attempt is not ENDED."""

    state: AttemptState
    exit: int | None = None


def start(directory: Path, invocation: Invocation, cage: Cage) -> None:
    """Start the supervisor, unless it has begun already. Returns when it says that it has.

    The supervisor stands outside of the cage, the program inside where it is a foreign one.

    Raises ToolFailed when it cannot begin; nothing was changed then.
    """
    if status(directory).state is not AttemptState.NOT_STARTED:
        return
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_command(directory, invocation, cage)
    except OSError as error:
        raise ToolFailed(f"its supervisor did not begin; nothing was changed ({error.strerror})") from error
    child = subprocess.Popen(
        [sys.executable, "-I", "-m", supervisor.__name__, str(directory)],
        cwd="/",
        env={"PATH": os.defpath},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(target=child.wait, name="reaper", daemon=True).start()
    while not (directory / "started").exists() and child.poll() is None:
        time.sleep(POLL_SECONDS)
    if status(directory).state is AttemptState.NOT_STARTED:
        raise ToolFailed("its supervisor did not begin; nothing was changed (is the disk full?)")


def status(directory: Path) -> AttemptStatus:
    """Return how the attempt stands now."""
    exit = directory / "exit"
    if exit.exists():
        return AttemptStatus(AttemptState.ENDED, int(exit.read_text()))
    started = directory / "started"
    if not started.exists():
        return AttemptStatus(AttemptState.RUNNING if _is_locked(directory) else AttemptState.NOT_STARTED)
    if _is_alive(json.loads(started.read_text())):
        return AttemptStatus(AttemptState.RUNNING)
    return (
        AttemptStatus(AttemptState.ENDED, int(exit.read_text())) if exit.exists() else AttemptStatus(AttemptState.LOST)
    )


def wait(directory: Path, stopped: Callable[[], bool], on_output: Callable[[str], None] | None = None) -> AttemptStatus:
    """Follow the attempt to its end. When `stopped()` first turns true the tool is interrupted, once.

    `on_output` gets whole lines of the output as they come: each once, however often somebody begins to wait anew.
    """
    is_interrupted, next_poll, reader = False, 0.0, _OutputReader(directory)
    while (attempt := status(directory)).state is AttemptState.RUNNING:
        if not is_interrupted and time.monotonic() >= next_poll:
            next_poll = time.monotonic() + CANCEL_POLL_SECONDS
            if stopped():
                interrupt(directory)
                is_interrupted = True
        if on_output and (lines := reader.read_lines()):
            on_output(lines)
        time.sleep(POLL_SECONDS)
    while on_output and (lines := reader.read_lines(to_end=True)):
        on_output(lines)
    return attempt


class _OutputReader:
    """What of an attempt's output nobody has heard yet. How far that is stands beside it, while the disk takes it."""

    def __init__(self, directory: Path) -> None:
        self._output, self._offset_file = directory / OUTPUT, directory / "heard"
        self._offset = int(self._offset_file.read_text()) if self._offset_file.exists() else 0

    def read_lines(self, to_end: bool = False) -> str:
        """Some whole lines, if there are any; `to_end` also what comes after the last."""
        if not self._output.exists():
            return ""
        with self._output.open("rb") as output:
            output.seek(self._offset)
            chunk = output.read(MAX_READ_BYTES)
        lines = chunk if to_end and len(chunk) < MAX_READ_BYTES else chunk[: chunk.rfind(b"\n") + 1]
        lines = lines or (chunk if len(chunk) == MAX_READ_BYTES else b"")
        self._offset += len(lines)
        if lines:
            self._save_offset()
        return lines.decode(errors="replace")

    def _save_offset(self) -> None:
        with suppress(OSError):
            replace_file(self._offset_file, str(self._offset).encode())


def interrupt(directory: Path) -> None:
    """Send SIGINT to the tool's group, as Ctrl-C would."""
    tool = directory / "tool"
    if tool.exists() and status(directory).state is AttemptState.RUNNING:
        try:
            os.killpg(int(tool.read_text()), signal.SIGINT)
        except ProcessLookupError:
            return


def _write_command(directory: Path, invocation: Invocation, cage: Cage) -> None:
    command = {
        "argv": list(invocation.argv),
        "cwd": str(invocation.cwd),
        "env": dict(invocation.env),
        "cap": OUTPUT_CAP,
        "cage": cage.record(invocation.reach) if invocation.reach else None,
    }
    replace_file(directory / "command.json", json.dumps(command).encode())


def _is_locked(directory: Path) -> bool:
    """Tell whether a supervisor holds the directory's lock: it is about to begin."""
    if not (directory / "lock").exists():
        return False
    with (directory / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _is_alive(started: dict[str, str | int]) -> bool:
    """Tell whether the very process that wrote this still runs: same boot, same id, same start."""
    start_time = supervisor.start_time(int(started["pid"]))
    return started["boot"] == supervisor.boot_id() and bool(start_time) and start_time == started["since"]
