"""Paths of a tree as a tool follows them: relative to a directory, through symbolic links, never out of it.

The one reader of links: tools, configuration and the shell ask it alike. Reads links, and files at their end.
"""

import posixpath
from collections.abc import Iterable, Iterator

from bot.core.errors import Refused
from bot.core.globs import matches
from bot.core.tree import Tree

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

    def read(self, path: str) -> bytes:
        """Return a file's bytes, at the end of its links.

        Raises KeyError where no file is there, Refused where a link leaves the repository or leads in a circle.
        """
        return self.tree.read(self.follow(".", path, "file"))

    def listed_files(self, patterns: Iterable[str]) -> set[str]:
        """Return the files that globs from the top name, with what links among them lead to. Raises Refused."""
        return self.with_targets(path for pattern in patterns for path in self.tree.files if matches(path, pattern))

    def reachable_files(self, directory: str) -> set[str]:
        """Return every file below a directory and what its symbolic links lead to.

        Raises Refused where a link leaves the repository or leads in a circle.
        """
        return self.with_targets(self.below(directory))

    def with_targets(self, paths: Iterable[str]) -> set[str]:
        """Return the paths, with what the symbolic links among them lead to: files, and all below directories.

        Raises Refused where a link leaves the repository or leads in a circle.
        """
        files, links = set(paths), self.tree.files.links
        pending = sorted(files & links)
        while pending:
            target = self._resolve(pending.pop())
            additions = {*self.below(target), *({target} & self.tree.files.keys())} - files
            files |= additions
            pending += sorted(additions & links)
        return files

    def follow(self, directory: str, reference: str, subject: str) -> str:
        """Resolve a reference through links. Raises Refused, naming the `subject`, where it leaves the repository."""
        normal = posixpath.normpath(posixpath.join(directory, reference))
        if normal.startswith(("/", "../")) or normal == "..":
            raise Refused(f"{subject} leaves the repository: {reference}")
        return self._resolve(normal) if self.tree.files.links else normal

    def _resolve(self, path: str) -> str:
        """Follow every link on the way, as the operating system does."""
        pending, resolved, hops, last_link = [*reversed(path.split("/"))], list[str](), 0, ""
        while pending:
            segment = pending.pop()
            if segment == ".." and not resolved:
                raise Refused(f"symbolic link {last_link} leaves the repository")
            if segment in ("", ".", ".."):
                resolved = resolved[:-1] if segment == ".." else resolved
                continue
            location = "/".join((*resolved, segment))
            if location not in self.tree.files.links:
                resolved.append(segment)
                continue
            hops, last_link = hops + 1, location
            pending.extend(reversed(self._target(location, hops).split("/")))
        return "/".join(resolved) or "."

    def _target(self, link: str, hops: int) -> str:
        self.links.add(link)
        target = self.tree.read(link).decode(errors="surrogateescape")
        if target.startswith("/"):
            raise Refused(f"symbolic link {link} leaves the repository: {target}")
        if hops > MAX_LINKS:
            raise Refused(f"symbolic link {link} leads in a circle")
        return target


def link_refusal(tree: Tree, directory: str) -> str | None:
    """Say why a project may not have this directory: symbolic links lead to it, so another has it already.

    Two names of one directory would share a checkout, and the state that is kept there.
    """
    paths = TreePaths(tree)
    try:
        target = paths.follow(".", directory, "its directory")
    except Refused as refusal:
        return str(refusal)
    if not paths.links:
        return None
    return f"`dir: {directory}` leads through the symbolic link {min(paths.links)}: list {target} instead"
