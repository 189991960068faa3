"""A tiny program that outlives the bot: it runs one tool in its own session and writes down how that ended.

Started by `bot.supervise` as `python -I supervisor.py DIR`. Uses the standard library alone, imports nothing of ours.
Reads DIR/command.json, once. Writes DIR/started before the tool, DIR/output as it comes, DIR/exit when it ended. What
it must write while the tool runs has its place on the disk before the tool begins.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

POLL_SECONDS = 0.2
RESERVED_BYTES = 200
PR_SET_DUMPABLE = 4
TAIL_BYTES = 64 * 1024
CUT_NOTE = b"\n[cut: the output is longer than is kept; the tool went on]\n"


def main(directory: Path) -> None:
    """Run the command of this directory, at most once, whatever signals come."""
    _protect_memory()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    lock = (directory / "lock").open("a")
    fcntl.flock(lock, fcntl.LOCK_EX)
    if (directory / "started").exists():  # another supervisor was first
        return
    command = json.loads((directory / "command.json").read_text())
    (directory / "command.json").unlink()
    for name in ("tool", "exit"):
        _reserve(directory / name)
    _write(directory / "started", json.dumps({"boot": boot_id(), "pid": os.getpid(), "since": start_time(os.getpid())}))
    _write(directory / "exit", str(_run(directory, command)))


def _protect_memory() -> None:
    """Keep programs of the same user, the tool among them, from reading our memory, with credentials in it."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def boot_id() -> str:
    """Return which start of this machine it is; empty where that cannot be told."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""


def start_time(pid: int) -> str:
    """Return when the process began, in the kernel's words; empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _run(directory: Path, command: dict) -> int:  # type: ignore[type-arg]  # JSON that we wrote
    output = os.open(directory / "output", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    tool = subprocess.Popen(
        command["argv"],
        cwd=command["cwd"],
        env=command["env"],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        process_group=0,
        preexec_fn=_restore_signals,  # noqa: PLW1509  # one thread, and nothing else runs here
    )
    _write(directory / "tool", str(tool.pid))
    while tool.poll() is None:
        _cut_middle(output, command["cap"])
        time.sleep(POLL_SECONDS)
    _cut_middle(output, command["cap"])
    return tool.returncode


def _restore_signals() -> None:
    """Let the tool have the signals that we ignore."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _cut_middle(output: int, cap: int) -> None:
    """Keep the beginning and the last words: the tool appends, so it never notices."""
    size, tail_size = os.fstat(output).st_size, min(TAIL_BYTES, cap)
    if size > cap + len(CUT_NOTE) + tail_size:
        tail = os.pread(output, tail_size, size - tail_size)
        os.ftruncate(output, cap)
        with contextlib.suppress(OSError):
            os.write(output, CUT_NOTE + tail.partition(b"\n")[2])


def _reserve(path: Path) -> None:
    """Take the room that `_write` will need."""
    with path.with_name(f"{path.name}.new").open("w") as file:
        file.write(" " * RESERVED_BYTES)
        file.flush()
        os.fsync(file.fileno())


def _write(path: Path, text: str) -> None:
    """Write aside and rename, so that nobody reads half of it. Over what was reserved, so that it fits."""
    aside = path.with_name(f"{path.name}.new")
    with aside.open("r+" if aside.exists() else "w") as file:
        file.write(text.ljust(RESERVED_BYTES))
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
