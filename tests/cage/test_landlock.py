"""The kind `landlock` of cages: whether it works here, and what a program gets from it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.cage.kinds.landlock import KIND
from bot.cage.policy import NetworkMode, Policy
from bot.cage.program import Program
from bot.cage.run_user import FIRST_UID
from bot.launch import Launch
from bot.ports.cage import NetworkUse, Reach
from tests.cage.launching import PATH, PYTHON, Room, room_of, without_landlock

SOCKETS = """
import os, socket, sys
def can(act):
    try:
        act()
    except OSError:
        return False
    return True
def connect(port):
    return can(lambda: socket.create_connection(("127.0.0.1", int(port)), 5))
proxy = os.environ.get("HTTPS_PROXY", "").rpartition(":")[2]
print(connect(sys.argv[1]), can(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)), proxy and connect(proxy))
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def room() -> Iterator[Room]:
    """A room of whoever runs the tests, as the bot's own folder is the bot's."""
    with room_of("root" if os.geteuid() == 0 else "ordinary") as room:
        room.top.chmod(0o700)
        yield room


def _program(room: Room, argv: list[str], reach: Reach | None = None, **others: Any) -> Program:
    facts = {
        "cwd": room.write,
        "env": {"PATH": PATH},
        "reach": reach or Reach((room.read,), (room.write,)),
        "policy": Policy(),
        "project": "db",
        "on_refusal": lambda sentence: None,
        "run": "run-1",
        "top": room.top,
    }
    return Program(argv=argv, **(facts | others))


def _run(launch: Launch) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        launch.argv,
        env=dict(launch.env),
        pass_fds=launch.fds,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_works_here() -> None:
    assert KIND.obstacle() is None


def test_without_landlock_in_the_kernel_the_obstacle_names_what_is_needed() -> None:
    program = "from bot.cage.kinds.landlock import KIND; print(KIND.obstacle())"
    argv = [*without_landlock(sys.executable), sys.executable, "-c", program]
    printed = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "ABI 6 is needed (Linux 6.12 or newer)" in printed
    assert "the kernel has none, or it is not in its `lsm=` list" in printed


@pytest.mark.parametrize(
    ("use", "mode", "outcome"),
    [
        (NetworkUse.NONE, NetworkMode.OPEN, "False False "),
        (NetworkUse.RULED, NetworkMode.OPEN, "True True "),
        (NetworkUse.RULED, NetworkMode.INTERNET, "False False True"),
        (NetworkUse.OPEN, NetworkMode.INTERNET, "True True "),
    ],
)
def test_a_program_has_the_network_of_its_mode(room: Room, use: NetworkUse, mode: NetworkMode, outcome: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        argv = [PYTHON, "-I", "-c", SOCKETS, str(server.getsockname()[1])]
        program = _program(room, argv, Reach((room.read,), (room.write,), use), policy=Policy(network=mode))
        with KIND.launch(program) as launch:
            ended = _run(launch)
    assert (ended.stdout.rstrip("\n"), ended.stderr) == (outcome, "")


def test_a_program_reaches_its_files_and_no_others(room: Room) -> None:
    script = f"cat {room.read}/file; echo; touch new $TMPDIR/new && echo wrote; cat {room.outside}/file"
    with KIND.launch(_program(room, ["sh", "-c", script])) as launch:
        ended = _run(launch)
    assert (ended.stdout, ended.stderr.count("Permission denied")) == ("read\nwrote\n", 1)


@as_root
def test_a_run_has_a_user_of_its_own(room: Room) -> None:
    with KIND.launch(_program(room, ["sh", "-c", "id -u; touch new"])) as launch:
        uid = int(_run(launch).stdout)
    assert uid >= FIRST_UID
    assert (room.write / "new").stat().st_uid == uid
    with KIND.launch(_program(room, ["id", "-u"], run="run-2")) as launch:
        assert int(_run(launch).stdout) not in (0, uid)


def test_nothing_of_what_is_started_is_seen_from_outside(room: Room) -> None:
    with KIND.launch(_program(room, ["true"], env={"PATH": PATH, "SECRET": "hush"})) as launch:
        assert "hush" not in repr(launch.argv) + repr(dict(launch.env))
        descriptor = launch.fds[0]
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_what_a_program_leaves_for_everybody_goes_with_it(room: Room) -> None:
    with KIND.launch(_program(room, ["sh", "-c", "mkdir $TMPDIR/a; touch $TMPDIR/a/b; echo $TMPDIR"])) as launch:
        temporary = Path(_run(launch).stdout.strip())
        assert (temporary / "a" / "b").exists()
    assert not temporary.exists()
