"""Namespaces of its own for each program, made by `bwrap` (bubblewrap 0.8 or newer), as root or not.

In it are the machine's programs, what the reach names, and nothing else: no other file, process, socket or network.
All that it starts ends with it. `bwrap` itself gets an empty environment, and its options by a descriptor: both can be
read in `/proc/1` inside.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.cage.doors import has_open_network, listening
from bot.cage.program import Kind, Program
from bot.cage.start import (
    LAUNCHER_ARGUMENTS,
    launcher_paths,
    launcher_spec,
    named_files,
    overseen,
    temporary_directory,
)
from bot.cage.system_paths import system_paths
from bot.launch import Launch, require_program, sealed_descriptor

BWRAP, ENV = "bwrap", "env"
SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin"
# `env` has bwrap pass over the interrupt that its program gets too: else it would end, and take the program with it
IGNORES_INTERRUPTS = "--ignore-signal=INT"
SHARED_MEMORY_BYTES = 64 << 20
TRIAL_SECONDS = 10.0
NAMESPACES = ("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--cap-drop", "ALL")


class Bubblewrap:
    """Files, processes, users, IPC, host name and network of its own."""

    name, strength = "bubblewrap", 2
    leaves_open = frozenset[str]()

    def obstacle(self) -> str | None:
        """Start a program in it; what stands in the way, in a sentence."""
        if not shutil.which(BWRAP, path=SEARCH_PATH):
            return "there is no program bwrap: install the package bubblewrap (0.8 or newer)"
        options = (*NAMESPACES, "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev")
        argv = [_find(ENV), IGNORES_INTERRUPTS, _find(BWRAP), *options, "--", "/bin/sh", "-c", ":"]
        try:
            trial = subprocess.run(argv, env={}, capture_output=True, text=True, timeout=TRIAL_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return f"bwrap did not start a program within {TRIAL_SECONDS:.0f} s"
        return None if trial.returncode == 0 else f"bwrap cannot start a program: {trial.stderr.strip()[-200:]}"

    @contextmanager
    def launch(self, program: Program) -> Iterator[Launch]:
        path = program.env.get("PATH", os.defpath)
        with (
            temporary_directory() as temporary,
            listening(program) as sockets,
            overseen(program, temporary) as oversight,
        ):
            spec = launcher_spec(program, sockets, {"seccomp": "open", "cgroups": oversight.fds})
            options = _options(program, path, temporary)
            with sealed_descriptor(spec) as spec_fd, sealed_descriptor(options) as options_fd:
                argv = (_find(ENV), IGNORES_INTERRUPTS, _find(BWRAP), "--args", str(options_fd), "--")
                yield Launch(
                    (*argv, *LAUNCHER_ARGUMENTS, str(spec_fd)),
                    {},
                    (spec_fd, options_fd, *sockets.fds, *oversight.fds),
                    oversight.watch.overrun,
                    is_wrapped=True,
                )


def _find(name: str) -> str:
    return require_program(name, SEARCH_PATH)


def _options(program: Program, path: str, temporary: Path) -> bytes:
    """What bwrap is told, each word ended by a NUL.

    `/proc` is read-only, for root may set by its user id alone what the kernel has there, whatever capability it lacks.
    """
    network = ("--share-net",) if has_open_network(program) else ()
    words = [*NAMESPACES, *network, "--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev"]
    words += ["--size", str(SHARED_MEMORY_BYTES), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    words += ["--bind", str(temporary), "/tmp"]
    for option, place in sorted(_binds(program, path), key=lambda bind: len(bind[1].parts)):
        words += [option, str(place), str(place)]
    words += ["--remount-ro", "/", "--chdir", "/"]
    return b"".join(os.fsencode(word) + b"\0" for word in words)


def _binds(program: Program, path: str) -> Iterable[tuple[str, Path]]:
    system = (*system_paths(path), *launcher_paths())
    own = Path(require_program(program.argv[0], path))
    read = (own, *named_files(program.env), *map(Path, program.policy.read), *program.reach.read)
    yield from (("--ro-bind", place) for place in system)
    yield from (("--ro-bind-try", place) for place in _with_targets(read) if not _is_there(place, system))
    yield from (("--bind-try", place) for place in _with_targets(map(Path, program.policy.write)))
    yield from (("--bind", place) for place in _with_targets(program.reach.write))


def _is_there(place: Path, system: tuple[Path, ...]) -> bool:
    """A link in a directory of the system's is there with it: bwrap would follow it to what may not be there yet."""
    return place.is_symlink() and any(place.is_relative_to(other) for other in system)


def _with_targets(places: Iterable[Path]) -> Iterator[Path]:
    """Each place, and where it leads to when there are links in it: programs use both names."""
    for place in places:
        yield from dict.fromkeys((place, Path(os.path.realpath(place))))


KIND: Kind = Bubblewrap()
