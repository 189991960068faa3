"""What a program can do to others, and that nothing of it is left when it has ended."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.cage.launching import PYTHON, Room, processes_with, room_of, with_idle_landlock, without_landlock
from tests.sandbox.running import until

RUN_UID = 35123
SURVIVORS = {
    "in the background": "sleep {mark} &",
    "in a session of its own": "setsid sleep {mark} &",
    "twice forked": "(setsid sh -c 'sleep {mark} & sleep {mark} &' &)",
    "deaf": "setsid sh -c \"trap '' TERM INT HUP QUIT; while :; do sleep {mark}; done\" &",
    "stopped": "setsid sh -c 'kill -STOP $$; sleep {mark}' &",
}
STARTER = [PYTHON, "-c", "import os, sys; sys.exit(os.spawnv(os.P_WAIT, sys.argv[1], sys.argv[1:]))"]
FLEEING = """
import os, time
os.setsid()
end = time.time() + 60  # should nobody end it
while time.time() < end:  # one process at a time, never the same for long
    if os.fork():
        os._exit(0)
"""
BOMB = """
import os, resource, time
hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
limit = 400 if hard == resource.RLIM_INFINITY else min(hard, 400)  # should nobody limit it
resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))
end = time.time() + 60  # should nobody end it
print("began", flush=True)
while time.time() < end:
    try:
        os.fork()
    except OSError:
        pass
"""


@pytest.fixture
def mark() -> str:
    """Seconds that nobody else sleeps."""
    return f"9{os.getpid()}{time.monotonic_ns() % 10**6:06}"


@pytest.mark.parametrize("survivor", SURVIVORS.values(), ids=SURVIVORS)
def test_nothing_outlives_the_program(room: Room, mark: str, survivor: str) -> None:
    ended = room.run(["sh", "-c", survivor.format(mark=mark) + "\nsleep 0.3; echo end"])
    assert (ended.returncode, ended.stdout) == (0, "end\n")
    assert processes_with(mark) == []


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (without_landlock(), "Landlock: the kernel has none, or it is not in its `lsm=` list; ABI 6 is needed"),
        ([*with_idle_landlock(), *STARTER], "signals leave its Landlock domain"),
    ],
)
def test_where_nothing_keeps_signals_in_nothing_is_started(before: list[str], reason: str) -> None:
    """The launcher ends what is left by a signal to all that it can reach; the user here has no other processes."""
    with room_of("ordinary") as room, room.start(["echo", "ran"], before=before, landlock=None) as child:
        output, errors = child.communicate(timeout=60)
    assert (child.returncode, output) == (125, "")
    assert errors.startswith(f"launcher: could not stay as the program's parent: {reason}")


def test_a_process_that_never_stays_the_same_is_ended(room: Room, mark: str) -> None:
    program = f"{PYTHON} -c '{FLEEING}' {mark} & sleep 0.3"
    assert room.run(["sh", "-c", program]).returncode == 0
    assert processes_with(mark) == []


def test_a_fork_bomb_is_ended(room: Room, mark: str) -> None:
    """Bounded by a limit of processes that holds for everybody but root: hence a user of the run's own."""
    uid = RUN_UID if room.user == "root" else None
    limits = {"NPROC": _processes_of(uid or os.stat(room.write).st_uid) + 40}
    with room.start([PYTHON, "-c", BOMB, mark], rlimits=limits, uid=uid, cwd="/") as child:
        assert child.stdout
        assert child.stdout.readline() == "began\n"
        until(lambda: len(processes_with(mark)) > 30)
        assert len(processes_with(mark)) < 60
        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == -signal.SIGTERM
    assert processes_with(mark) == []


def _processes_of(uid: int) -> int:
    return sum(path.stat().st_uid == uid for path in Path("/proc").glob("[0-9]*") if path.exists())


def test_when_the_launcher_is_to_end_all_ends(room: Room, mark: str) -> None:
    program = "\n".join(survivor.format(mark=mark) for survivor in SURVIVORS.values())
    with room.start(["sh", "-c", f"trap '' TERM\n{program}\necho began; sleep {mark}"]) as child:
        assert child.stdout
        assert child.stdout.readline() == "began\n"
        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == -signal.SIGTERM
    assert processes_with(mark) == []


def test_when_what_started_the_launcher_dies_all_ends(room: Room, mark: str) -> None:
    with room.start(["sh", "-c", f"setsid sleep {mark} & echo began; sleep {mark}"], before=STARTER) as child:
        assert child.stdout
        assert child.stdout.readline() == "began\n"
        child.kill()
        child.wait(60)
    until(lambda: processes_with(mark) == [])


def test_when_the_launcher_is_killed_the_program_goes_with_it(room: Room, mark: str) -> None:
    uid = RUN_UID if room.user == "root" else None
    with room.start(["sh", "-c", f"echo began; exec sleep {mark}"], uid=uid, cwd="/") as child:
        assert child.stdout
        assert child.stdout.readline() == "began\n"
        child.kill()
        child.wait(60)
    until(lambda: processes_with(mark) == [])


@pytest.mark.parametrize(
    "attack",
    [
        "os.kill(os.getppid(), signal.SIGKILL)",
        "os.kill(os.getppid(), signal.SIGSTOP)",
        "os.kill(os.getppid(), 0)",
        "os.kill(int(sys.argv[5]), 0)",
        "call({tgkill}, os.getppid(), os.getppid(), 9)",
        "signal.pidfd_send_signal(os.pidfd_open(os.getppid()), signal.SIGKILL)",
        "os.killpg(os.getpgid(os.getppid()), signal.SIGHUP)",
    ],
)
def test_a_program_signals_nobody_but_its_own(room: Room, attack: str) -> None:
    number = {"x86_64": 234, "aarch64": 131}[os.uname().machine]
    program = f"""
        import os, signal, sys, ctypes
        sys.argv[1:1] = [""] * 4
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        def call(*words):
            if ctypes.CDLL(None).syscall(*words) < 0:
                raise PermissionError
        try:
            {attack.format(tgkill=number)}
            print("done")
        except PermissionError:
            print("refused")
    """
    is_own_group = "killpg" in attack
    assert room.python(program, os.getpid()) == ("done\n" if is_own_group else "refused\n")


def test_a_signal_to_everybody_stays_inside(room: Room) -> None:
    """By the harmless signal that wakes who sleeps."""
    with room.start(["sleep", "60"], landlock=None, seccomp=None, reap=False) as sleeper:
        state = Path(f"/proc/{sleeper.pid}/stat")
        sleeper.send_signal(signal.SIGSTOP)
        until(lambda: " T " in state.read_text())
        room.python("import os, signal; os.kill(-1, signal.SIGCONT)")
        assert " T " in state.read_text()


def test_a_program_that_kills_its_group_ends_itself_alone(room: Room, mark: str) -> None:
    ended = room.run(["sh", "-c", f"setsid sleep {mark} & kill -KILL 0"])
    assert ended.returncode == -signal.SIGKILL
    assert processes_with(mark) == []


def test_an_interrupt_of_the_group_is_the_programs_to_answer(room: Room) -> None:
    program = "trap 'echo interrupted; exit 7' INT; echo began; while :; do sleep 0.05; done"
    with room.start(["sh", "-c", program]) as child:
        assert child.stdout
        assert child.stdout.readline() == "began\n"
        os.killpg(child.pid, signal.SIGINT)
        assert child.stdout.readline() == "interrupted\n"
        assert child.wait(60) == 7
