"""The only door to other programs: a list, never a shell; the whole environment, never ours; one group."""

import ctypes
import os
import select
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bot.core.errors import ToolFailed

LIMIT = 64 * 1024 * 1024
LOG_LIMIT = 64 * 1024 * 1024
LOOK_SECONDS = 0.3
GRACE_SECONDS = 10.0
PIECE = 65536
LONGEST_LINE = 1024 * 1024
PR_SET_DUMPABLE = 4
TAIL = 64 * 1024
CUT = b"\n[cut: the output is longer than is kept]\n"
TOO_LONG = "[a line is left out here: it is too long]\n"


@dataclass(frozen=True, slots=True)
class Completed:
    """How a program ended. `exit` is None when we ended it: it was `stopped`, or `timed_out`."""

    argv: tuple[str, ...]
    exit: int | None
    raw: bytes
    err: str
    stopped: bool = False
    timed_out: bool = False

    @property
    def out(self) -> str:
        return self.raw.decode(errors="surrogateescape")


@dataclass(frozen=True, slots=True)
class Log:
    """A file that grows with whole lines as a program says them: with as much of them as `keep` gives back."""

    path: Path
    keep: Callable[[str], str]


def run(  # noqa: PLR0913  # one door, each word of it named
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
    log: Log | None = None,
    stopped: Callable[[], bool] | None = None,
    stdin: bytes = b"",
    limit: int = LIMIT,
) -> Completed:
    """Run a program to its end; it dies with us. Raises ToolFailed when there is no such program.

    `timeout` is in seconds; after it, or once `stopped()` is true, the group gets SIGINT and a while later SIGKILL.
    Output is kept up to `limit` bytes a stream and, with `log`, told there line by line, up to LOG_LIMIT in all.
    However much it is, and however full the disk, the program never notices.
    """
    child = _start(argv, cwd, env, has_input=bool(stdin))
    out, err = _Copy(child.stdout, log, limit), _Copy(child.stderr, log, limit)
    if child.stdin:
        _feed(child.stdin, stdin)
    why = _watch(child, time.monotonic() + timeout, stopped)
    _end(child) if why else None
    return Completed(
        tuple(argv),
        None if why else child.returncode,
        out.kept(),
        err.kept().decode(errors="replace"),
        why == "stopped",
        why == "timed out",
    )


class Dialogue:
    """A program that is asked on its input and answers on its output, until it is closed. It dies with its thread."""

    def __init__(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        self._child = _start(argv, cwd, env, has_input=True, err=subprocess.DEVNULL)

    def ask(self, question: bytes) -> IO[bytes]:
        """Send the question; where to read the answer. Raises ToolFailed when the program has ended."""
        if not self._child.stdin or not self._child.stdout:
            raise ToolFailed("it was not started with pipes")
        try:
            self._child.stdin.write(question)
            self._child.stdin.flush()
        except BrokenPipeError as gone:
            raise ToolFailed("a program ended while it was asked") from gone
        return self._child.stdout

    def close(self) -> None:
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                with suppress(BrokenPipeError):
                    pipe.close()
        if not _ended(self._child, GRACE_SECONDS):
            _end(self._child)


def conceal() -> None:
    """Keep the programs that we run as the same user from reading this process' environment and memory. Linux only."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _start(
    argv: Sequence[str], cwd: Path, env: Mapping[str, str], has_input: bool, err: int = subprocess.PIPE
) -> "subprocess.Popen[bytes]":
    path = env.get("PATH", os.defpath)
    if shutil.which(argv[0], path=path) is None:
        raise ToolFailed(f"there is no program {argv[0]}")
    return subprocess.Popen(
        [*_leash(path), *argv],
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=err,
        start_new_session=True,
    )


def _leash(path: str) -> list[str]:
    """A child ends when the thread that started it does, which waits for it: so it ends with us. Linux only."""
    setpriv = shutil.which("setpriv", path=path)
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


def _watch(child: "subprocess.Popen[bytes]", until: float, stopped: Callable[[], bool] | None) -> str | None:
    """Wait for the child; why it must end before that, or None."""
    while not _ended(child, min(LOOK_SECONDS, max(0.0, until - time.monotonic()))):
        if stopped and stopped():
            return "stopped"
        if time.monotonic() >= until:
            return "timed out"
    return None


def _ended(child: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Whether it ends within so many seconds. By the kernel's word, for Popen's own wait looks every 50 ms only."""
    try:
        file = os.pidfd_open(child.pid)
    except (AttributeError, OSError):  # not Linux, or an old one
        with suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
        return child.returncode is not None
    try:
        select.select([file], [], [], seconds)
    finally:
        os.close(file)
    return child.poll() is not None


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Interrupt the whole group, and kill what is left of it after a grace."""
    os.killpg(child.pid, signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        child.wait(GRACE_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _feed(pipe: IO[bytes], content: bytes) -> None:
    def feed() -> None:
        try:
            with pipe:
                pipe.write(content)
        except BrokenPipeError:
            return

    threading.Thread(target=feed, daemon=True).start()


class _Copy:
    """Reads a stream to its end in a thread, whatever becomes of the log. Its beginning is kept, and its last words."""

    def __init__(self, stream: IO[bytes] | None, log: Log | None, limit: int) -> None:
        self._start, self._limit = bytearray(), limit
        self._tail, self._cut = bytearray(), False
        self._thread = threading.Thread(target=self._read, args=(stream, log), daemon=True)
        self._thread.start()

    def kept(self) -> bytes:
        """What was kept; waits for the end of the stream, which a grandchild may hold open a little longer."""
        self._thread.join(GRACE_SECONDS)
        return bytes(self._start + CUT + self._tail if self._cut else self._start + self._tail)

    def _read(self, stream: IO[bytes], log: Log | None) -> None:
        lines = _Lines(log) if log else None
        with stream:
            while piece := os.read(stream.fileno(), PIECE):
                if lines:
                    lines.add(piece)
                room = self._limit - len(self._start)
                self._start += piece[:room]
                self._keep_end(piece[room:])
        if lines:
            lines.end()

    def _keep_end(self, piece: bytes) -> None:
        self._tail += piece
        if len(self._tail) > (most := min(TAIL, self._limit)):
            self._cut = True
            del self._tail[:-most]


class _Lines:
    """Whole lines on their way from a stream to a log. One that is too long is left out, never told in pieces."""

    def __init__(self, log: Log) -> None:
        self._log, self._begun, self._too_long = log, b"", False

    def add(self, piece: bytes) -> None:
        whole, newline, rest = piece.rpartition(b"\n")
        if newline:
            self._tell(self._begun + whole + newline)
            self._begun, self._too_long = b"", False
        self._begun = b"" if self._too_long else self._begun + rest
        if len(self._begun) > LONGEST_LINE:
            self._begun, self._too_long = b"", True

    def end(self) -> None:
        self._tell(self._begun)

    def _tell(self, lines: bytes) -> None:
        if self._too_long:
            lines = TOO_LONG.encode() + lines.partition(b"\n")[2]
        if kept := self._log.keep(lines.decode(errors="replace")):
            append(self._log.path, kept)


def append(log: Path, text: str) -> None:
    """Add to the log while it is small and the disk takes it; what does not fit is lost, with a note."""
    piece = text.encode(errors="replace")
    with suppress(OSError), log.open("ab", buffering=0) as file:
        size = file.tell()
        if size + len(piece) <= LOG_LIMIT:
            file.write(piece)
        elif size <= LOG_LIMIT:
            file.write(piece[: LOG_LIMIT - size] + CUT)
