"""A commit's files without a checkout. `git` makes them; tools and configuration read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a tree: its git mode (`100644`, `100755`, `120000` symlink, `160000` submodule) and object id."""

    mode: str
    id: str


class Tree(Protocol):
    @property
    def files(self) -> Mapping[str, Entry]:
        """Every path in the tree, `/`-separated, relative to its root."""

    def read(self, path: str) -> bytes:
        """The file's bytes (a symlink's target). Raises KeyError where there is no such file."""
