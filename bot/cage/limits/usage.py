"""What a running program and all that it started use, and the sentence when that is more than it may. Linux only.

Called at every poll by `process` and the supervisor. Looks from outside, with no help of the kernel's groups: what
comes and goes between two looks is not seen. `cgroups` holds more firmly, where there are some.
"""

import os
import stat
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.cage.limits.disk import bytes_on_disk

MEGABYTE = 1 << 20
DISK_SECONDS = 3.0
PAUSE_RATIO = 20.0
_PARENT, _THREADS = 1, 17  # fields of /proc/PID/stat behind the name of the program (proc(5))
_MEMORY = (b"RssAnon:", b"RssShmem:", b"VmSwap:")
_MAX_READ_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use; `processes` are threads too, as the kernel counts them. 0 is no limit."""

    memory_bytes: int = 0
    processes: int = 0
    disk_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """`memory_bytes` are of the program's own and shared memory, also swapped out, without the text of programs."""

    memory_bytes: int
    processes: int


class Held(Protocol):
    """What holds memory and processes by itself, and tells what it refused: a group of `cgroups`."""

    def overrun(self) -> str | None: ...


class Watch:
    """Looks at what a program uses: at its processes at each call, at `directories` every few seconds.

    `directories` are those that it may write to. Where a `group` holds its processes, that is asked, and nobody looks.
    Looking takes a twentieth of the time at most.
    """

    def __init__(
        self,
        limits: Limits,
        directories: Sequence[Path] = (),
        group: Held | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits, self._directories, self._group = limits, tuple(directories), group
        self._processes, self._disk = _Pace(0.0, clock), _Pace(DISK_SECONDS, clock)

    def overrun(self, pid: int) -> str | None:
        """Return the sentence when the program `pid` and its descendants use more than they may, else None.

        Ask once more when it has ended: the kernel may have ended it, for what it used.
        """
        held = self._group.overrun() if self._group else self._processes.look(lambda: self._process_overrun(pid))
        return held or self._disk.look(lambda: self._disk_overrun(pid))

    def _process_overrun(self, pid: int) -> str | None:
        usage = usage_of(pid)
        if 0 < self._limits.memory_bytes < usage.memory_bytes:
            return memory_sentence(self._limits)
        return processes_sentence(self._limits) if 0 < self._limits.processes < usage.processes else None

    def _disk_overrun(self, pid: int) -> str | None:
        limit = self._limits.disk_bytes
        if not limit:
            return None
        try:
            size = bytes_on_disk(self._directories, limit)
        except OSError as error:
            return f"it made files that cannot be measured: {error.strerror} (CAGE__DISK)"
        is_over = size + unlinked_bytes(tree_of(pid)) > limit
        return f"it wrote more than {limit // MEGABYTE:,} MB to disk (CAGE__DISK)" if is_over else None


def memory_sentence(limits: Limits) -> str:
    """Return what is said when it used too much memory."""
    return f"it used more than {limits.memory_bytes // MEGABYTE:,} MB of memory (CAGE__MEMORY)"


def processes_sentence(limits: Limits) -> str:
    """Return what is said when it started too much."""
    return f"it had more than {limits.processes:,} processes and threads (CAGE__PROCESSES)"


def usage_of(pid: int) -> Usage:
    """Return what the process and its descendants use now; nothing when there is no such process."""
    threads = tree_of(pid)
    return Usage(sum(_memory_of(process) for process in threads), sum(threads.values()))


def tree_of(pid: int) -> dict[int, int]:
    """Return the process and its descendants, each with its number of threads. Those in PID namespaces are visible."""
    children: dict[int, list[int]] = {}
    threads: dict[int, int] = {}
    for process, parent, count in _all_processes():
        children.setdefault(parent, []).append(process)
        threads[process] = count
    tree: dict[int, int] = {}
    pending = [pid]
    while pending:
        process = pending.pop()
        if process in threads and process not in tree:
            tree[process] = threads[process]
            pending += children.get(process, ())
    return tree


def unlinked_bytes(processes: Iterable[int]) -> int:
    """Return the size of files that only a descriptor keeps: nobody finds them in a directory. Those of memory too."""
    sizes: dict[tuple[int, int], int] = {}
    for process in processes:
        directory = f"/proc/{process}/fd"
        for name in _names(directory):
            try:
                status = os.stat(f"{directory}/{name}")
            except OSError:
                continue
            if status.st_nlink == 0 and stat.S_ISREG(status.st_mode):
                sizes[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sum(sizes.values())


def _all_processes() -> Iterable[tuple[int, int, int]]:
    """Each process of this machine that we see: its id, its parent's, and how many threads it has."""
    for name in _names("/proc"):
        if name.isdigit() and (text := _read(f"/proc/{name}/stat")):
            fields = text.rpartition(b")")[2].split()
            yield int(name), int(fields[_PARENT]), int(fields[_THREADS])


def _memory_of(pid: int) -> int:
    lines = (line.split() for line in _read(f"/proc/{pid}/status").splitlines() if line.startswith(_MEMORY))
    return sum(int(words[1]) for words in lines) * 1024


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:  # it has ended
        return []


def _read(path: str) -> bytes:
    """Read a small file of the kernel's; nothing when its process has ended. Python's own files take thrice as long."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(file, _MAX_READ_BYTES)
    except OSError:
        return b""
    finally:
        os.close(file)


class _Pace:
    """When the next look is due: so many seconds after the last, and later where a look takes long."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds, self._clock, self._due_at = seconds, clock, 0.0

    def look(self, ask: Callable[[], str | None]) -> str | None:
        began_at = self._clock()
        if began_at < self._due_at:
            return None
        sentence = ask()
        ended_at = self._clock()
        self._due_at = ended_at + max(self._seconds, (ended_at - began_at) * PAUSE_RATIO)
        return sentence
