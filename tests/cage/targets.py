"""What the hostile provider is let loose on: files, folders, a process and services that were made to be attacked.

What succeeds does no harm: everything here is the test's own, and goes when it is over. The probes are in
`tests/provider/hostile`, and in its `targets.go` what each of these is.
"""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sandbox.stage import PROGRAM_PATH
from tests.cage import victim
from tests.cage.listening import has_ipv6, listening, machine_address
from tests.cage.ordinary import becoming, python_of

VICTIM_FILES = ("doomed", "moved", "linked", "kept")
SHARED = {
    "the machine's /tmp": "/tmp",
    "/var/tmp": "/var/tmp",
    "/dev/shm": "/dev/shm",
    "/run": "/run",
    "the home of the bot's user": str(Path.home()),
}
NAMESPACES = ("net", "ipc", "pid", "mnt", "user", "uts", "cgroup")


@dataclass(frozen=True)
class Targets:
    """The fields of `targets.go`."""

    mark: str
    files: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    shared: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)
    bot: int = 0
    victim: int = 0
    address: int = 0
    descriptor: int = 0
    namespaces: Mapping[str, str] = field(default_factory=dict)
    tcp: Mapping[str, str] = field(default_factory=dict)
    udp: Mapping[str, str] = field(default_factory=dict)
    abstract: str = ""
    sockets: Mapping[str, str] = field(default_factory=dict)
    setuid: str = ""
    survivors: int = 0
    plants: Mapping[str, str] = field(default_factory=dict)
    pipes: tuple[str, ...] = ()
    credential: str = ""
    only: tuple[str, ...] = ()
    heavy: bool = False
    record: str = ""

    def to_json(self) -> str:
        return json.dumps(vars(self), indent=1)

    def having(self, **more: Any) -> "Targets":
        """The same with other fields; mappings are added to."""
        merged = {name: {**getattr(self, name), **new} if isinstance(new, dict) else new for name, new in more.items()}
        return replace(self, **merged)


@contextlib.contextmanager
def targets(top: Path, owner: int | None = None, data: Path | None = None) -> Iterator[Targets]:
    """Make them below a folder, which others than us may look into, as things of a user: us, or `owner`.

    `data` is the DATA_DIR of a bot, where a socket is made too.
    """
    mark = f"mark-{secrets.token_hex(12)}"
    with contextlib.ExitStack() as undo:
        listeners = undo.enter_context(listening(mark))
        process, address, descriptor = undo.enter_context(_victim(mark, owner))
        here, ipv6 = machine_address(), has_ipv6()
        yield Targets(
            mark=mark,
            folder=str(_folder(top / "somebody-elses", owner)),
            shared={name: undo.enter_context(_shared(place)) for name, place in SHARED.items() if _may_write(place)},
            code={
                "a module of the bot": _module("bot/process.py"),
                "a package of the bot": json.__file__,
                "the tool": shutil.which("terraform", path=PROGRAM_PATH) or "",
            },
            victim=process,
            address=address,
            descriptor=descriptor,
            namespaces={kind: os.readlink(f"/proc/self/ns/{kind}") for kind in NAMESPACES},
            tcp={"a service on loopback": listeners.tcp()}
            | ({"a service on loopback by IPv6": listeners.tcp("::1")} if ipv6 else {})
            | ({"a service on the machine's address": listeners.tcp(here)} if here else {}),
            udp={"loopback": listeners.udp()} | ({"the machine's address": listeners.udp(here)} if here else {}),
            abstract=listeners.abstract(f"hostile-{mark}"),
            sockets={
                "the machine's /tmp": listeners.unix(undo.enter_context(_short_folder()) / "socket"),
                "an engine of containers": listeners.unix(undo.enter_context(_short_folder()) / "docker.sock"),
            }
            | ({"DATA_DIR": listeners.unix(data / "socket")} if data else {}),
            setuid=undo.enter_context(_setuid()),
        )


def _folder(path: Path, owner: int | None) -> Path:
    """A folder with files to be harmed, which only its owner may look into."""
    path.mkdir(mode=0o700, parents=True)
    for name in VICTIM_FILES:
        (path / name).write_text(f"{name}\n")
    for each in (*path.iterdir(), path):
        if owner is not None:
            os.chown(each, owner, owner)
    return path


@contextlib.contextmanager
def _victim(mark: str, owner: int | None) -> Iterator[tuple[int, int, int]]:
    """A process of its own session; its id, the mark's address in it, and a descriptor of it."""
    process = subprocess.Popen(
        [*becoming(owner), python_of(owner), "-I", "-S", "-c", Path(victim.__file__).read_text(), mark],
        env={"PATH": os.defpath, "MARK": mark},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdin
    assert process.stdout
    with process.stdin, process.stdout:
        address, descriptor = process.stdout.readline().split()
        try:
            yield process.pid, int(address), int(descriptor)
        finally:
            process.kill()
            process.wait()


@contextlib.contextmanager
def _shared(place: str) -> Iterator[str]:
    """A new folder in a place of the machine, for everybody to write to."""
    path = Path(tempfile.mkdtemp(prefix="hostile-", dir=place))
    path.chmod(0o1777)
    try:
        yield str(path)
    finally:
        shutil.rmtree(path)


@contextlib.contextmanager
def _short_folder() -> Iterator[Path]:
    """A folder whose sockets have short paths."""
    with _shared("/tmp") as path:
        yield Path(path)


@contextlib.contextmanager
def _setuid() -> Iterator[str]:
    """A copy of id(1) that belongs to root and is set-user-id; none where we are not root."""
    if os.geteuid():
        yield ""
        return
    with _shared("/var/tmp") as folder:
        path = shutil.copy(shutil.which("id") or "", folder)
        os.chmod(path, 0o4755)
        yield str(path)


def _may_write(place: str) -> bool:
    return os.access(place, os.W_OK)


def _module(name: str) -> str:
    return str(Path(__file__).resolve().parents[2] / name)
