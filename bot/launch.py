"""How a program is started: with what confinement, and what it inherits. Used by `process`; `bot.cage` makes others."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.core.errors import ToolFailed

SIGNAL_BASE = 128
SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


@dataclass(frozen=True, slots=True)
class Launch:
    """A program as it is started: `argv` under the whole `env`, inheriting the descriptors `fds`.

    `overrun` tells of the process with this id, and all that it started, which limit they are over; None while under
    all. `is_wrapped`: another program starts it and hands on by which signal it ended, as a shell does (128 and more).
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    fds: tuple[int, ...] = ()
    overrun: Callable[[int], str | None] = lambda pid: None
    is_wrapped: bool = False

    def exit_status(self, returncode: int) -> int:
        """Return the program's status, negative for a signal, from that of the process that we started."""
        return SIGNAL_BASE - returncode if self.is_wrapped and returncode > SIGNAL_BASE else returncode


class Confinement(Protocol):
    """What a program may reach."""

    def launch(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> AbstractContextManager[Launch]:
        """Say how it is started; closed when it has ended. Raises ToolFailed when there is no such program."""


@dataclass(frozen=True, slots=True)
class Unconfined:
    """For programs of ours, and those that get nothing of a pull request: as our user, with all that it may.

    They inherit the descriptors `fds`.
    """

    ends_with_us: bool = True
    fds: tuple[int, ...] = ()

    @contextmanager
    def launch(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Iterator[Launch]:
        path = env.get("PATH", os.defpath)
        require_program(argv[0], path)
        yield Launch((*(_die_with_parent(path) if self.ends_with_us else []), *argv), env, self.fds)


UNCONFINED = Unconfined()


def require_program(name: str, path: str) -> str:
    """Find a program on a search path. Raises ToolFailed when there is none of that name."""
    if (found := shutil.which(name, path=path)) is None:
        raise ToolFailed(f"there is no program {name}")
    return found


def _die_with_parent(path: str) -> list[str]:
    """Return what to put before argv: the child ends when the thread that started it does, so with us. Linux only."""
    setpriv = shutil.which("setpriv", path=path)
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


@contextmanager
def sealed_descriptor(content: bytes) -> Iterator[int]:
    """Hold content in memory that nobody can change, as a descriptor to be inherited (memfd_create(2))."""
    descriptor = os.memfd_create("gitops-bot", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, SEALS)
        yield descriptor
    finally:
        os.close(descriptor)
