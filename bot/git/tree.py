"""A commit's files, read from the mirror without a checkout."""

import threading
from functools import cached_property
from types import TracebackType

from bot.core.tree import SUBMODULE, Files, TreeEntry
from bot.git.command import Git
from bot.process import Dialogue


class GitTree:
    """A commit's tree; everything is read when first asked for. Used in a `with`, as all that reads a mirror."""

    def __init__(self, git: Git, commit: str) -> None:
        self._git, self.commit = git, commit
        self._blobs: dict[str, bytes] = {}
        self._objects: Dialogue | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> "GitTree":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._blobs.clear()
            if self._objects:
                self._objects.close()
                self._objects = None

    @cached_property
    def files(self) -> Files:
        """Every path in the tree. Names that are not UTF-8 keep their bytes as surrogates."""
        listing = self._git("ls-tree", "-r", "-z", "--full-tree", self.commit).stdout
        entries = Files()
        for line in listing.split("\0")[:-1]:
            meta, _, path = line.partition("\t")
            mode, _, id = meta.split(" ")
            entries[path] = TreeEntry(mode, id)
        return entries

    def read(self, path: str) -> bytes:
        """Return the file's bytes; none of a submodule, which lie elsewhere. Raises KeyError without such a file."""
        entry = self.files[path]
        if entry.mode == SUBMODULE:
            return b""
        id = entry.id
        with self._lock:
            if id not in self._blobs:
                self._blobs[id] = self._read_blob(id)
            return self._blobs[id]

    def _read_blob(self, id: str) -> bytes:
        """Read from one git for all files: `<id> <type> <size>`, a newline, the bytes, a newline."""
        self._objects = self._objects or self._git.dialogue("cat-file", "--batch")
        stdout = self._objects.ask(f"{id}\n".encode())
        head = stdout.readline().split()
        if len(head) != 3 or head[1] != b"blob":
            raise self._git.mark_damaged(f"git has no file {id}: {b' '.join(head).decode(errors='replace')}")
        size = int(head[2])
        content = stdout.read(size + 1)
        if len(content) != size + 1:
            raise self._git.mark_damaged(f"git gave only a part of {id}")
        return content[:-1]
