"""Which system calls a program may not make that the launcher started, and which sockets it has."""

import os
import socket

import pytest

from bot.cage.launcher.system_calls import number, refused_calls
from tests.cage.launching import Room

MACHINE = os.uname().machine
X32_BIT = 0x40000000
CLONE_NEWUSER = 0x10000000
MPTCP, SCTP, FASTOPEN = 262, 132, 0x20000000
AF_ALG, AF_VSOCK, NETLINK_KOBJECT_UEVENT = 38, 40, 15


def _call(name: str, *words: object) -> str:
    return f"call({', '.join(map(str, (number(name, MACHINE), *words)))})"


def _exchange(port: int) -> str:
    return f"assert socket.create_connection(('127.0.0.1', {port}), 5).recv(5) == b'hello'"


def test_refused_calls_are_refused(room: Room) -> None:
    calls = {str(call): f"call({call}, 0, 0, 0, 0, 0, 0)" for call in refused_calls(MACHINE)}
    outcomes = room.attempts(calls)
    assert {name: outcome for name, outcome in outcomes.items() if outcome != "EPERM"} == {}
    assert len(outcomes) > 60


@pytest.mark.parametrize(
    "words",
    [
        ("clone", CLONE_NEWUSER, 0, 0, 0, 0),
        ("ioctl", 0, 0x5412, 0),
        ("ioctl", 0, 0x1_0000_5412, 0),
        ("ioctl", 0, 0x541C, 0),
        ("personality", 0x0040000),
        ("sendmsg", 0, 0, FASTOPEN),
    ],
    ids=lambda words: f"{words[0]} {words[1]:#x}",
)
def test_dangerous_arguments_are_refused(room: Room, words: tuple[object, ...]) -> None:
    name, *others = words
    assert room.attempts({"try": _call(str(name), *others)})["try"] in ("EPERM", "ENOTSUP")


def test_no_namespace_is_made(room: Room) -> None:
    ended = room.run(["unshare", "--user", "true"])
    assert (ended.returncode, "Operation not permitted" in ended.stderr) == (1, True)


def test_other_processes_of_the_user_keep_their_limits_and_priorities(room: Room) -> None:
    attempts = {
        "processor time": "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
        "ask": "resource.prlimit(os.getppid(), resource.RLIMIT_CPU)",
        "politeness": "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
        "politeness of all": "os.setpriority(os.PRIO_USER, 0, 19)",
        "processors": "os.sched_setaffinity(os.getppid(), {0})",
        "scheduler": "os.sched_setscheduler(os.getppid(), os.SCHED_IDLE, os.sched_param(0))",
        "parameters": "os.sched_setparam(os.getppid(), os.sched_param(0))",
        "disk": _call("ioprio_set", 1, "os.getppid()", 0),
        "memory": _call("process_vm_readv", "os.getppid()", 0, 0, 0, 0, 0),
        "trace": _call("ptrace", 16, "os.getppid()", 0, 0),
        "descriptors": _call("pidfd_getfd", "os.pidfd_open(os.getppid())", 0, 0),
    }
    assert room.attempts(attempts) == dict.fromkeys(attempts, "EPERM")


def test_a_program_sets_what_is_its_own(room: Room) -> None:
    attempts = {
        "limit": "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))",
        "politeness": "os.nice(1)",
        "processors": "os.sched_setaffinity(0, os.sched_getaffinity(0))",
        "thread": "import threading; threading.Thread(target=print, args=('',), kwargs={'end': ''}).start()",
        "child": "run('/bin/true')",
        "personality": _call("personality", 0xFFFFFFFF),
    }
    assert room.attempts(attempts) == dict.fromkeys(attempts, "done")


def test_unknown_calls_do_not_exist(room: Room) -> None:
    attempts = {
        "clone3": _call("clone3", 0, 0),
        "of the future": "call(470, 0, 0)",
        "of x32": f"call({X32_BIT + number('ptrace', MACHINE)}, 0, 0, 0, 0)",
        "getpid of x32": f"call({X32_BIT + 39})",
    }
    assert room.attempts(attempts) == dict.fromkeys(attempts, "ENOSYS")


@pytest.mark.skipif(MACHINE != "x86_64", reason="another processor's calls cannot be made here")
def test_calls_of_another_processor_do_not_exist(room: Room) -> None:
    program = """
        import ctypes, mmap
        code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        code.write(bytes.fromhex("b814000000" "cd80" "c3"))  # getpid of i386: mov eax, 20; int 0x80; ret
        address = ctypes.addressof(ctypes.c_char.from_buffer(code))
        print(ctypes.CFUNCTYPE(ctypes.c_int)(address)())
    """
    assert room.python(program) == "-38\n"


