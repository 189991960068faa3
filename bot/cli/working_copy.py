"""A working copy as people have it on disk: its top, its gitops.yaml, a copy to plan in. For `plan` and `check`.

Never writes into it.
"""

import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.affected import CONFIGURATION
from bot.core.errors import Refused, ToolFailed, Transient

if TYPE_CHECKING:
    from bot.core.project import Configuration
    from bot.core.tree import Files

LEFT_OUT = frozenset({".git", ".terraform", "terraform.tfstate.d"})
FILE, LINK = "100644", "120000"


def top_of(directory: Path) -> Path:
    """The top of the repository that the directory is in, or, where it is in none, the directory."""
    return next((path for path in (directory, *directory.parents) if is_repository(path)), directory)


def is_repository(directory: Path) -> bool:
    return os.path.exists(directory / ".git")


def configuration(top: Path) -> "Configuration | None":
    """Its gitops.yaml; None where there is none. Raises Refused with everything that is wrong."""
    from bot.config.repository import read

    path = top / CONFIGURATION
    try:
        return read(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as why:
        raise Refused(f"{path} cannot be read: {why.strerror}") from why


def commit(top: Path, path: str) -> str:
    """The commit that is checked out; empty where there is none, or no git on the `path`."""
    from bot.git.command import Git

    try:
        return Git(top, {"PATH": path})("rev-parse", "--verify", "HEAD").out.strip()
    except (Refused, ToolFailed, Transient):
        return ""


def copied(top: Path, into: Path, apart: frozenset[Path]) -> None:
    """Copy it as it is, saved or committed or not; not git's own, what tools left behind, and what is `apart`."""

    def left_out(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if name in LEFT_OUT or not _is_plain(Path(folder, name), apart)]

    try:
        shutil.copytree(top, into, symlinks=True, ignore=left_out)
    except shutil.Error as why:
        raise Refused(f"{top} cannot be copied to plan in: {why.args[0][0][2]}") from why
    except OSError as why:
        raise Refused(f"{top} cannot be copied to plan in: {why.strerror}") from why


def _is_plain(path: Path, apart: frozenset[Path]) -> bool:
    """A file, directory or link that we may read; sockets and pipes are nothing to plan with."""
    if path in apart:
        return False
    return path.is_symlink() or ((path.is_file() or path.is_dir()) and os.access(path, os.R_OK))


@dataclass(frozen=True)
class WorkingTree:
    """The files of a directory, as tools ask for a commit's."""

    top: Path

    @cached_property
    def files(self) -> "Files":
        from bot.core.tree import Entry, Files

        found = Files()
        for folder, directories, names in os.walk(self.top):
            directories[:] = sorted(set(directories) - LEFT_OUT)
            links = [name for name in directories if Path(folder, name).is_symlink()]
            for name in (*names, *links):
                path = Path(folder, name)
                if not _is_plain(path, frozenset()):
                    continue
                found[path.relative_to(self.top).as_posix()] = Entry(LINK if path.is_symlink() else FILE, "")
        return found

    def read(self, path: str) -> bytes:
        if path not in self.files:
            raise KeyError(path)
        its = self.top / path
        return os.fsencode(os.readlink(its)) if its.is_symlink() else its.read_bytes()
