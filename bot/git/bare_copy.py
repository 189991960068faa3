"""The copy of a repository on disk: made aside, locked while written to, made anew where it is not as we made it."""

import fcntl
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bot.core.errors import ToolFailed
from bot.git import layout
from bot.git.command import Damaged, Git, sha
from bot.git.layout import WORKTREES
from bot.ports import Remote

REF_CONFLICT = re.compile("cannot lock ref")


class BareCopy:
    """A bare repository at `path` of what `remote` reaches, and `git` in it. Made when first fetched; shared by any."""

    def __init__(self, path: Path, remote: Remote) -> None:
        self.path, self._remote = path, remote
        self.git = Git(path, remote)

    @property
    def is_ours(self) -> bool:
        """Tell whether it is there as we made it, so that git may run in it."""
        return layout.is_ours(self.path)

    def fetch(self, refspecs: Sequence[str]) -> None:
        """Bring refs up to date, in a new copy where the old one is damaged. Raises Transient or Refused."""
        command = ("fetch", "--no-tags", "--no-write-fetch-head", "--quiet", "--end-of-options", self._remote.url)
        with self.exclusive():
            self._ensure()
            try:
                self.git(*command, *refspecs)
            except Damaged:
                self._ensure()
                self.git(*command, *refspecs)
            except ToolFailed as error:
                if not REF_CONFLICT.search(error.output):
                    raise
                self._drop_conflicting_refs([refspec.rpartition(":")[2] for refspec in refspecs])
                self.git(*command, *refspecs)

    def has(self, commit: str) -> bool:
        """Tell whether the commit is here."""
        if not self.is_ours:
            return False
        return self.git("cat-file", "-e", f"{sha(commit)}^{{commit}}", ok=(0, 1, 128)).exit == 0

    def pin(self, ref: str, commit: str) -> None:
        """Keep a commit that no branch may hold, by a ref of its own."""
        if not (self.path / ref).exists():
            with self.exclusive():
                self.git("update-ref", ref, commit)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """One writer a mirror, between threads and between processes."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _drop_conflicting_refs(self, wanted: Sequence[str]) -> None:
        """A ref is a file: `release/1` cannot be where `release` was, a branch that the forge has no more."""
        for ref in self.git("for-each-ref", "--format=%(refname)").stdout.splitlines():
            if any(ref.startswith(f"{name}/") or name.startswith(f"{ref}/") for name in wanted):
                self.git("update-ref", "-d", ref)

    def _ensure(self) -> None:
        """Make the mirror, aside and renamed: half a one, left by a death, is none, nor is one damaged or changed."""
        if self.is_ours and not self.git.damage_marker.exists():
            return
        aside, old = self.path.with_suffix(".new"), self.path.with_suffix(".old")
        for path in (aside, old):
            _remove(path)
        aside.mkdir(parents=True)
        layout.create(aside)
        worktrees = self.path / WORKTREES
        if worktrees.is_dir() and not worktrees.is_symlink():  # a tool may be at work in one
            worktrees.rename(aside / WORKTREES)
        if self.path.exists():
            self.path.rename(old)
        aside.rename(self.path)
        self.git.damage_marker.unlink(missing_ok=True)
        _remove(old)


def _remove(path: Path) -> None:
    """Remove a file or a directory."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
