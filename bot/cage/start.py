"""What kinds of cage have in common when they start a program: the launcher, what it is told, and a place for /tmp."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bot.cage.doors import Sockets
from bot.cage.limits import cgroups
from bot.cage.limits.usage import Watch
from bot.cage.program import Program

PYTHON = os.path.realpath(sys.executable)
LAUNCHER_FILE = Path(__file__).parent / "launcher" / "launcher.py"
LAUNCHER_ARGUMENTS = (PYTHON, "-I", "-S", str(LAUNCHER_FILE))
TEMPORARY_PREFIX = "gitops-bot-"  # short: the path of a socket in it has at most 92 characters


@dataclass(frozen=True, slots=True)
class Oversight:
    """How a program is kept to its limits from outside: `watch` looks; the kernel's groups hold, where there are some.

    `fds` are their files, for the launcher to enter them.
    """

    watch: Watch
    fds: tuple[int, ...] = ()


@contextmanager
def overseen(program: Program, temporary: Path) -> Iterator[Oversight]:
    """Keep a program to the limits of its policy, for as long as it runs."""
    limits, directories = program.policy.limits, (temporary, *program.reach.write)
    parents = _group_parents()
    if parents is None:
        yield Oversight(Watch(limits, directories))
        return
    with ExitStack() as closing:
        group = cgroups.create(parents, limits)
        closing.callback(group.close)
        files = [os.open(path / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC) for path in group.paths]
        for file in files:
            closing.callback(os.close, file)
        yield Oversight(Watch(limits, directories, group), tuple(files))


@cache
def _group_parents() -> cgroups.Parents | None:
    return cgroups.find_parents()


def launcher_spec(program: Program, sockets: Sockets, rules: Mapping[str, Any]) -> bytes:
    """Write down what the launcher is to do; `rules` are the kind's own keys."""
    spec = {
        "argv": list(program.argv),
        "cwd": str(program.cwd),
        "env": {**program.env, **sockets.variables},
        "rlimits": program.policy.rlimits,
        "listen": sockets.inner_addresses,
        "control": sockets.control,
    }
    return json.dumps({**spec, **rules}).encode()


def launcher_paths() -> tuple[Path, ...]:
    """Return where the launcher is, and the Python that runs it."""
    room = LAUNCHER_FILE.parent
    packages = (folder / "__init__.py" for folder in room.parents[:2])
    return (Path(PYTHON), Path(os.path.realpath(sys.base_prefix)), room, *packages)


def named_files(env: Mapping[str, str]) -> tuple[Path, ...]:
    """List the files that variables name, such as certificates or credentials: who gives a variable gives its file."""
    return tuple(Path(value) for value in env.values() if value.startswith("/") and os.path.isfile(value))


@contextmanager
def temporary_directory() -> Iterator[Path]:
    """Make a directory (0700) that goes with the program, whatever it left there."""
    directory = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX))
    try:
        yield directory
    finally:
        with suppress(OSError):
            shutil.rmtree(directory, ignore_errors=True)
