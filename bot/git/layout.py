"""What stands in a mirror beside objects and refs. We write it, and no git runs in a mirror where it is otherwise.

git does what a repository's own files say: programs of its configuration, hooks, other places for objects, commits
with other parents (gitrepository-layout(5)). Nothing of that can be switched off from outside.
"""

import os
from pathlib import Path

CONFIGURATION = b"[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
BYTES_AS_COMMITTED = b"* -text -ident !filter !working-tree-encoding\n"
FILES = {"config": CONFIGURATION, "info/attributes": BYTES_AS_COMMITTED}
WORKTREES = "worktrees"
NAMES = {
    ".": frozenset({"HEAD", "config", "info", "objects", "packed-refs", "packed-refs.new", "refs", WORKTREES}),
    "info": frozenset({"attributes", "refs"}),
    "objects/info": frozenset({"commit-graph", "commit-graphs", "packs"}),
}
LOCK_SUFFIX = ".lock"  # of what a git is about to rename


def create(path: Path) -> None:
    """Make an empty bare repository in an empty directory."""
    for directory in ("info", "objects/info", "refs"):
        (path / directory).mkdir(parents=True)
    for name, content in FILES.items():
        (path / name).write_bytes(content)
    (path / "HEAD").write_bytes(b"ref: refs/heads/master\n")


def is_ours(path: Path) -> bool:
    """Tell whether a mirror is there, with the configuration that we gave it and nothing else for git to follow."""
    try:
        return all(_holds_only(path / name, names) for name, names in NAMES.items()) and all(
            _holds(path / name, content) for name, content in FILES.items()
        )
    except OSError:
        return False


def _holds_only(directory: Path, names: frozenset[str]) -> bool:
    with os.scandir(directory) as entries:
        return all(_is_plain(entry) and entry.name.removesuffix(LOCK_SUFFIX) in names for entry in entries)


def _is_plain(entry: os.DirEntry[str]) -> bool:
    """A file or a directory: what a link leads to may change at any time, and a pipe holds up whoever reads it."""
    return entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)


def _holds(path: Path, content: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(content) + 1) == content
