"""A tiny program that outlives the bot: it runs one tool in its own session and writes down how that ended.

Started by `bot.supervise` as `python -I -m bot.supervisor DIR`. Of ours it imports the cage that the tool is in, no
more. Reads DIR/command.json, once. Writes DIR/started before the tool, DIR/output as it comes, DIR/exit when it ended.
What it must write while the tool runs has its place on the disk before the tool begins.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from bot.cage import cages
from bot.core.errors import ToolFailed
from bot.launch import Confinement, Launch, Unconfined
from bot.process import protect_memory

POLL_SECONDS = 0.2
RESERVED_BYTES = 200
CANNOT_START = 127
TAIL_BYTES = 64 * 1024
CUT_NOTE = b"\n[cut: the output is longer than is kept; the tool went on]\n"


def main(directory: Path) -> None:
    """Run the command of this directory, at most once, whatever signals come."""
    protect_memory()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # unlike SIG_IGN, no program that we start inherits it
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
    try:
        with _confinement(command, output).launch(command["argv"], Path(command["cwd"]), command["env"]) as launch:
            return _run_launched(directory, command, launch, output)
    except ToolFailed as error:
        os.write(output, f"{error}\n".encode())
        return CANNOT_START


def _run_launched(directory: Path, command: dict, launch: Launch, output: int) -> int:  # type: ignore[type-arg]
    tool = subprocess.Popen(
        launch.argv,
        cwd=command["cwd"],
        env=dict(launch.env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        process_group=0,
        pass_fds=launch.fds,
    )
    _write(directory / "tool", str(tool.pid))
    is_interrupted = False
    while tool.poll() is None:
        _cut_middle(output, command["cap"])
        if not is_interrupted and (overrun := launch.overrun(tool.pid)):
            is_interrupted = True
            _tell(output, overrun)
            os.killpg(tool.pid, signal.SIGINT)
        time.sleep(POLL_SECONDS)
    if not is_interrupted and (overrun := launch.overrun(tool.pid)):  # the kernel may have ended it for that
        _tell(output, overrun)
    _cut_middle(output, command["cap"])
    return launch.exit_status(tool.returncode)


def _confinement(command: dict, output: int) -> Confinement:  # type: ignore[type-arg]
    """The cage of a foreign program; what it asks of the network in vain is told in its output."""
    if not command["cage"]:
        return Unconfined(ends_with_us=False)
    return cages.load(command["cage"], lambda sentence: _tell(output, sentence))


def _tell(output: int, sentence: str) -> None:
    with contextlib.suppress(OSError):
        os.write(output, f"{sentence}\n".encode())


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
