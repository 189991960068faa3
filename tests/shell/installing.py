"""Installs the bot as people do: a wheel of some folders of the tree, in a virtual environment of its own.

Dependencies are those of the environment that the tests run in; the tree itself is not on the new one's path.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from tests.shell.calling import PROGRAMS, TOP

PACKED = ("pyproject.toml", "README.md", "LICENSE", "bot", "sandbox")


def install(directory: Path, names: Iterable[str] = PACKED) -> Path:
    """Install what these files and folders make; the environment's `bin`."""
    source = directory / "source"
    source.mkdir(parents=True)
    for name in names:
        copy = shutil.copytree if (TOP / name).is_dir() else shutil.copy2
        copy(TOP / name, source / name)
    _pip("wheel", "--quiet", "--no-deps", "--wheel-dir", str(directory), str(source))
    environment = directory / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    [wheel] = directory.glob("*.whl")
    python = environment / "bin" / "python"
    _pip("--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return environment / "bin"


def run(
    command: Iterable[object], cwd: Path, path: Iterable[object] = (), **settings: str
) -> "subprocess.CompletedProcess[str]":
    """Run a program of such an environment with nothing set but PATH and HOME."""
    env = {"PATH": PROGRAMS, "HOME": str(cwd.parent), "PYTHONPATH": os.pathsep.join(map(str, path))} | settings
    return subprocess.run(
        [str(word) for word in command], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )


def _pip(*words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
