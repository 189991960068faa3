"""What a running program uses, with real programs: memory, processes, and room on the disk."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.cage.limits.disk import MAX_DEPTH, bytes_on_disk
from bot.cage.limits.usage import MEGABYTE, Limits, Watch, tree_of, unlinked_bytes, usage_of

KILOBYTE = 1024
NO_LIMIT = 1 << 40


@contextmanager
def running(script: str, cwd: Path | None = None) -> Iterator["subprocess.Popen[str]"]:
    """A Python program that says a line when it is ready, and ends when its input does."""
    argv = [sys.executable, "-I", "-S", "-c", f"import os, sys\n{script}\nprint(flush=True)\nsys.stdin.read()"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=cwd) as program:
        assert program.stdout
        program.stdout.readline()
        yield program
        assert program.stdin
        program.stdin.close()


def forked(script: str) -> str:
    """The script in a child, which ends when its parent's input does."""
    inner = "\n".join(f"    {line}" for line in script.splitlines())
    child = f"if os.fork() == 0:\n{inner}\n    os.write(done, b'x')\n    sys.stdin.read()\n    os._exit(0)"
    return f"ready, done = os.pipe()\n{child}\nos.read(ready, 1)"


def test_memory_is_that_of_the_program_and_of_all_that_it_started() -> None:
    with running(forked("kept = bytearray(100 << 20)") + "\nkept = bytearray(50 << 20)") as program:
        usage = usage_of(program.pid)
    assert 150 * MEGABYTE < usage.memory_bytes < 190 * MEGABYTE
    assert usage.processes == 2


def test_a_child_whose_parent_left_its_session_and_group_still_counts() -> None:
    with running(forked("os.setsid()\nkept = bytearray(100 << 20)")) as program:
        assert usage_of(program.pid).memory_bytes > 100 * MEGABYTE


def test_processes_of_a_pid_namespace_count() -> None:
    inside = "import os, sys; kept = bytearray(60 << 20); print(os.getpid(), flush=True); sys.stdin.read()"
    argv = ["unshare", "--user", "--map-root-user", "--pid", "--fork", sys.executable, "-I", "-S", "-c", inside]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        if not (line := program.stdout.readline()):
            pytest.skip("namespaces cannot be made here")
        usage = usage_of(program.pid)
        program.communicate()
    assert line == "1\n"
    assert usage.memory_bytes > 60 * MEGABYTE
    assert usage.processes == 2


def test_shared_memory_counts_and_the_text_of_programs_does_not() -> None:
    with running("import mmap\nkept = mmap.mmap(-1, 80 << 20)\nkept.write(bytes(80 << 20))") as program:
        assert 80 * MEGABYTE < usage_of(program.pid).memory_bytes < 110 * MEGABYTE


