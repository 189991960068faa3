"""What anybody of the same user can read of the processes below one."""

import os
from contextlib import suppress
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    parents: dict[int, int] = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
    family = {pid}
    while grown := {child for child, parent in parents.items() if parent in family} - family:
        family |= grown
    return sorted(family - {pid})


def readable(pid: int) -> bytes:
    """Its environment and its arguments; nothing where it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_bytes() + b"\0" + Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def open_memory(pid: int) -> list[str]:
    """What its descriptors to memory without a file are called."""
    names = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            names.append(os.readlink(descriptor))
    return [name for name in names if name.startswith("/memfd:")]