SOCKETS = {
    "stream between processes": "socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)",
    "packets between processes": "socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)",
    "pair": "socket.socketpair()",
    "TCP": "socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, socket.IPPROTO_TCP)",
    "TCP 6": "socket.socket(socket.AF_INET6, socket.SOCK_STREAM)",
    "routes": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)",
}
DATAGRAMS = {
    "UDP": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "UDP 6": "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, socket.IPPROTO_UDP)",
}
NO_SOCKETS = {
    "datagrams between processes": "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)",
    "the same by another name": "socket.socket(socket.AF_UNIX, socket.SOCK_RAW)",
    "pair of datagrams": "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
    "MPTCP": f"socket.socket(socket.AF_INET, socket.SOCK_STREAM, {MPTCP})",
    "SCTP": f"socket.socket(socket.AF_INET, socket.SOCK_STREAM, {SCTP})",
    "raw": "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)",
    "ping": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)",
    "packets": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)",
    "hypervisor": f"socket.socket({AF_VSOCK}, socket.SOCK_STREAM)",
    "cryptography": f"socket.socket({AF_ALG}, socket.SOCK_SEQPACKET)",
    "kernel's events": f"socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, {NETLINK_KOBJECT_UEVENT})",
}
REFUSALS = {"EAFNOSUPPORT", "ESOCKTNOSUPPORT", "EPROTONOSUPPORT"}


def test_closed_leaves_streams_and_name_resolution(room: Room) -> None:
    assert room.attempts(SOCKETS, seccomp="closed") == dict.fromkeys(SOCKETS, "done")
    assert set(room.attempts(NO_SOCKETS | DATAGRAMS, seccomp="closed").values()) <= REFUSALS


def test_open_leaves_datagrams_as_well(room: Room) -> None:
    assert room.attempts(SOCKETS | DATAGRAMS, seccomp="open") == dict.fromkeys(SOCKETS | DATAGRAMS, "done")
    assert set(room.attempts(NO_SOCKETS, seccomp="open").values()) <= REFUSALS


def test_a_listed_port_is_reached_and_no_other(room: Room, port: int) -> None:
    rules = room.spec([])["landlock"]
    attempts = {"connect": _exchange(port)}
    assert room.attempts(attempts, landlock=rules | {"ports": [port]}) == {"connect": "done"}
    assert room.attempts(attempts, landlock=rules | {"ports": [port ^ 1]}) == {"connect": "EACCES"}


def test_no_port_is_reached_without_connecting(room: Room, port: int) -> None:
    place = f"('127.0.0.1', {port})"
    attempts = {
        "send at once": f"socket.socket().sendto(b'x', {FASTOPEN}, {place})",
        "send a message at once": f"socket.socket().sendmsg([b'x'], [], {FASTOPEN}, {place})",
        "by another protocol": f"socket.socket(socket.AF_INET, socket.SOCK_STREAM, {MPTCP}).connect({place})",
        "send, later": f"s = socket.socket(); s.setsockopt(6, 30, 1); s.connect({place})",
    }
    outcomes = room.attempts(attempts)
    assert {name: outcome for name, outcome in outcomes.items() if outcome == "done"} == {}


def test_nothing_listens_on_a_port_that_was_chosen(room: Room, port: int) -> None:
    rules = room.spec([])["landlock"]
    attempts = {"choose": "socket.create_server(('127.0.0.1', 18765))", "any": "socket.create_server(('127.0.0.1', 0))"}
    assert room.attempts(attempts) == dict.fromkeys(attempts, "EACCES")
    outcomes = room.attempts(attempts | {"connect": _exchange(port)}, landlock=rules | {"ports": None}, seccomp="open")
    assert outcomes == {"choose": "EACCES", "any": "done", "connect": "done"}


def test_an_abstract_socket_outside_is_not_reached(room: Room) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0gitops-bot-{os.getpid()}")
        server.listen()
        attempts = {"connect": f"socket.socket(socket.AF_UNIX).connect('\\0gitops-bot-{os.getpid()}')"}
        assert room.attempts(attempts) == {"connect": "EPERM"}


def test_no_program_is_made_that_runs_as_its_owner(room: Room) -> None:
    attempts = {
        "chmod": "(write / 'file').chmod(0o4755)",
        "set-group-id": "(write / 'file').chmod(0o2755)",
        "fchmod": "os.fchmod(os.open(write / 'file', os.O_RDONLY), 0o4755)",
        "open": "os.open(write / 'new', os.O_CREAT | os.O_WRONLY, 0o4755)",
        "nameless": "os.open(write, os.O_TMPFILE | os.O_WRONLY, 0o4755)",
    }
    assert room.attempts(attempts) == dict.fromkeys(attempts, "EPERM")
    plain = {"chmod": "(write / 'file').chmod(0o755)", "sticky": "(write / 'file').chmod(0o1755)"}
    assert room.attempts(plain) == dict.fromkeys(plain, "done")
