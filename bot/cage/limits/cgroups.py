"""A control group of the kernel for a run, where the bot may make one: memory and processes are held for certain.

The program is placed by its launcher, which writes 0, itself, into `cgroup.procs` of each path before the exec. Version
1 by Documentation/admin-guide/cgroup-v1 (memory.rst, pids.rst); version 2 by cgroup-v2.rst.
"""

import os
import secrets
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.cage.limits.usage import Limits, memory_sentence, processes_sentence

PREFIX = "gitops-bot-"
CONTROLLERS = ("memory", "pids")
REMOVE_SECONDS = 5.0
POLL_SECONDS = 0.02
STALE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Parents:
    """The groups in which runs get theirs: in version 1 one for each controller, in version 2 one for all."""

    paths: tuple[Path, ...]
    is_unified: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The group of a run. `paths` are its directories, one a hierarchy, for the launcher."""

    paths: tuple[Path, ...]
    limits: Limits

    def overrun(self) -> str | None:
        """Return the sentence when the kernel refused it memory or a process, else None. Also when it has ended."""
        counts: dict[str, int] = {}
        for path in self.paths:
            counts |= _counts(path / "memory.oom_control") | _counts(path / "memory.events")
            counts |= {f"pids.{name}": count for name, count in _counts(path / "pids.events").items()}
        if counts.get("oom_kill"):
            return memory_sentence(self.limits)
        return processes_sentence(self.limits) if counts.get("pids.max") else None

    def close(self) -> None:
        """End whatever is still in it, and remove it. What cannot be removed is removed with a later run's."""
        deadline = time.monotonic() + REMOVE_SECONDS
        for path in self.paths:
            while not _is_removed(path) and time.monotonic() < deadline:
                _kill_all(path)
                time.sleep(POLL_SECONDS)


def find_parents(proc: Path = Path("/proc/self")) -> Parents | None:
    """Return where this process may make groups, found by trying; None where it may not.

    In version 1 that is its own group. In version 2 it is the group above: one with processes of its own cannot have
    limits for groups in it ("no internal processes"), so the bot must stand in a leaf, as systemd's DelegateSubgroup=
    puts it.
    """
    groups = _own_groups(proc)
    divided = tuple(groups[name] for name in CONTROLLERS if name in groups)
    for parents in (Parents(divided), *_unified_parents(groups)):
        if len(parents.paths) == (1 if parents.is_unified else len(CONTROLLERS)) and _can_create(parents):
            return parents
    return None


def create(parents: Parents, limits: Limits) -> Group:
    """Make a group with these limits for one run. Raises OSError."""
    _remove_stale(parents)
    name = f"{PREFIX}{secrets.token_hex(8)}"
    group = Group(tuple(path / name for path in parents.paths), limits)
    try:
        for path in group.paths:
            path.mkdir()
            _limit(path, limits)
    except OSError:
        group.close()
        raise
    return group


def _limit(path: Path, limits: Limits) -> None:
    memory, processes = str(limits.memory_bytes or "max"), str(limits.processes or "max")
    if limits.memory_bytes and (path / "memory.limit_in_bytes").exists():
        (path / "memory.limit_in_bytes").write_text(memory)
        _write_if_there(path / "memory.memsw.limit_in_bytes", memory)
    _write_if_there(path / "memory.max", memory)
    _write_if_there(path / "memory.swap.max", "0")
    _write_if_there(path / "memory.oom.group", "1")
    _write_if_there(path / "pids.max", processes)


def _write_if_there(path: Path, text: str) -> None:
    if path.exists():
        path.write_text(text)


def _own_groups(proc: Path) -> dict[str, Path]:
    """Our own group in each hierarchy, by controller; "" is version 2 (cgroups(7), proc_pid_mountinfo(5))."""
    mounts = {name: (root, point) for name, root, point in _mounts((proc / "mountinfo").read_text())}
    groups = {}
    for line in (proc / "cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        for name in names.split(","):
            if name in mounts and Path(path).is_relative_to(mounts[name][0]):
                groups[name] = mounts[name][1] / Path(path).relative_to(mounts[name][0])
    return groups


def _mounts(mountinfo: str) -> Iterator[tuple[str, str, Path]]:
    """Each controller with the group that its mount shows at its top, and where it is mounted."""
    for line in mountinfo.splitlines():
        mount, _, file_system = line.partition(" - ")
        root, point = mount.split()[3:5]
        kind, _, options = file_system.split(" ", 2)
        names = [""] if kind == "cgroup2" else options.split(",") if kind == "cgroup" else []
        yield from ((name, root, Path(point)) for name in names)


def _unified_parents(groups: dict[str, Path]) -> Iterator[Parents]:
    """The group above ours in version 2, when it is ours to divide and has the controllers."""
    if "" not in groups:
        return
    above = groups[""].parent
    try:
        if not set(CONTROLLERS) <= set((above / "cgroup.subtree_control").read_text().split()):
            (above / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in CONTROLLERS))
    except OSError:
        return
    yield Parents((above,), is_unified=True)


def _can_create(parents: Parents) -> bool:
    try:
        create(parents, Limits(memory_bytes=1 << 30, processes=64)).close()
    except OSError:
        return False
    return True


def _remove_stale(parents: Parents) -> None:
    """Remove empty groups of bots that were killed before they could; a fresh one may just wait for its program."""
    for parent in parents.paths:
        for path in parent.glob(f"{PREFIX}*"):
            try:
                if time.time() - path.stat().st_mtime > STALE_SECONDS:
                    path.rmdir()
            except OSError:  # it is in use, or gone
                continue


def _is_removed(path: Path) -> bool:
    try:
        path.rmdir()
    except FileNotFoundError:
        return True
    except OSError:  # a process of it has not ended yet
        return False
    return True


def _kill_all(path: Path) -> None:
    if (path / "cgroup.kill").exists():
        (path / "cgroup.kill").write_text("1")
        return
    for pid in (path / "cgroup.procs").read_text().split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            continue


def _counts(path: Path) -> dict[str, int]:
    """The lines of a file with a name and a number each; nothing where there is no such file."""
    if not path.exists():
        return {}
    return {name: int(count) for name, count in (line.split() for line in path.read_text().splitlines())}
