"""The input digest: a hash of everything in a tree that can change a project's plan, without a checkout."""

import hashlib
from collections.abc import Iterable

from bot.core.tree import Tree


def input_digest(tree: Tree, paths: Iterable[str]) -> str:
    """Hash of path, mode and object id of these files, in order. Hexadecimal SHA-256."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        entry = tree.files[path]
        digest.update(f"{path}\0{entry.mode}\0{entry.id}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()
