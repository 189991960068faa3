"""Control groups for runs: in the kernel's own where this machine lets us, and in files that look like them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.cage.limits.cgroups import PREFIX, Group, Parents, create, find_parents
from bot.cage.limits.usage import MEGABYTE, Limits, Watch

JOIN = "import sys\nfor path in sys.argv[1:]:\n    open(f'{path}/cgroup.procs', 'w').write('0')\n"


@pytest.fixture
def parents() -> Parents:
    parents = find_parents()
    if not parents:
        pytest.skip("no control groups may be made here")
    return parents


def is_running(pid: int) -> bool:
    """Whether it is there, and not only waits for its parent to look."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in "ZX"


@contextmanager
def group(parents: Parents, limits: Limits) -> Iterator[Group]:
    ours = create(parents, limits)
    try:
        yield ours
    finally:
        ours.close()
    assert not [path for path in ours.paths if path.exists()]


def run_in(group: Group, script: str) -> int:
    argv = [sys.executable, "-I", "-S", "-c", JOIN + script, *map(str, group.paths)]
    return subprocess.run(argv, check=False, stderr=subprocess.DEVNULL).returncode


def test_a_program_that_takes_too_much_memory_is_ended_by_the_kernel_and_that_is_told(parents: Parents) -> None:
    with group(parents, Limits(memory_bytes=64 * MEGABYTE, processes=20)) as ours:
        assert run_in(ours, "kept = bytearray(200 << 20)") == -9
        assert ours.overrun() == "it used more than 64 MB of memory (CAGE__MEMORY)"
        assert Watch(ours.limits, group=ours).overrun(os.getpid()) == ours.overrun()


def test_a_program_that_starts_too_much_is_refused_by_the_kernel_and_that_is_told(parents: Parents) -> None:
    script = "import os, time\nfor _ in range(20):\n    if os.fork() == 0:\n        time.sleep(60)\n        os._exit(0)"
    with group(parents, Limits(memory_bytes=500 * MEGABYTE, processes=10)) as ours:
        assert run_in(ours, script) == 1
        assert ours.overrun() == "it had more than 10 processes and threads (CAGE__PROCESSES)"


def test_a_program_that_stays_within_its_limits_is_left_alone(parents: Parents) -> None:
    with group(parents, Limits(memory_bytes=200 * MEGABYTE, processes=10)) as ours:
        assert run_in(ours, "kept = bytearray(50 << 20)") == 0
        assert ours.overrun() is None


def test_what_is_left_in_a_group_ends_with_it_whatever_session_it_fled_to(parents: Parents) -> None:
    script = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    os.fork() and os._exit(0)\n    time.sleep(60)"
    with group(parents, Limits(memory_bytes=500 * MEGABYTE, processes=10)) as ours:
        assert run_in(ours, script) == 0
        survivors = [int(pid) for pid in (ours.paths[0] / "cgroup.procs").read_text().split()]
        assert survivors
    assert not [pid for pid in survivors if is_running(pid)]


def test_empty_groups_that_a_killed_bot_left_are_removed_and_fresh_ones_are_not(parents: Parents) -> None:
    old, fresh = (parents.paths[0] / f"{PREFIX}{name}" for name in ("old", "fresh"))
    for path in (old, fresh):
        path.mkdir()
    os.utime(old, (0, 0))
    try:
        create(parents, Limits(processes=5)).close()
        assert (old.exists(), fresh.exists()) == (False, True)
    finally:
        for path in (old, fresh):
            if path.exists():
                path.rmdir()


def looks_like(top: Path, cgroup: str, mounts: dict[str, str]) -> Path:
    """A folder like /proc/self: our groups, and a mount of a hierarchy for each kind at a folder of ours."""
    proc = top / "proc"
    proc.mkdir()
    (proc / "cgroup").write_text(cgroup)
    lines = [
        f"31 23 0:28 {root} {top}/{name} rw,relatime shared:9 - {kind} none rw,{name}"
        for name, root in mounts.items()
        for kind in ["cgroup2" if name == "unified" else "cgroup"]
    ]
    (proc / "mountinfo").write_text("\n".join(["22 1 8:1 / / rw - ext4 /dev/vda rw", *lines]) + "\n")
    return proc


def test_in_version_1_runs_get_groups_in_the_bots_own(tmp_path: Path) -> None:
    for name in ("memory", "pids"):
        (tmp_path / name / "box").mkdir(parents=True)
    proc = looks_like(tmp_path, "4:memory:/docker/x/box\n8:pids:/box\n0::/\n", {"memory": "/docker/x", "pids": "/"})
    assert find_parents(proc) == Parents((tmp_path / "memory/box", tmp_path / "pids/box"))


def test_in_version_2_runs_get_groups_beside_the_bots_leaf(tmp_path: Path) -> None:
    service = tmp_path / "unified/service"
    (service / "bot").mkdir(parents=True)
    (service / "cgroup.procs").touch()
    (service / "cgroup.subtree_control").write_text("")
    proc = looks_like(tmp_path, "0::/service/bot\n", {"unified": "/"})
    assert find_parents(proc) == Parents((service,), is_unified=True)
    assert (service / "cgroup.subtree_control").read_text() == "+memory +pids"


@pytest.mark.parametrize(
    "cgroup", ["0::/\n", "0::/service\n", "4:memory:/\n0::/\n", "4:memory:/../x\n8:pids:/../x\n", ""]
)
def test_where_no_group_can_be_made_there_are_none(tmp_path: Path, cgroup: str) -> None:
    (tmp_path / "unified/service").mkdir(parents=True)
    proc = looks_like(tmp_path, cgroup, {"unified": "/", "memory": "/", "pids": "/docker/x"})
    assert find_parents(proc) is None


def test_limits_are_written_in_the_words_of_version_2(tmp_path: Path) -> None:
    """The kernel makes these files with the folder; here a folder that has them stands for it."""
    limited = Group((tmp_path,), Limits(memory_bytes=64 * MEGABYTE, processes=10))
    (tmp_path / "memory.events").write_text("low 0\nhigh 0\nmax 7\noom 1\noom_kill 1\n")
    (tmp_path / "pids.events").write_text("max 0\n")
    assert limited.overrun() == "it used more than 64 MB of memory (CAGE__MEMORY)"
    (tmp_path / "memory.events").write_text("low 0\nhigh 0\nmax 7\noom 0\noom_kill 0\n")
    assert limited.overrun() is None
    (tmp_path / "pids.events").write_text("max 3\n")
    assert limited.overrun() == "it had more than 10 processes and threads (CAGE__PROCESSES)"