def test_threads_count_as_the_kernel_counts_them() -> None:
    script = "import threading\nfor _ in range(9):\n    threading.Thread(target=sys.stdin.read, daemon=True).start()"
    argv = [sys.executable, "-I", "-S", "-c", f"import sys, time\n{script}\nprint(flush=True)\ntime.sleep(60)"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout
        program.stdout.readline()
        threads = usage_of(program.pid).processes
        program.kill()
    assert threads == 10


def test_a_name_of_a_program_that_looks_like_numbers_hides_nothing(tmp_path: Path) -> None:
    name = ") 1 1 1 (x"
    script = f"open('/proc/self/comm', 'w').write({name!r})\nkept = bytearray(50 << 20)"
    with running(forked(script)) as program:
        assert usage_of(program.pid).memory_bytes > 50 * MEGABYTE


def test_a_program_that_has_ended_uses_nothing() -> None:
    with subprocess.Popen(["true"]) as program:
        program.wait()
    assert usage_of(program.pid).memory_bytes == 0
    assert Watch(Limits(1, 1, 1)).overrun(program.pid) is None


def test_what_uses_too_much_is_told_with_the_setting(tmp_path: Path) -> None:
    with running("kept = bytearray(50 << 20)\nopen('big', 'wb').write(bytes(3 << 20))", tmp_path) as program:
        for limits, sentence in (
            (Limits(memory_bytes=40 * MEGABYTE), "it used more than 40 MB of memory (CAGE__MEMORY)"),
            (Limits(disk_bytes=2 * MEGABYTE), "it wrote more than 2 MB to disk (CAGE__DISK)"),
            (Limits(500 * MEGABYTE, 50, 5 * MEGABYTE), None),
            (Limits(), None),
        ):
            assert Watch(limits, (tmp_path,)).overrun(program.pid) == sentence
    with running(forked("") + "\n" + forked("")) as program:
        sentence = "it had more than 2 processes and threads (CAGE__PROCESSES)"
        assert Watch(Limits(processes=2)).overrun(program.pid) == sentence
        assert Watch(Limits(processes=3)).overrun(program.pid) is None


def test_directories_are_looked_at_every_few_seconds_only(tmp_path: Path) -> None:
    now = [100.0]
    watch = Watch(Limits(disk_bytes=MEGABYTE), (tmp_path,), clock=lambda: now[0])
    assert watch.overrun(os.getpid()) is None
    (tmp_path / "big").write_bytes(bytes(2 * MEGABYTE))
    assert watch.overrun(os.getpid()) is None
    now[0] += 60
    assert watch.overrun(os.getpid()) == "it wrote more than 1 MB to disk (CAGE__DISK)"


def test_a_file_that_only_a_descriptor_keeps_counts(tmp_path: Path) -> None:
    script = "file = open('big', 'wb', 0)\nfile.write(bytes(3 << 20))\n"
    with running(forked(script), tmp_path) as program:
        assert unlinked_bytes(tree_of(program.pid)) == 0
    with running(forked(f"{script}os.unlink('big')"), tmp_path) as program:
        assert 3 * MEGABYTE <= unlinked_bytes(tree_of(program.pid)) < 4 * MEGABYTE
        assert Watch(Limits(disk_bytes=2 * MEGABYTE), (tmp_path,)).overrun(program.pid) is not None
    with running("file = os.memfd_create('x')\nos.write(file, bytes(3 << 20))") as program:
        assert unlinked_bytes(tree_of(program.pid)) >= 3 * MEGABYTE


def test_a_hole_takes_no_room_and_a_small_file_takes_a_block(tmp_path: Path) -> None:
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(1 << 30)
    assert bytes_on_disk([tmp_path], NO_LIMIT) < MEGABYTE
    for number in range(100):
        (tmp_path / str(number)).touch()
        (tmp_path / f"link{number}").symlink_to("/usr")
    assert 800 * KILOBYTE <= bytes_on_disk([tmp_path], NO_LIMIT) < 2 * MEGABYTE


def test_a_file_with_two_names_takes_its_room_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(MEGABYTE))
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    assert bytes_on_disk([tmp_path], NO_LIMIT) < 2 * MEGABYTE


def test_the_walk_ends_where_the_limit_is_passed(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / str(number)).write_bytes(bytes(100 * KILOBYTE))
    assert bytes_on_disk([tmp_path], 300 * KILOBYTE) <= 500 * KILOBYTE


def test_links_lead_nowhere(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    for directory in (outside, inside):
        directory.mkdir()
    (outside / "big").write_bytes(bytes(5 * MEGABYTE))
    (inside / "link").symlink_to(outside)
    assert bytes_on_disk([inside], NO_LIMIT) < MEGABYTE
    assert bytes_on_disk([inside / "link"], NO_LIMIT) == 0
    assert bytes_on_disk([tmp_path / "gone"], NO_LIMIT) == 0


def test_what_cannot_be_measured_is_an_overrun(tmp_path: Path) -> None:
    deep = tmp_path / "deep"
    deep.mkdir()
    parent = os.open(deep, os.O_RDONLY)
    for _ in range(MAX_DEPTH + 5):
        os.mkdir("d" * 100, dir_fd=parent)
        child = os.open("d" * 100, os.O_RDONLY, dir_fd=parent)
        os.close(parent)
        parent = child
    os.close(parent)
    with running("pass") as program:
        sentence = Watch(Limits(disk_bytes=NO_LIMIT), (deep,)).overrun(program.pid)
    assert sentence == f"it made files that cannot be measured: folders are nested deeper than {MAX_DEPTH} (CAGE__DISK)"
    subprocess.run(["rm", "-rf", str(deep)], check=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
def test_a_folder_that_may_not_be_looked_into_is_an_overrun(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o300)
    with running("pass") as program:
        assert Watch(Limits(disk_bytes=NO_LIMIT), (tmp_path,)).overrun(program.pid) is not None
    (tmp_path / "closed").chmod(0o700)
