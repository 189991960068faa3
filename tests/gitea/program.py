"""The Gitea that the tests talk to: finds it, and builds it with Go where it is missing.

`python -m tests.gitea.program` builds it. It lies in the cache of `tests.rig.build`, keyed by version, with the files
that it serves; building happens once on a machine and never in a test.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.core.errors import ToolFailed

HERE = Path(__file__).resolve().parent
MODULE, VERSION = "code.gitea.io/gitea", "v1.26.0"
TAGS = "sqlite sqlite_unlock_notify"
LDFLAGS = f"-s -w -X main.Version={VERSION.removeprefix('v')}"
SERVED = ("templates", "options", "public")
MINUTES = 6
LAST_LINES = 30


@dataclass(frozen=True, slots=True)
class Program:
    """`files` is the folder with what it serves."""

    path: Path
    files: Path


def find(env: Mapping[str, str] = os.environ) -> Program | None:
    """In the cache only: one that a machine has otherwise is of any version, and has its files anywhere."""
    there = _place(env)
    return there if os.access(there.path, os.X_OK) and there.files.is_dir() else None


def lack(env: Mapping[str, str] = os.environ) -> str | None:
    """Why no Gitea can be started, in one line; None when one can be."""
    if env.get("RIG") == "no":
        return "no Gitea: RIG=no"
    if find(env):
        return None
    if not all(shutil.which(name, path=env.get("PATH")) for name in ("go", "gcc")):
        return "no Gitea: not found, and no Go and C compilers to build it with"
    return "no Gitea: not found, `python -m tests.gitea.program` builds it"


def build(env: Mapping[str, str] = os.environ) -> Program:
    """Build it into the cache, unless it is there by now. Raises ToolFailed. One build at a time on a machine."""
    target = _place(env)
    target.path.parent.mkdir(parents=True, exist_ok=True)
    with (target.path.parent / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if found := find(env):
            return found
        _say(f"gitea {VERSION}: building, about {MINUTES} min on two cores")
        began = time.monotonic()
        _compile(target, env)
        _say(f"gitea {VERSION}: built in {time.monotonic() - began:.0f} s")
    return target


def main(env: Mapping[str, str] = os.environ) -> int:
    """Make sure of it; where it cannot be built, say so, and fail only when RIG=required."""
    why = lack(env)
    if why and "builds it" not in why:
        _say(f"{why}: the tests that need it are skipped")
        return 1 if env.get("RIG") == "required" else 0
    try:
        _say(f"gitea: {build(env).path}")
    except ToolFailed as failed:
        _say(str(failed))
        return 1
    return 0


def _place(env: Mapping[str, str]) -> Program:
    caches = Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gitops-bot" / "rig"
    return Program(caches / f"gitea-{VERSION}", caches / f"gitea-{VERSION}-files")


def _compile(target: Program, env: Mapping[str, str]) -> None:
    """Build aside, then put it in place, so that half a program is never found. The files come first."""
    own = {**env, "CGO_ENABLED": "1", "GOFLAGS": f"-buildvcs=false -mod=readonly {env.get('GOFLAGS', '')}".strip()}
    own["GOWORK"] = "off"
    aside = target.path.with_name(f".{target.path.name}")
    _go(["build", "-tags", TAGS, "-ldflags", LDFLAGS, "-o", str(aside), MODULE], own)
    source = Path(_go(["list", "-m", "-f", "{{.Dir}}", MODULE], own).strip())
    files = target.files.with_name(f".{target.files.name}")
    for folder in (files, target.files):
        shutil.rmtree(folder, ignore_errors=True)
    for name in SERVED:  # without modes: the module cache is read-only
        shutil.copytree(source / name, files / name, copy_function=shutil.copyfile)
    for folder in [files, *files.rglob("*/")]:
        folder.chmod(0o755)
    files.rename(target.files)
    os.replace(aside, target.path)


def _go(arguments: list[str], env: Mapping[str, str]) -> str:
    ended = subprocess.run(
        ["go", *arguments],
        cwd=HERE / "module",
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ended.returncode:
        last = "\n".join(ended.stdout.splitlines()[-LAST_LINES:])
        raise ToolFailed(f"gitea {VERSION} cannot be built\n{last}")
    return ended.stdout


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
