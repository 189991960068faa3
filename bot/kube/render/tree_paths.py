"""Paths of a tree as a tool would follow them: relative to a directory, through symbolic links, never out of it.

Called by the Kubernetes tools' `inputs`. Reads links and nothing else.
"""

import posixpath
from collections.abc import Iterator

from bot.core.errors import Refused
from bot.core.tree import Tree

SYMLINK_MODE = "120000"
MAX_LINKS = 40


class TreePaths:
    """One tree's paths. `links`: the symbolic links that were followed, which are inputs like what they lead to."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.links: set[str] = set()

    def is_file(self, path: str) -> bool:
        """Tell whether the tree has a file at the path, links not followed."""
        return path in self.tree.files

    def is_directory(self, path: str) -> bool:
        """Tell whether the tree has files below the path, links not followed."""
        return self.tree.files.holds(path)

    def below(self, directory: str) -> Iterator[str]:
        """Yield every file below a directory, sorted."""
        return self.tree.files.below(directory)

    def reachable_files(self, directory: str) -> set[str]:
        """Return every file below a directory and what its symbolic links lead to.

        Raises Refused where a link leaves the repository or leads in a circle.
        """
        files: set[str] = set()
        pending, visited = [directory], {directory}
        while pending:
            for path in self.below(pending.pop()):
                files.add(path)
                if self.tree.files[path].mode != SYMLINK_MODE:
                    continue
                target = self.follow(".", path, "symbolic link")
                files |= {target} & self.tree.files.keys()
                if target not in visited:
                    visited.add(target)
                    pending.append(target)
        return files

    def follow(self, directory: str, reference: str, subject: str) -> str:
        """Resolve a reference through links. Raises Refused, naming the `subject`, where it leaves the repository."""
        normal = posixpath.normpath(posixpath.join(directory, reference))
        pending, resolved, hops = [*reversed(normal.split("/"))], list[str](), 0
        while pending:
            segment = pending.pop()
            if normal.startswith("/") or (segment == ".." and not resolved):
                raise Refused(f"{subject} leaves the repository: {reference}")
            if segment in ("", ".", ".."):
                resolved = resolved[:-1] if segment == ".." else resolved
                continue
            path = "/".join((*resolved, segment))
            file = self.tree.files.get(path)
            if file is None or file.mode != SYMLINK_MODE:
                resolved.append(segment)
                continue
            hops += 1
            pending.extend(reversed(self._target(path, hops).split("/")))
        return "/".join(resolved) or "."

    def _target(self, link: str, hops: int) -> str:
        self.links.add(link)
        target = self.tree.read(link).decode(errors="surrogateescape")
        if target.startswith("/"):
            raise Refused(f"symbolic link {link} leaves the repository: {target}")
        if hops > MAX_LINKS:
            raise Refused(f"symbolic link {link} leads in a circle")
        return target
