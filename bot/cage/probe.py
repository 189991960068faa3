"""What an attacker would try, tried: a program that `gitops-bot check` runs in the cage. Standard library alone.

Its one argument is a JSON object of targets that check has made. It prints a JSON object a line: `attempt`, and whether
it was `possible`. What leaves something behind is looked for outside, by check: in here it may only look so.
"""

import ctypes
import errno
import json
import os
import resource
import signal
import socket
import stat
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

SECONDS = 2.0
METADATA = "169.254.169.254"  # where clouds give out the credentials of a machine
CLONE_NEWUSER, PTRACE_ATTACH, PTRACE_DETACH, PR_GET_NO_NEW_PRIVS = 0x10000000, 16, 17, 39
SURVIVOR_CODE = "import time; time.sleep(20)"
SEE_FILE, PATH_SOCKET = "see that a file in DATA_DIR exists", "connect to a socket in DATA_DIR"
LEFT_FILE, LEFT_MEMORY, LEFT_PROCESS = "leave a file behind", "leave shared memory behind", "leave a process behind"
IPC_CREAT = 0o1000
DNS_QUESTION = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + b"\x07example\x03com\x00\x00\x01\x00\x01"

Targets = dict[str, Any]
Attempt = Callable[[Targets], object]

libc = ctypes.CDLL(None, use_errno=True)


def refuse(reason: str) -> None:
    """Say that an attempt came to nothing, where no system call says so."""
    raise PermissionError(errno.EPERM, reason)


def call(name: str, *words: Any) -> int:
    """Call a function of the C library. Raises OSError where it fails."""
    ended = int(getattr(libc, name)(*words))
    if ended < 0:
        raise OSError(ctypes.get_errno(), name)
    return ended


def in_child(act: Callable[[], object]) -> None:
    """Try it in a process of its own, for what cannot be undone. Raises OSError where it is refused."""
    child, status = os.fork(), 1
    if not child:
        try:
            act()
            status = 0
        finally:
            os._exit(status)
    if os.waitpid(child, 0)[1]:
        refuse("the child was refused")


def require_same(targets: Targets, name: str) -> str:
    """Return a path of check's. Raises OSError where it is another file than outside: a cage may have its like."""
    state = os.stat(targets[name])
    if [state.st_dev, state.st_ino] != targets["identities"][name]:
        refuse("it is not the same file")
    return str(targets[name])


def read(path: str) -> None:
    """Read the first byte of a file. Raises OSError where there is none."""
    with open(path, "rb") as file:
        if not file.read(1):
            refuse("it is empty")


def victim(targets: Targets) -> int:
    """Return the id of the process that check started. Raises OSError where ids are not those outside."""
    if os.readlink("/proc/self/ns/pid") != targets["pid_namespace"]:
        raise ProcessLookupError(errno.ESRCH, "no process of outside is here")
    return int(targets["victim"])


def see_process(targets: Targets) -> None:
    """Find the process in the list of all."""
    if str(victim(targets)) not in os.listdir("/proc"):
        refuse("it is not there")


def trace(process: int) -> None:
    """Hold the process as a debugger does, and let it go."""
    call("ptrace", PTRACE_ATTACH, process, 0, 0)
    os.waitpid(process, 0)
    call("ptrace", PTRACE_DETACH, process, 0, 0)


def signal_by_descriptor(process: int) -> None:
    """Send the signal that only asks whether one may."""
    descriptor = os.pidfd_open(process)
    try:
        signal.pidfd_send_signal(descriptor, 0)
    finally:
        os.close(descriptor)


def connect_local(address: str) -> None:
    """Connect to a Unix socket; an abstract one begins with a zero."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(SECONDS)
        connection.connect(address)


def connect(host: str, port: int) -> None:
    """Connect by TCP."""
    socket.create_connection((host, port), SECONDS).close()


def ask(host: str, port: int, question: bytes) -> None:
    """Send a datagram, and wait for the answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(SECONDS)
        connection.connect((host, port))
        connection.send(question)
        connection.recv(512)


def open_socket(targets: Targets, family: int, kind: int, protocol: int = 0) -> None:
    """Open a socket of the machine's own network."""
    socket.socket(family, kind, protocol).close()
    if os.readlink("/proc/self/ns/net") != targets["network_namespace"]:
        refuse("it is another network")


def connect_by_proxy(host: str, port: int) -> None:
    """Have the proxy connect. Anything but its refusal counts: it would have tried."""
    proxy_host, _, proxy_port = os.environ.get("HTTPS_PROXY", "").removeprefix("http://").partition(":")
    if not proxy_port:
        refuse("there is no proxy")
    with socket.create_connection((proxy_host, int(proxy_port)), SECONDS) as connection:
        connection.settimeout(SECONDS)
        connection.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        if connection.recv(512).split(b" ")[1:2] == [b"403"]:
            refuse("the proxy does not allow it")


def leave_files(targets: Targets) -> None:
    """Make what check looks for outside, in each folder that takes it."""
    for marker in targets["markers"]:
        with suppress(OSError), open(marker, "x"):
            pass


