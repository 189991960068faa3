"""What the launcher makes of itself before the program begins, and how it says that it could not."""

import os
import signal
import socket
import subprocess
import sys
import textwrap

import pytest

from bot.cage.launcher import launcher
from tests.cage.launching import PYTHON, Room, room_of

RUN_UID = 35123
SLOW_MODULES = {"ctypes", "signal", "json", "re", "typing", "enum", "collections", "contextlib", "socket", "subprocess"}


def test_the_program_has_the_environment_of_the_spec_and_no_other(room: Room) -> None:
    env = {"PATH": "/usr/bin:/bin", "WORD": 'ä "quoted" \n line', "EMPTY": ""}
    printed = room.python("import os; print(ascii({k: v for k, v in os.environ.items() if k != 'LC_CTYPE'}))", env=env)
    assert printed == f"{ascii(env)}\n"


def test_the_program_begins_where_it_should(room: Room) -> None:
    assert room.run(["pwd"], cwd=str(room.read)).stdout == f"{room.read}\n"


@pytest.mark.parametrize("reap", [True, False])
def test_the_program_has_no_descriptor_but_the_three(room: Room, reap: bool) -> None:
    program = """
        import os
        def is_open(number):
            try:
                return bool(os.fstat(number))
            except OSError:
                return False
        print([number for number in range(1000) if is_open(number)])
    """
    with_another = ["sh", "-c", 'exec 7</etc/passwd; exec "$@"', "sh"]
    argv = [PYTHON, "-I", "-c", textwrap.dedent(program)]
    with room.start(argv, before=with_another, reap=reap) as child:
        assert child.communicate(timeout=60) == ("[0, 1, 2]\n", "")


def test_the_program_gets_every_signal_as_usual(room: Room) -> None:
    """Also those that whoever started the launcher ignores or blocks."""
    deaf = """
        import os, signal, sys
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR1):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, signal.SIGTERM])
        os.execv(sys.argv[1], sys.argv[1:])
    """
    listening = """
        import signal
        pythons = dict.fromkeys((signal.SIGPIPE, signal.SIGXFSZ), signal.SIG_IGN)
        pythons[signal.SIGINT] = signal.default_int_handler
        unusual = [n for n in signal.valid_signals() if signal.getsignal(n) != pythons.get(n, signal.SIG_DFL)]
        print(unusual, signal.pthread_sigmask(signal.SIG_BLOCK, []))
    """
    before = [PYTHON, "-c", textwrap.dedent(deaf)]
    with room.start([PYTHON, "-I", "-c", textwrap.dedent(listening)], before=before) as child:
        assert child.communicate(timeout=60) == ("[] set()\n", "")


@pytest.mark.parametrize("reap", [True, False])
@pytest.mark.parametrize(
    ("program", "status"), [("exit 0", 0), ("exit 3", 3), ("kill -TERM $$", -15), ("kill -9 $$", -9)]
)
def test_the_launcher_ends_as_the_program_did(room: Room, program: str, status: int, reap: bool) -> None:
    assert room.run(["sh", "-c", program], reap=reap).returncode == status


def test_limits_are_in_force_and_never_above_what_they_were(room: Room) -> None:
    program = """
        import resource
        print(resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_FSIZE))
    """
    with_less = ["sh", "-c", 'ulimit -n 50; exec "$@"', "sh"]
    argv = [PYTHON, "-I", "-c", "\n".join(line.strip() for line in program.splitlines())]
    with room.start(argv, before=with_less, rlimits={"NOFILE": 99, "FSIZE": 1000}) as child:
        assert child.communicate(timeout=60) == ("(50, 50) (1000, 1000)\n", "")


@pytest.mark.parametrize("reap", [True, False])
def test_no_privilege_is_left_nor_gained(room: Room, reap: bool) -> None:
    attempts = {
        "flag": "assert libc.prctl(39, 0, 0, 0, 0) == 1",
        "capabilities": "data = ctypes.create_string_buffer(24); header = (ctypes.c_uint32 * 2)(0x20080522, 0); "
        "assert libc.capget(header, data) == 0; assert data.raw == bytes(24)",
        "another user": "os.setuid(os.getuid() + 1)",
        "another group": "os.setgroups([0])",
        "give away": "os.chown(write / 'file', os.getuid() + 1, -1)",
        "low port": "socket.socket().bind(('127.0.0.1', 80))",
        "root directory": "os.chroot(write)",
    }
    outcomes = room.attempts(attempts, reap=reap)
    assert (outcomes.pop("flag"), outcomes.pop("capabilities")) == ("done", "done")
    assert set(outcomes.values()) <= {"EPERM", "EACCES"}


