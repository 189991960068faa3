"""What files a program reaches that the launcher started: each way to one is tried from inside."""

import os

import pytest

from bot.cage.launcher.system_calls import number
from tests.cage.launching import PYTHON, Room


def test_a_program_reads_and_lists_what_is_in_its_reach(room: Room) -> None:
    assert room.attempts(
        {
            "read": "(read / 'file').read_text()",
            "list": "os.listdir(read)",
            "read what it may write": "(write / 'file').read_text()",
            "null": "open('/dev/null', 'w').write('x')",
            "random": "open('/dev/urandom', 'rb').read(1)",
        }
    ) == dict.fromkeys(("read", "list", "read what it may write", "null", "random"), "done")


def test_a_program_does_with_its_own_folder_what_it_likes(room: Room) -> None:
    attempts = {
        "make": "(write / 'new').write_text('x')",
        "folder": "(write / 'a' / 'b').mkdir(parents=True)",
        "move between folders": "os.rename(write / 'new', write / 'a' / 'new')",
        "second name": "os.link(write / 'a' / 'new', write / 'a' / 'b' / 'new')",
        "symbolic link": "os.symlink('new', write / 'a' / 'link')",
        "fifo": "os.mkfifo(write / 'fifo')",
        "socket": "socket.socket(socket.AF_UNIX).bind(str(write / 'socket'))",
        "shorten": "os.truncate(write / 'file', 1)",
        "delete": "(write / 'file').unlink()",
        "delete a folder": "(write / 'c').mkdir(); (write / 'c').rmdir()",
        "run": "(write / 'run').write_text('#!/bin/sh'); (write / 'run').chmod(0o755); run(write / 'run')",
    }
    assert room.attempts(attempts) == dict.fromkeys(attempts, "done")


@pytest.mark.parametrize("folder", ["read", "outside"])
def test_a_program_changes_nothing_in_other_folders(room: Room, folder: str) -> None:
    attempts = {
        "make": f"({folder} / 'new').write_text('x')",
        "write": f"({folder} / 'file').write_text('x')",
        "append": f"open({folder} / 'file', 'a')",
        "folder": f"({folder} / 'a').mkdir()",
        "move in": f"os.rename(write / 'file', {folder} / 'new')",
        "move away": f"os.rename({folder} / 'file', write / 'moved')",
        "second name here": f"os.link({folder} / 'file', write / 'second')",
        "second name there": f"os.link(write / 'file', {folder} / 'second')",
        "symbolic link": f"os.symlink('file', {folder} / 'link')",
        "fifo": f"os.mkfifo({folder} / 'fifo')",
        "socket": f"socket.socket(socket.AF_UNIX).bind(str({folder} / 'socket'))",
        "shorten": f"os.truncate({folder} / 'file', 1)",
        "delete": f"({folder} / 'file').unlink()",
        "through a link": f"os.symlink({folder} / 'file', write / 'way'); (write / 'way').write_text('x')",
    }
    outcomes = room.attempts(attempts)
    assert {name: outcome for name, outcome in outcomes.items() if outcome not in ("EACCES", "EXDEV")} == {}
    assert (room.top / folder / "file").read_text() == folder


def test_a_program_reads_nothing_else(room: Room) -> None:
    attempts = {
        "read": "(outside / 'file').read_text()",
        "list": "os.listdir(outside)",
        "list the machine": "os.listdir('/')",
        "own memory": "open('/proc/self/environ')",
        "its starter's environment": "open(f'/proc/{os.getppid()}/environ')",
        "all processes": "os.listdir('/proc')",
        "passwords": "open('/etc/shadow')",
        "home": "os.listdir('/root')",
        "through a link": "os.symlink(outside / 'file', write / 'way'); (write / 'way').read_text()",
        "watch": f"call({number('inotify_add_watch', os.uname().machine)}, os.open('/dev/null', 0), 0, 0)",
    }
    outcomes = room.attempts(attempts)
    assert {name: outcome for name, outcome in outcomes.items() if outcome not in ("EACCES", "EPERM")} == {}


def test_no_device_is_made(room: Room) -> None:
    attempts = {
        "character": "os.mknod(write / 'null', stat.S_IFCHR | 0o666, os.makedev(1, 3))",
        "block": "os.mknod(write / 'disk', stat.S_IFBLK | 0o666, os.makedev(8, 0))",
        "terminal": "open('/dev/ptmx')",
        "memory": "open('/dev/shm/x', 'w')",
    }
    assert {outcome for outcome in room.attempts(attempts).values()} <= {"EACCES", "EPERM"}


def test_a_single_file_can_be_all_the_reach(room: Room) -> None:
    spec = room.spec([])["landlock"]
    spec["read"][-1], spec["write"][-1] = str(room.read / "file"), str(room.write / "file")
    attempts = {
        "read": "(read / 'file').read_text()",
        "write": "(write / 'file').write_text('x')",
        "write what is to be read": "(read / 'file').write_text('x')",
        "make": "(write / 'new').write_text('x')",
    }
    outcomes = room.attempts(attempts, landlock=spec, cwd="/")
    assert outcomes == {"read": "done", "write": "done", "write what is to be read": "EACCES", "make": "EACCES"}


def test_a_missing_path_to_read_stays_missing(room: Room) -> None:
    spec = room.spec([])["landlock"]
    spec["read"].append(str(room.top / "missing"))
    assert room.python("print('ran')", landlock=spec) == "ran\n"


def test_a_missing_path_to_write_is_told_and_nothing_runs(room: Room) -> None:
    spec = room.spec([])["landlock"]
    spec["write"].append(str(room.top / "missing"))
    ended = room.run([PYTHON, "-c", "print('ran')"], landlock=spec)
    assert (ended.returncode, ended.stdout) == (125, "")
    reason = f"{room.top}/missing: No such file or directory"
    assert ended.stderr == f"launcher: could not restrict files and ports with Landlock: {reason}\n"