def flee(words: list[str]) -> None:
    """Become that program, in a session of its own, without a parent and without the pipes that we are read by."""
    os.setsid()
    if os.fork():
        os._exit(0)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    os.execv(words[0], words)


def leave_process(targets: Targets) -> None:
    """Start what flees; check finds it by the mark in its words."""
    ours, theirs = os.pipe()
    starter = os.fork()
    if not starter:
        try:
            flee([sys.executable, "-I", "-S", "-c", SURVIVOR_CODE, targets["mark"]])
        finally:
            os._exit(1)
    os.close(theirs)
    os.waitpid(starter, 0)
    os.read(ours, 1)  # ends when it is that program: the pipe is closed then
    os.close(ours)


def mount(place: str) -> None:
    """Mount a file system on a folder of ours, and take it away."""
    os.mkdir(place)
    try:
        call("mount", b"none", place.encode(), b"tmpfs", 0, None)
        call("umount2", place.encode(), 0)
    finally:
        os.rmdir(place)


def make_device(path: str) -> None:
    """Make a block device, and delete it."""
    os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(7, 0))
    os.unlink(path)


def require_gain() -> None:
    """Raises OSError where no program of ours may gain rights, as a setuid one does (PR_SET_NO_NEW_PRIVS)."""
    if call("prctl", PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0):
        refuse("no program gains rights")


TEMPORARY = os.environ.get("TMPDIR", "/tmp")
FILES: dict[str, Attempt] = {
    "list DATA_DIR": lambda targets: os.listdir(require_same(targets, "data")),
    SEE_FILE: lambda targets: require_same(targets, "key"),
    "read vault.key": lambda targets: read(targets["key"]),
    "read the database": lambda targets: read(targets["store"]),
    "read another checkout": lambda targets: read(targets["checkout"]),
    "change a file in DATA_DIR": lambda targets: os.close(os.open(targets["checkout"], os.O_WRONLY)),
    "list the HOME of the bot's user": lambda targets: os.listdir(require_same(targets, "home")),
    "list the machine's /tmp": lambda targets: os.listdir(require_same(targets, "tmp")),
}
PROCESSES: dict[str, Attempt] = {
    "see another process": see_process,
    "read another process' environment": lambda targets: read(f"/proc/{victim(targets)}/environ"),
    "open another process' memory": lambda targets: os.close(os.open(f"/proc/{victim(targets)}/mem", os.O_RDONLY)),
    "list another process' open files": lambda targets: os.listdir(f"/proc/{victim(targets)}/fd"),
    "read the environment of the first process": lambda targets: read("/proc/1/environ"),
    "signal another process": lambda targets: os.kill(victim(targets), 0),
    "signal another process by a descriptor": lambda targets: signal_by_descriptor(victim(targets)),
    "trace another process": lambda targets: trace(victim(targets)),
    "read another process' limits": lambda targets: resource.prlimit(victim(targets), resource.RLIMIT_CORE),
}
SOCKETS: dict[str, Attempt] = {
    "connect to an abstract socket": lambda targets: connect_local("\0" + targets["abstract"]),
    PATH_SOCKET: lambda targets: connect_local(targets["path_socket"]),
}
NETWORK: dict[str, Attempt] = {
    "connect to a port of the machine": lambda targets: connect("127.0.0.1", targets["tcp"]),
    f"connect to {METADATA}": lambda targets: connect(METADATA, 80),
    "exchange UDP with the machine": lambda targets: ask("127.0.0.1", targets["udp"], b"probe"),
    "ask a name server": lambda targets: ask(targets["name_server"], 53, DNS_QUESTION),
    "open a raw socket": lambda targets: open_socket(targets, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "open a packet socket": lambda targets: open_socket(targets, socket.AF_PACKET, socket.SOCK_RAW),
}
PROXY: dict[str, Attempt] = {
    "reach a port of the machine by the proxy": lambda targets: connect_by_proxy("127.0.0.1", targets["tcp"]),
    f"reach {METADATA} by the proxy": lambda targets: connect_by_proxy(METADATA, 80),
}
SYSTEM: dict[str, Attempt] = {
    "mount a file system": lambda targets: mount(os.path.join(TEMPORARY, targets["mark"])),
    "make a namespace": lambda targets: in_child(lambda: call("unshare", CLONE_NEWUSER)),
    "make a device": lambda targets: make_device(os.path.join(TEMPORARY, targets["mark"])),
    "gain rights by a setuid program": lambda targets: require_gain(),
    "change a setting of the kernel": lambda targets: os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY)),
}
TRACES: dict[str, Attempt] = {
    LEFT_FILE: leave_files,
    LEFT_MEMORY: lambda targets: call("shmget", targets["memory_key"], 4096, IPC_CREAT | 0o600),
    LEFT_PROCESS: leave_process,
}
ATTEMPTS = FILES | PROCESSES | SOCKETS | NETWORK | PROXY | SYSTEM | TRACES


def main(targets: Targets) -> None:
    """Try all, and print what was possible."""
    for name, act in ATTEMPTS.items():
        try:
            act(targets)
        except OSError:
            is_possible = False
        else:
            is_possible = True
        sys.stdout.write(json.dumps({"attempt": name, "possible": is_possible}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
