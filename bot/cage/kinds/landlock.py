"""Landlock and a seccomp filter: no package, no privilege, also within a container's default profile.

Files, TCP ports, signals and abstract sockets by Landlock; datagrams, other processes' limits, mounts and namespaces
by seccomp; as root a user of the run's own besides. What is left open is in docs/security.md.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from errno import EACCES
from pathlib import Path
from typing import Any

from bot.cage.doors import Sockets, has_open_network, serving
from bot.cage.policy import Policy
from bot.cage.probe import PATH_SOCKET, SEE_FILE
from bot.cage.program import Kind, Program
from bot.cage.run_user import WAY_GID, grant, require_reachable, run_user
from bot.cage.start import (
    LAUNCHER_ARGUMENTS,
    launcher_paths,
    launcher_spec,
    named_files,
    overseen,
    temporary_directory,
)
from bot.cage.system_paths import device_paths, system_paths
from bot.launch import Launch, require_program, sealed_descriptor
from bot.ports.cage import Reach

TRIAL_SECONDS = 20.0
REFUSED = os.strerror(EACCES)


class Landlock:
    """The kind of cage that needs nothing but the kernel: Linux 6.12 or newer."""

    name, strength = "landlock", 1
    leaves_open = frozenset((SEE_FILE, PATH_SOCKET))

    def obstacle(self) -> str | None:
        """Say why it does not work here, found by trying."""
        with tempfile.NamedTemporaryFile() as file:
            os.chmod(file.name, 0o644)
            printed = _try(("cat", file.name))
        return None if REFUSED in printed else printed or "it does not keep a program from a file here"

    @contextmanager
    def launch(self, program: Program) -> Iterator[Launch]:
        uid = run_user(program.run) if os.geteuid() == 0 else None
        with (
            temporary_directory() as temporary,
            serving(program) as doors,
            overseen(program, temporary) as oversight,
        ):
            if uid is not None:
                grant(uid, program.reach, program.top)
                require_reachable(uid, (*named_files(program.env), *program.reach.read, *program.reach.write))
                os.chown(temporary, uid, uid)
            own_program = replace(program, env={**program.env, **doors.variables, "TMPDIR": str(temporary)})
            rules = {**_rules(own_program, temporary, doors.ports), **_user(uid), "cgroups": oversight.fds}
            with sealed_descriptor(launcher_spec(own_program, Sockets(), rules)) as descriptor:
                argv, fds = (*LAUNCHER_ARGUMENTS, str(descriptor)), (descriptor, *oversight.fds)
                yield Launch(argv, {}, fds, oversight.watch.overrun)


def _rules(program: Program, temporary: Path, ports: Sequence[int]) -> dict[str, Any]:
    """What the launcher is to hold it to."""
    path, policy, is_open = program.env.get("PATH", os.defpath), program.policy, has_open_network(program)
    own = require_program(program.argv[0], path)
    read = (*system_paths(path), *launcher_paths(), own, *named_files(program.env), *policy.read, *program.reach.read)
    kept = [Path(place) for place in policy.write if os.path.exists(place)]
    write = (*device_paths(), temporary, *kept, *program.reach.write)
    return {
        "landlock": {
            "read": [str(place) for place in read],
            "write": [str(place) for place in write],
            "ports": None if is_open else list(ports),
        },
        "seccomp": "open" if is_open else "closed",
        "reap": True,
    }


def _user(uid: int | None) -> dict[str, Any]:
    return {} if uid is None else {"uid": uid, "groups": [WAY_GID]}


def _try(argv: Sequence[str]) -> str:
    """What it prints, be it the launcher's reason why it could not."""
    program = Program(
        argv=argv,
        cwd=Path("/"),
        env={"PATH": os.defpath},
        reach=Reach(),
        policy=Policy(),
        project="",
        on_refusal=lambda sentence: None,
        run="",
        top=Path("/nonexistent"),
    )
    with KIND.launch(program) as launch:
        trial = subprocess.run(
            launch.argv,
            env=launch.env,
            pass_fds=launch.fds,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TRIAL_SECONDS,
            check=False,
        )
    return trial.stdout.strip()


KIND: Kind = Landlock()