def test_a_setuid_program_gains_nothing(room: Room) -> None:
    assert room.run(["su", "-c", "id"]).returncode not in (0, 125)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_user_of_its_own_may_read_what_was_granted_by_its_modes_alone() -> None:
    with room_of("root") as room:
        (room.read / "secret").write_text("x")
        (room.read / "secret").chmod(0o600)
        program = "import os; print(os.getresuid(), os.getresgid(), os.getgroups()); open('secret')"
        ended = room.run([PYTHON, "-I", "-c", program], uid=RUN_UID, groups=[30000], cwd=str(room.read))
        assert ended.stdout == f"{(RUN_UID,) * 3} {(RUN_UID,) * 3} [30000]\n"
        assert "PermissionError" in ended.stderr


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ({"argv": ["no-such-program"]}, "could not start the program: no-such-program: No such file or directory"),
        ({"argv": ["/etc/passwd"]}, "could not start the program: /etc/passwd: Permission denied"),
        ({"cwd": "/no/such/place"}, "could not start the program: /no/such/place: No such file or directory"),
        ({"rlimits": {"WISHES": 3}}, "could not limit its resources: "),
        ({"seccomp": "perhaps"}, "could not filter its system calls with seccomp: KeyError('perhaps')"),
        ({"landlock": {"read": []}}, "could not restrict files and ports with Landlock: KeyError('write')"),
        ({"listen": [["192.0.2.1", 0]], "control": 0}, "could not listen for the program: "),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_runs(room: Room, others: dict[str, object], sentence: str) -> None:
    argv = {"argv": [PYTHON, "-c", "print('ran')"]} | others
    ended = room.run(argv.pop("argv"), **argv)  # type: ignore[arg-type]
    assert (ended.returncode, ended.stdout) == (125, "")
    assert ended.stderr.startswith(f"launcher: {sentence}")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("text", ["", "[1", "[]", "{}", '{"argv": []}'])
def test_a_spec_that_is_none_starts_nothing(text: str) -> None:
    descriptor = os.memfd_create("launcher")
    os.write(descriptor, text.encode())
    command = [sys.executable, "-I", "-S", launcher.__file__, str(descriptor)]
    ended = subprocess.run(command, pass_fds=[descriptor], capture_output=True, text=True, timeout=60, check=False)
    os.close(descriptor)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (125, "", 1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_becomes_no_other() -> None:
    with room_of("ordinary") as room:
        ended = room.run(["id"], uid=RUN_UID)
        assert (ended.returncode, ended.stdout) == (125, "")
        assert ended.stderr == "launcher: could not run as another user: Operation not permitted\n"


def test_listening_sockets_are_handed_out_and_the_program_told_where(room: Room) -> None:
    ours, inner = socket.socketpair()
    with ours, inner:
        rules = room.spec([])["landlock"] | {"ports": None}
        env = {"PATH": "/usr/bin:/bin", "A": "http://{listen0}/", "B": "{listen1}|{listen0}"}
        program = textwrap.dedent("""
            import os, socket
            print(os.environ["A"], os.environ["B"])
            host, port = os.environ["B"].split("|")[0].split(":")
            print(socket.create_connection((host, int(port))).recv(9))
        """)
        listen = [["127.0.0.1", 0], ["127.0.0.1", 0]]
        argv = [PYTHON, "-I", "-c", program]
        with room.start(argv, env=env, listen=listen, control=inner.fileno(), landlock=rules, seccomp="open") as child:
            inner.close()
            places, descriptors, _, _ = socket.recv_fds(ours, 4096, 9)
            assert ours.recv(1) == b""
            servers = [socket.socket(fileno=descriptor) for descriptor in descriptors]
            named = [":".join(map(str, server.getsockname())) for server in servers]
            assert places.decode().splitlines() == named
            with servers[0], servers[1], servers[1].accept()[0] as connection:
                connection.sendall(b"hello")
            output, errors = child.communicate(timeout=60)
    assert (child.returncode, errors) == (0, "")
    assert output == f"http://{named[0]}/ {named[1]}|{named[0]}\nb'hello'\n"


def test_the_launcher_imports_nothing_that_takes_long() -> None:
    descriptor = os.memfd_create("launcher")
    os.write(
        descriptor, b'{"argv": ["/bin/true"], "cwd": "/", "env": {}, "landlock": null, "seccomp": "open", "reap": true}'
    )
    command = [sys.executable, "-X", "importtime", "-I", "-S", launcher.__file__, str(descriptor)]
    ended = subprocess.run(command, pass_fds=[descriptor], capture_output=True, text=True, timeout=60, check=False)
    os.close(descriptor)
    assert ended.returncode == 0
    modules = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    assert "bot.cage.launcher.seccomp_filter" in modules
    assert modules & SLOW_MODULES == set()


def test_the_launcher_is_hard_to_end_by_a_group_signal_of_its_own_terminal(room: Room) -> None:
    with room.start(["sh", "-c", "trap '' HUP; echo began; sleep 60"]) as child:
        assert child.stdout
        assert child.stdout.readline() == "began\n"
        child.send_signal(signal.SIGHUP)
        assert child.wait(60) == -signal.SIGHUP
