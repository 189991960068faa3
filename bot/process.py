"""The only door to other programs: a list, never a shell; the whole environment, never ours; one group.

What a program reaches is its confinement's to say, which every caller names: `bot.cage` makes those of foreign ones.
"""

import ctypes
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bot.core.errors import ToolFailed
from bot.launch import UNCONFINED, Confinement, Launch
from bot.run_log import CUT_NOTE, LineWriter, Log

OUTPUT_LIMIT = 64 * 1024 * 1024
POLL_SECONDS = 0.3
GRACE_SECONDS = 10.0
CLEANUP_SECONDS = 2.0
CHUNK_BYTES = 65536
PR_SET_DUMPABLE = 4
TAIL_BYTES = 64 * 1024
STOPPED, TIMED_OUT = "stopped", "timed out"


@dataclass(frozen=True, slots=True)
class Completed:
    """How a program ended. `exit` is None when we ended it: it was `stopped`, `timed_out`, or over a limit (`overrun`).

    Its output is data (`stdout`), which is whole or an error, or words for people (`words`, `stderr`), whose middle may
    be left out. `loss` says why `kept` is not all that it printed; empty where it is. `began_at` is seconds since the
    epoch.
    """

    argv: tuple[str, ...]
    exit: int | None
    kept: bytes
    stderr: str
    stopped: bool = False
    timed_out: bool = False
    loss: str = ""
    began_at: float = 0.0
    overrun: str = ""

    @property
    def stdout_bytes(self) -> bytes:
        """The whole output. Raises ToolFailed where a part of it is missing."""
        self.require_whole()
        return self.kept

    @property
    def stdout(self) -> str:
        """The whole output as text; bytes that are not UTF-8 stay as surrogates. Raises ToolFailed like the bytes."""
        return self.stdout_bytes.decode(errors="surrogateescape")

    @property
    def words(self) -> str:
        """The output as it may be shown: whole lines, and a note where some are left out."""
        return self.kept.decode(errors="replace")

    def require_whole(self) -> None:
        """Raises ToolFailed where the output lacks something: it was too long, or the program was ended."""
        if loss := self.loss or ("was ended before it was done" if self.exit is None else ""):
            raise ToolFailed(f"{Path(self.argv[0]).name} {loss}")


def run(  # noqa: PLR0913  # one door, each word of it named
    argv: Sequence[str],
    *,
    confinement: Confinement,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
    log: Log | None = None,
    stopped: Callable[[], bool] | None = None,
    stdin: bytes = b"",
    limit: int = OUTPUT_LIMIT,
    stdout: Path | None = None,
) -> Completed:
    """Run a program to its end; it dies with us. Raises ToolFailed when there is no such program.

    `timeout` is in seconds; after it, once `stopped()` is true or it is over a limit, the group gets SIGINT and a while
    later SIGKILL.
    Output is kept up to `limit` bytes a stream and, with `log`, told there line by line, up to LOG_LIMIT in all. With
    `stdout`, a path, its output goes into that file, which only we may read, and not into memory.
    However much it is, and however full the disk, the program never notices. Raises OSError where the file lacks room.
    """
    began_at = time.time()
    with _private_file(stdout) as file, confinement.launch(argv, cwd, env) as launch:
        child = _spawn(launch, cwd, has_input=bool(stdin))
        output, errors = _Capture(child.stdout, log, limit, file), _Capture(child.stderr, log, limit)
        _feed(child, stdin)
        stop_reason = _see_to_end(child, launch, time.monotonic() + timeout, stopped)
        loss = output.wait()
        errors.wait()
    return Completed(
        tuple(argv),
        None if stop_reason else launch.exit_status(child.returncode),
        output.kept(),
        errors.kept().decode(errors="replace"),
        stop_reason == STOPPED,
        stop_reason == TIMED_OUT,
        loss,
        began_at,
        "" if stop_reason in (None, STOPPED, TIMED_OUT) else stop_reason,
    )


