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

IGNORED = frozenset({".git", ".terraform", "terraform.tfstate.d"})
FILE = "100644"


def top_of(directory: Path) -> Path:
    """The top of the repository that the directory is in, or, where it is in none, the directory."""
    return next((path for path in (directory, *directory.parents) if is_repository(path)), directory)


def is_repository(directory: Path) -> bool:
    """Whether git's own directory, or a link to it, stands there."""
    return os.path.exists(directory / ".git")


def leads_through_link(top: Path, path: Path) -> bool:
    """Tell whether a symbolic link is on the way from the top to a path relative to it, or at its end."""
    return any((top / part).is_symlink() for part in (path, *path.parents) if part != Path())


def configuration(top: Path) -> "Configuration | None":
    """Its gitops.yaml; None where there is none. Raises Refused with everything that is wrong."""
    from bot.config.repository import read, refuse_misnamed
    from bot.wiring import load_schema

    path = top / CONFIGURATION
    try:
        refuse_misnamed(os.listdir(top))
        return read(path.read_bytes(), load_schema())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from error


def commit(top: Path, path: str) -> str:
    """The commit that is checked out; empty where there is none, or no git on the `path`."""
    from bot.git.command import Git

    try:
        return Git(top, path=path)("rev-parse", "--verify", "HEAD").stdout.strip()
    except (Refused, ToolFailed, Transient):
        return ""


def copy_tree(top: Path, into: Path, excluded: frozenset[Path]) -> None:
    """Copy it as it is, committed or not, without git's own, what tools left behind, and what is excluded.

    Raises Refused where the disk does not let us.
    """

    def ignore(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if name in IGNORED or not _is_copyable(Path(folder, name), excluded)]

    try:
        shutil.copytree(top, into, symlinks=True, ignore=ignore)
    except shutil.Error as error:
        raise Refused(f"{top} cannot be copied to plan in: {error.args[0][0][2]}") from error
    except OSError as error:
        raise Refused(f"{top} cannot be copied to plan in: {error.strerror}") from error


def _is_copyable(path: Path, excluded: frozenset[Path]) -> bool:
    """A file, directory or link that we may read; sockets and pipes are nothing to plan with."""
    if path in excluded:
        return False
    return path.is_symlink() or ((path.is_file() or path.is_dir()) and os.access(path, os.R_OK))


@dataclass(frozen=True)
class WorkingTree:
    """The files of a directory, as tools ask for a commit's."""

    top: Path

    @cached_property
    def files(self) -> "Files":
        """Every file and link below, by its path from the top."""
        from bot.core.tree import LINK, Files, TreeEntry

        files = Files()
        for folder, directories, names in os.walk(self.top):
            directories[:] = sorted(set(directories) - IGNORED)
            links = [name for name in directories if Path(folder, name).is_symlink()]
            for name in (*names, *links):
                path = Path(folder, name)
                if not _is_copyable(path, frozenset()):
                    continue
                files[path.relative_to(self.top).as_posix()] = TreeEntry(LINK if path.is_symlink() else FILE, "")
        return files

    def read(self, path: str) -> bytes:
        """A file's bytes, or a link's target. Raises KeyError where there is no such file."""
        if path not in self.files:
            raise KeyError(path)
        file = self.top / path
        return os.fsencode(os.readlink(file)) if file.is_symlink() else file.read_bytes()
