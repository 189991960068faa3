"""Paths of a tree as a tool would follow them: relative to a directory, through symbolic links, never out of it.

Called by the Kubernetes tools' `inputs`. Reads links and nothing else.
"""

import posixpath
from collections.abc import Iterator

from bot.core.errors import Refused
from bot.core.tree import Tree

LINK = "120000"
MOST_LINKS = 40


class Paths:
    """One tree's paths. `links`: the symbolic links that were followed, which are inputs like what they lead to."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.links: set[str] = set()

    def is_file(self, path: str) -> bool:
        return path in self.tree.files

    def is_directory(self, path: str) -> bool:
        return self.tree.files.holds(path)

    def below(self, directory: str) -> Iterator[str]:
        """Every file below a directory, sorted."""
        return self.tree.files.below(directory)

    def everything(self, directory: str) -> set[str]:
        """Every file below a directory, and what its symbolic links lead to. Raises Refused."""
        found: set[str] = set()
        todo, seen = [directory], {directory}
        while todo:
            for path in self.below(todo.pop()):
                found.add(path)
                if self.tree.files[path].mode != LINK:
                    continue
                target = self.follow(".", path, "symbolic link")
                found |= {target} & self.tree.files.keys()
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
        return found

    def follow(self, directory: str, reference: str, what: str) -> str:
        """Where a reference leads to. Raises Refused where it leaves the repository, saying `what` it was."""
        normal = posixpath.normpath(posixpath.join(directory, reference))
        todo, done, hops = [*reversed(normal.split("/"))], list[str](), 0
        while todo:
            part = todo.pop()
            if normal.startswith("/") or (part == ".." and not done):
                raise Refused(f"{what} leaves the repository: {reference}")
            if part in ("", ".", ".."):
                done = done[:-1] if part == ".." else done
                continue
            here = "/".join((*done, part))
            entry = self.tree.files.get(here)
            if entry is None or entry.mode != LINK:
                done.append(part)
                continue
            hops += 1
            todo.extend(reversed(self._target(here, hops).split("/")))
        return "/".join(done) or "."

    def _target(self, link: str, hops: int) -> str:
        self.links.add(link)
        target = self.tree.read(link).decode(errors="surrogateescape")
        if target.startswith("/"):
            raise Refused(f"symbolic link {link} leaves the repository: {target}")
        if hops > MOST_LINKS:
            raise Refused(f"symbolic link {link} leads in a circle")
        return target
