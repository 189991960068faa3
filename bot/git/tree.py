"""A commit's files, read from the mirror without a checkout."""

from collections.abc import Mapping
from functools import cached_property
from types import TracebackType

from bot.core.tree import Entry
from bot.git.command import Git


class GitTree:
    """A commit's tree; everything is read when first asked for. Used in a `with`, as all that reads a mirror."""

    def __init__(self, git: Git, commit: str) -> None:
        self._git, self.commit = git, commit
        self._read: dict[str, bytes] = {}

    def __enter__(self) -> "GitTree":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._read.clear()

    @cached_property
    def files(self) -> Mapping[str, Entry]:
        """Every path in the tree. Names that are not UTF-8 keep their bytes as surrogates."""
        listed = self._git("ls-tree", "-r", "-z", "--full-tree", self.commit).out
        entries = {}
        for line in listed.split("\0")[:-1]:
            meta, _, path = line.partition("\t")
            mode, _, id = meta.split(" ")
            entries[path] = Entry(mode, id)
        return entries

    def read(self, path: str) -> bytes:
        """The file's bytes. Raises KeyError where there is no such file."""
        id = self.files[path].id
        if id not in self._read:
            self._read[id] = self._git("cat-file", "blob", id).raw
        return self._read[id]
