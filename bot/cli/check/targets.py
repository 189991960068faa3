"""What the probe of `gitops-bot check` is let loose on: stand-ins where nothing real is, all gone with the check."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bot
from bot.cage import probe
from bot.cage.cages import NO_CAGE, ProjectCage

CODE = Path(bot.__file__).parent
LEFT_IN = ("/tmp", "/var/tmp", "/dev/shm")
IDLE = "import sys; sys.stdin.read()"
SECRET = {"GITOPS_BOT_STAND_IN": "what no other process may read"}
MAX_SOCKET_PATH = 100
IPC_RMID = 0
END = b"end"
GRACE_SECONDS, POLL_SECONDS = 2.0, 0.05


@dataclass(frozen=True, slots=True)
class Targets:
    """`named` is what the probe gets, by its names."""

    named: Mapping[str, Any]

    def traces(self, cage: ProjectCage) -> frozenset[str]:
        """Return the attempts that left something, and clear it away. What the operator has kept is none."""
        left = {
            probe.LEFT_FILE: _delete_files(map(Path, self.named["markers"]), cage),
            probe.LEFT_MEMORY: _delete_memory(self.named["memory_key"]),
            probe.LEFT_PROCESS: _end_processes(self.named["mark"]),
        }
        return frozenset(name for name, was_left in left.items() if was_left)


@contextmanager
def targets_of(data_dir: Path, environment: Mapping[str, str], mark: str) -> Iterator[Targets]:
    """Make them, for as long as the probe runs. `mark` is in the name of all that it leaves."""
    with ExitStack() as closing:
        folder = closing.enter_context(_folder(data_dir))
        places = {
            "data": data_dir if folder.parent == data_dir else folder,
            "key": _real(data_dir / "vault.key", folder),
            "store": _real(data_dir / "store.sqlite", folder),
            "checkout": _real(folder / "main.tf", folder),
            "home": Path(environment.get("HOME") or "/nonexistent"),
            "tmp": Path("/tmp"),
        }
        kept_in = (folder, *map(Path, LEFT_IN), places["home"], *_search_path(environment), CODE)
        markers = [place / f".gitops-bot-{mark}" for place in dict.fromkeys(kept_in)]
        closing.callback(_delete, markers)
        yield Targets(
            {
                **{name: str(place) for name, place in places.items()},
                **_sockets(folder, mark, closing),
                "identities": {name: _identity(place) for name, place in places.items()},
                "markers": [str(marker) for marker in markers],
                "memory_key": int(mark[:7], 16) or 1,
                "mark": mark,
                "victim": closing.enter_context(_victim()),
                "name_server": _name_server(),
                "pid_namespace": os.readlink("/proc/self/ns/pid"),
                "network_namespace": os.readlink("/proc/self/ns/net"),
            }
        )


@contextmanager
def _folder(data_dir: Path) -> Iterator[Path]:
    """Make a folder in DATA_DIR; where there is none yet, elsewhere."""
    is_usable = data_dir.is_dir() and os.access(data_dir, os.W_OK)
    folder = Path(tempfile.mkdtemp(prefix="check-", dir=data_dir if is_usable else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _real(path: Path, folder: Path) -> Path:
    """Return the file, or its stand-in, which only we may read."""
    if path.is_file():
        return path
    stand_in = folder / path.name
    stand_in.touch(mode=0o600)
    stand_in.write_text("a stand-in for the check")
    return stand_in


def _identity(path: Path) -> list[int]:
    with suppress(OSError):
        state = path.stat()
        return [state.st_dev, state.st_ino]
    return []


def _search_path(environment: Mapping[str, str]) -> list[Path]:
    return [Path(place) for place in environment.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(place)]


def _sockets(folder: Path, mark: str, closing: ExitStack) -> dict[str, Any]:
    """Listen at each kind of address; nobody needs to accept for others to be connected."""
    path = str(folder / "socket")
    if len(path) > MAX_SOCKET_PATH:
        path = str(closing.enter_context(_folder(Path("/nonexistent"))) / "socket")
    abstract = f"gitops-bot-{mark}"
    for address in ("\0" + abstract, path):
        listener = closing.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        listener.bind(address)
        listener.listen()
    tcp = closing.enter_context(socket.create_server(("127.0.0.1", 0)))
    udp = closing.enter_context(_echoing())
    return {"abstract": abstract, "path_socket": path, "tcp": tcp.getsockname()[1], "udp": udp}


@contextmanager
def _echoing() -> Iterator[int]:
    """Answer datagrams on a port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_echo, args=(listener,), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.sendto(END, listener.getsockname())
            thread.join()


def _echo(listener: socket.socket) -> None:
    question = b""
    while question != END:
        question, asker = listener.recvfrom(512)
        listener.sendto(question, asker)


@contextmanager
def _victim() -> Iterator[int]:
    """Start a process of our user that waits, with an environment to be read; its id."""
    idle = [sys.executable, "-I", "-S", "-c", IDLE]
    with subprocess.Popen(idle, stdin=subprocess.PIPE, env=SECRET, start_new_session=True) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def _name_server() -> str:
    with suppress(OSError):
        lines = [line.split() for line in Path("/etc/resolv.conf").read_text().splitlines()]
        return next((line[1] for line in lines if line[:1] == ["nameserver"] and ":" not in line[1]), "127.0.0.53")
    return "127.0.0.53"


def _delete_files(markers: Iterable[Path], cage: ProjectCage) -> bool:
    """Delete what was left; tell whether there was any but where the operator lets programs write (CAGE__WRITE)."""
    left = [marker for marker in markers if os.path.lexists(marker)]
    _delete(left)
    return any(cage.name == NO_CAGE or not cage.keeps(marker) for marker in left)


def _delete(markers: Iterable[Path]) -> None:
    for marker in markers:
        with suppress(OSError):  # two folders may be one, as /bin and /usr/bin
            marker.unlink()


def _delete_memory(key: int) -> bool:
    """Tell whether there was shared memory of this key."""
    libc = ctypes.CDLL(None)
    identifier = int(libc.shmget(key, 0, 0))
    if identifier >= 0:
        libc.shmctl(identifier, IPC_RMID, None)
    return identifier >= 0


def _end_processes(mark: str) -> bool:
    """Tell whether a process was left. The kernel ends those of a namespace a moment after its first."""
    deadline = time.monotonic() + GRACE_SECONDS
    while (left := list(_marked(mark))) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    for process in left:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return bool(left)


def _marked(mark: str) -> Iterator[int]:
    """Processes of this machine with the mark as a word of theirs."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (folder / "cmdline").read_bytes().endswith(f"\0{mark}\0".encode()):
                yield int(folder.name)