class Dialogue:
    """A program of ours that is asked on its input and answers on its output, until it is closed.

    It dies with its thread.
    """

    def __init__(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        with UNCONFINED.launch(argv, cwd, env) as launch:
            self._child = _spawn(launch, cwd, has_input=True, stderr=subprocess.DEVNULL)

    def ask(self, question: bytes) -> IO[bytes]:
        """Send the question and return where to read the answer. Raises ToolFailed when the program has ended."""
        if not self._child.stdin or not self._child.stdout:
            raise ToolFailed("it was not started with pipes")
        try:
            self._child.stdin.write(question)
            self._child.stdin.flush()
        except BrokenPipeError as error:
            raise ToolFailed("a program ended while it was asked") from error
        return self._child.stdout

    def close(self) -> None:
        """Close its pipes and wait for its end; interrupt it when it does not come."""
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                with suppress(BrokenPipeError):
                    pipe.close()
        if not _exits_within(self._child, GRACE_SECONDS):
            _terminate(self._child)


def protect_memory() -> None:
    """Keep the programs that we run as the same user from reading this process' environment and memory. Linux only."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _spawn(launch: Launch, cwd: Path, has_input: bool, stderr: int = subprocess.PIPE) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        launch.argv,
        cwd=cwd,
        env=dict(launch.env),
        stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
        pass_fds=launch.fds,
    )


def _feed(child: "subprocess.Popen[bytes]", content: bytes) -> None:
    """Give it what it reads, if anything, and then the end of it."""

    def write(pipe: IO[bytes]) -> None:
        with suppress(BrokenPipeError), pipe:
            pipe.write(content)

    if child.stdin:
        threading.Thread(target=write, args=(child.stdin,), daemon=True).start()


def _see_to_end(
    child: "subprocess.Popen[bytes]", launch: Launch, deadline: float, stopped: Callable[[], bool] | None
) -> str | None:
    """Wait until the child has ended, or end it; return why it had to be, or None."""
    stop_reason = _wait(child, launch, deadline, stopped)
    if stop_reason and child.returncode is None:
        _terminate(child)
    return stop_reason


def _wait(
    child: "subprocess.Popen[bytes]", launch: Launch, deadline: float, stopped: Callable[[], bool] | None
) -> str | None:
    """Wait for the child; return why it must be ended before that, or None."""
    while not _exits_within(child, min(POLL_SECONDS, max(0.0, deadline - time.monotonic()))):
        if stopped and stopped():
            return STOPPED
        if time.monotonic() >= deadline:
            return TIMED_OUT
        if overrun := launch.overrun(child.pid):
            return overrun
    return launch.overrun(child.pid)  # the kernel may have ended it for that


def _exits_within(child: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Tell whether it ends within so many seconds. By the kernel's word: Popen's own wait looks every 50 ms only."""
    try:
        pidfd = os.pidfd_open(child.pid)
    except (AttributeError, OSError):  # not Linux, or an old one
        with suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
        return child.returncode is not None
    try:
        poll = select.poll()  # unlike select(2), it takes any descriptor
        poll.register(pidfd, select.POLLIN)
        poll.poll(seconds * 1000)
    finally:
        os.close(pidfd)
    return child.poll() is not None


def _terminate(child: "subprocess.Popen[bytes]") -> None:
    """Interrupt the whole group, and kill what is left of it after a grace.

    What starts it in a cage is told to end before that, so that it can end what fled from the group.
    """
    os.killpg(child.pid, signal.SIGINT)
    if not _exits_within(child, GRACE_SECONDS):
        child.terminate()
        _exits_within(child, CLEANUP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _private_file(path: Path | None) -> AbstractContextManager[IO[bytes] | None]:
    return open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) if path else nullcontext()


class _Capture:
    """Reads a stream to its end in a thread, whatever becomes of the log. Its beginning is kept, and its last words."""

    def __init__(self, stream: IO[bytes] | None, log: Log | None, limit: int, file: IO[bytes] | None = None) -> None:
        self._limit, self._file, self._size = limit, file, 0
        self._head, self._tail = bytearray(), bytearray()
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._read, args=(stream, log), daemon=True)
        self._thread.start()

    def wait(self) -> str:
        """Wait for the end of the stream, which a grandchild may hold open a little longer; what is lost, in words.

        Raises OSError where the file could not take it.
        """
        self._thread.join(GRACE_SECONDS)
        if self._error:
            raise self._error
        if self._thread.is_alive():
            return "has ended, and something that it started goes on printing"
        return (
            f"printed {_size(self._size)}, of which only {_size(self._limit)} can be read"
            if self._size > self._limit
            else ""
        )

    def kept(self) -> bytes:
        """Return what was kept in memory: all of it, or whole lines around a note."""
        if self._size <= self._limit + len(self._tail):
            return bytes(self._head + self._tail)
        head, tail = self._head.rpartition(b"\n"), self._tail.partition(b"\n")
        return bytes(head[0] + CUT_NOTE + tail[2])

    def _read(self, stream: IO[bytes], log: Log | None) -> None:
        log_writer = LineWriter(log) if log else None
        with stream:
            while chunk := os.read(stream.fileno(), CHUNK_BYTES):
                if log_writer:
                    log_writer.add(chunk)
                room = max(0, self._limit - self._size)
                self._size += len(chunk)
                self._keep(chunk[:room], chunk[room:])
        if log_writer:
            log_writer.close()

    def _keep(self, chunk: bytes, excess: bytes) -> None:
        if not self._file:
            self._head += chunk
            self._tail += excess
            del self._tail[: -min(TAIL_BYTES, self._limit)]
        elif not self._error:
            try:
                self._file.write(chunk)
            except OSError as error:
                self._error = error


def _size(number: int) -> str:
    """A number of bytes for people."""
    return f"{number / (1 << 20):,.1f} MB" if number >= 1 << 20 else f"{number:,} bytes"
