"""A commit's files without a checkout. `git` makes them; tools and configuration read them."""

from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple, Protocol

LINK, SUBMODULE = "120000", "160000"


class TreeEntry(NamedTuple):
    """A file in a tree: its git mode (`100644`, `100755`, `120000` symlink, `160000` submodule) and object id."""

    mode: str
    id: str


class Files(dict[str, TreeEntry]):
    """Every path in a tree, `/`-separated, relative to its root. Nobody changes it, so what is found once stays true.

    A thousand projects ask for their files among fifty thousand: each finds its own without a look at the others.
    """

    def below(self, directory: str) -> Iterator[str]:
        """Every file below a directory (`.` is the root), sorted."""
        if directory == ".":
            yield from self._sorted
            return
        prefix = f"{directory}/"
        for number in range(bisect_left(self._sorted, prefix), len(self._sorted)):
            if not self._sorted[number].startswith(prefix):
                return
            yield self._sorted[number]

    def holds(self, directory: str) -> bool:
        """Something is below the directory."""
        return next(self.below(directory), None) is not None

    def within(self, directory: str) -> tuple[str, ...]:
        """The files of a directory itself, sorted."""
        return tuple(self._by_directory.get(directory, ()))

    def directories_with(self, name: str) -> tuple[str, ...]:
        """The directories that have a file of that name, sorted."""
        return tuple(self._by_name.get(name, ()))

    def with_extension(self, extension: str) -> tuple[str, ...]:
        """The files whose names end in a dot and the extension, sorted."""
        return tuple(self._by_extension.get(extension, ()))

    @cached_property
    def links(self) -> frozenset[str]:
        """The symbolic links."""
        return frozenset(path for path, entry in self.items() if entry.mode == LINK)

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self)

    @cached_property
    def _by_directory(self) -> dict[str, list[str]]:
        paths_by_directory: dict[str, list[str]] = {}
        for path in self._sorted:
            paths_by_directory.setdefault(path.rpartition("/")[0] or ".", []).append(path)
        return paths_by_directory

    @cached_property
    def _by_extension(self) -> dict[str, list[str]]:
        paths_by_extension: dict[str, list[str]] = {}
        for path in self._sorted:
            paths_by_extension.setdefault(path.rpartition(".")[2], []).append(path)
        return paths_by_extension

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        directories_by_name: dict[str, list[str]] = {}
        for path in self._sorted:
            directory, _, name = path.rpartition("/")
            directories_by_name.setdefault(name, []).append(directory or ".")
        return directories_by_name


class Tree(Protocol):
    """A commit's files and their contents."""

    @property
    def files(self) -> Files:
        """What it holds, by path."""

    def read(self, path: str) -> bytes:
        """The file's bytes (a symlink's target). Raises KeyError where there is no such file."""


def is_below(path: str, directory: str) -> bool:
    """The path is inside of the directory (`.` is the top), and not the directory itself."""
    return path != directory and (directory == "." or path.startswith(f"{directory}/"))


def is_hidden(directory: str) -> bool:
    """The name of the directory, or of one around it, begins with a dot."""
    return any(name.startswith(".") and name != "." for name in directory.split("/"))
