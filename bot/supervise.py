"""Run a tool under a supervisor that outlives us, and find it again: begin, look, wait, interrupt."""

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
from bot.core.errors import ToolFailed
from bot.ports import Invocation

OUTPUT = "output"
MOST_HEARD = 1024 * 1024
CAP = 64 * 1024 * 1024
LOOK_SECONDS = 0.05
ASK_SECONDS = 0.5


class Standing(StrEnum):
    """What can be told of an attempt. LOST: it began, and there is neither a supervisor nor an exit status."""

    NEVER_BEGAN = "never began"
    RUNNING = "running"
    ENDED = "ended"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class End:
    """`exit` is the tool's status, negative for a signal; None when the attempt is not ENDED."""

    standing: Standing
    exit: int | None = None


def begin(directory: Path, invocation: Invocation) -> None:
    """Start the supervisor, unless it has begun already. Returns when it says that it has; raises ToolFailed."""
    if look(directory).standing is not Standing.NEVER_BEGAN:
        return
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_command(directory, invocation)
    except OSError as why:
        raise ToolFailed(f"its supervisor did not begin; nothing was changed ({why.strerror})") from why
    child = subprocess.Popen(
        [sys.executable, "-I", supervisor.__file__, str(directory)],
        cwd="/",
        env={"PATH": os.defpath},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(target=child.wait, name="reaper", daemon=True).start()
    while not (directory / "started").exists() and child.poll() is None:
        time.sleep(LOOK_SECONDS)
    if look(directory).standing is Standing.NEVER_BEGAN:
        raise ToolFailed("its supervisor did not begin; nothing was changed (is the disk full?)")


def look(directory: Path) -> End:
    """How the attempt stands now."""
    exit = directory / "exit"
    if exit.exists():
        return End(Standing.ENDED, int(exit.read_text()))
    started = directory / "started"
    if not started.exists():
        return End(Standing.RUNNING if _held(directory) else Standing.NEVER_BEGAN)
    if _lives(json.loads(started.read_text())):
        return End(Standing.RUNNING)
    return End(Standing.ENDED, int(exit.read_text())) if exit.exists() else End(Standing.LOST)


def wait(directory: Path, stopped: Callable[[], bool], hear: Callable[[str], None] | None = None) -> End:
    """Follow the attempt to its end. When `stopped()` first turns true the tool is interrupted, once.

    `hear` gets whole lines of the output as they come: each once, however often somebody begins to wait anew.
    """
    interrupted, ask_at, news = False, 0.0, _News(directory)
    while (end := look(directory)).standing is Standing.RUNNING:
        if not interrupted and time.monotonic() >= ask_at:
            ask_at = time.monotonic() + ASK_SECONDS
            if stopped():
                interrupt(directory)
                interrupted = True
        if hear and (lines := news.lines()):
            hear(lines)
        time.sleep(LOOK_SECONDS)
    while hear and (lines := news.lines(ended=True)):
        hear(lines)
    return end


class _News:
    """What of an attempt's output nobody has heard yet. How far that is stands beside it, while the disk takes it."""

    def __init__(self, directory: Path) -> None:
        self._output, self._note = directory / OUTPUT, directory / "heard"
        self._at = int(self._note.read_text()) if self._note.exists() else 0

    def lines(self, ended: bool = False) -> str:
        """Some whole lines, if there are any; once it has `ended`, also what comes after the last."""
        if not self._output.exists():
            return ""
        with self._output.open("rb") as output:
            output.seek(self._at)
            piece = output.read(MOST_HEARD)
        whole = piece if ended and len(piece) < MOST_HEARD else piece[: piece.rfind(b"\n") + 1]
        whole = whole or (piece if len(piece) == MOST_HEARD else b"")
        self._at += len(whole)
        if whole:
            self._remember()
        return whole.decode(errors="replace")

    def _remember(self) -> None:
        with suppress(OSError):
            aside = self._note.with_name("heard.new")
            aside.write_text(str(self._at))
            os.replace(aside, self._note)


def interrupt(directory: Path) -> None:
    """Send SIGINT to the tool's group, as Ctrl-C would."""
    tool = directory / "tool"
    if tool.exists() and look(directory).standing is Standing.RUNNING:
        try:
            os.killpg(int(tool.read_text()), signal.SIGINT)
        except ProcessLookupError:
            return


def _write_command(directory: Path, invocation: Invocation) -> None:
    command = {
        "argv": list(invocation.argv),
        "cwd": str(invocation.cwd),
        "env": dict(invocation.env),
        "cap": CAP,
    }
    aside = directory / "command.new"
    aside.touch(mode=0o600)
    aside.write_text(json.dumps(command))
    os.replace(aside, directory / "command.json")


def _held(directory: Path) -> bool:
    """A supervisor holds the directory's lock: it is about to begin."""
    if not (directory / "lock").exists():
        return False
    with (directory / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _lives(started: dict[str, str | int]) -> bool:
    """The very process that wrote this still runs: same boot, same id, same start."""
    since = supervisor.since(int(started["pid"]))
    return started["boot"] == supervisor.boot() and bool(since) and since == started["since"]
