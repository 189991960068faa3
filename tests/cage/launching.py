"""Programs started by the launcher as it is started in earnest, by root and by an ordinary user."""

import json
import os
import shutil
import subprocess
import tempfile
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from errno import ENOSYS
from pathlib import Path
from typing import Any

import pytest

from bot.cage.launcher import landlock_rules, launcher
from bot.cage.system_paths import device_paths, system_paths

ORDINARY = 29_998  # a user without a name, whose processes are those of these tests alone
PATH = "/usr/local/bin:/usr/bin:/bin"
PYTHON = "/usr/bin/python3"  # the machine's: an ordinary user may not run one in root's home
USERS = ("root", "ordinary")
SECONDS = 60


@dataclass(frozen=True, slots=True)
class Room:
    """Folders of a user's own: `read` and `write` are in a program's reach, `outside` is not."""

    top: Path
    user: str

    @property
    def read(self) -> Path:
        return self.top / "read"

    @property
    def write(self) -> Path:
        return self.top / "write"

    @property
    def outside(self) -> Path:
        return self.top / "outside"

    def spec(self, argv: Sequence[str], **others: Any) -> dict[str, Any]:
        """What is asked of the launcher: everything it can do, but for what `others` say."""
        read = [str(path) for path in (*system_paths(PATH), self.read)]
        write = [str(path) for path in (*device_paths(), self.write)]
        return {
            "argv": list(argv),
            "cwd": str(self.write),
            "env": {"PATH": PATH},
            "rlimits": {"CORE": 0},
            "landlock": {"read": read, "write": write, "ports": []},
            "seccomp": "closed",
            "uid": None,
            "reap": True,
        } | others

    @contextmanager
    def start(
        self, argv: Sequence[str], before: Sequence[str] = (), **others: Any
    ) -> Iterator["subprocess.Popen[str]"]:
        """The launcher, started after the words `before`; killed if it still runs at the end."""
        descriptor = os.memfd_create("launcher")
        os.write(descriptor, json.dumps(self.spec(argv, **others)).encode())
        given = [descriptor] + ([others["control"]] if "control" in others else [])
        command = [*self._as_user(), *before, PYTHON, "-I", "-S", launcher.__file__, str(descriptor)]
        pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, env={}, pass_fds=given, text=True, start_new_session=True, **pipes) as child:
            os.close(descriptor)
            try:
                yield child
            finally:
                child.kill()

    def run(self, argv: Sequence[str], **others: Any) -> "subprocess.CompletedProcess[str]":
        """The program's end, and what it and the launcher printed."""
        with self.start(argv, **others) as child:
            output, errors = child.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess(argv, child.returncode, output, errors)

    def python(self, program: str, *words: object, **others: Any) -> str:
        """What a Python program prints that must end well."""
        ended = self.run([PYTHON, "-I", "-c", textwrap.dedent(program), *map(str, words)], **others)
        assert ended.returncode == 0, (ended.returncode, ended.stdout, ended.stderr)
        return ended.stdout

    def attempts(self, attempts: Mapping[str, str], **others: Any) -> dict[str, str]:
        """Try each of these Python statements inside; by name `done`, or the error's name."""
        printed = self.python(ATTEMPTS, json.dumps(attempts), self.read, self.write, self.outside, **others)
        outcomes: dict[str, str] = json.loads(printed)
        return outcomes

    def _as_user(self) -> list[str]:
        is_ordinary = self.user == "ordinary" and os.geteuid() == 0
        return (
            ["setpriv", "--reuid", f"{ORDINARY}", "--regid", f"{ORDINARY}", "--clear-groups", "--"]
            if is_ordinary
            else []
        )


ATTEMPTS = """
import ctypes, errno, fcntl, json, os, resource, signal, socket, stat, sys
from pathlib import Path
read, write, outside = map(Path, sys.argv[2:])
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *words):
    if libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, words)) < 0:
        raise OSError(ctypes.get_errno(), "")
def run(program):
    if status := os.spawnv(os.P_WAIT, program, [str(program)]):
        raise OSError(errno.EACCES, f"it ended with {status}")
def attempt(statement):
    try:
        exec(statement, globals())
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"
print(json.dumps({name: attempt(statement) for name, statement in json.loads(sys.argv[1]).items()}))
"""


@contextmanager
def room_of(user: str) -> Iterator[Room]:
    """A room in the machine's temporary folder, since pytest's are root's alone."""
    if user == "root" and os.geteuid() != 0:
        pytest.skip("only root can try what root can do")
    top = Path(tempfile.mkdtemp(prefix="gitops-bot-cage-", dir="/tmp"))
    room = Room(top, user)
    top.chmod(0o755)
    for folder in (room.read, room.write, room.outside):
        folder.mkdir()
        (folder / "file").write_text(folder.name)
        if user == "ordinary" and os.geteuid() == 0:
            shutil.chown(folder, ORDINARY, ORDINARY)
            shutil.chown(folder / "file", ORDINARY, ORDINARY)
    try:
        yield room
    finally:
        shutil.rmtree(top, ignore_errors=True)


def without_landlock(python: str = PYTHON) -> list[str]:
    """Words before others, which then run as on an old kernel: a filter lets Landlock not exist."""
    return _before_others(python, landlock_rules.CREATE_RULESET, ENOSYS)


def with_idle_landlock(python: str = PYTHON) -> list[str]:
    """Words before others, for which Landlock then says that they are confined, and does nothing."""
    return _before_others(python, landlock_rules.RESTRICT_SELF, 0)


def _before_others(python: str, call: int, error: int) -> list[str]:
    return [python, "-c", OTHER_KERNEL, str(Path(launcher.__file__).parents[3]), str(call), str(error)]


OTHER_KERNEL = """
import os, sys
sys.path.append(sys.argv[1])
from bot.cage.launcher import kernel, seccomp_filter as f
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
call, error = map(int, sys.argv[2:4])
steps = [(f.LOAD, f.CALL, "", ""), (f.IF_EQUAL, call, "", "end"), (f.RETURN, f.REFUSE | error, "", ""), "end"]
program = [*steps, (f.RETURN, f.ALLOW, "", "")]
kernel.install_filter(b"".join(map(f._encode, f._resolve(program))))
os.execv(sys.argv[4], sys.argv[4:])
"""


def processes_with(mark: str) -> list[str]:
    """The processes whose words hold the mark."""
    marked = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if mark in words:
            marked.append(words)
    return marked
