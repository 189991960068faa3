"""How much a directory takes on the disk, though what is in it is hostile and changes meanwhile. Used by `usage`."""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

BLOCK_BYTES = 4096
STATUS_BLOCK_BYTES = 512
MAX_DEPTH = 200
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def bytes_on_disk(directories: Sequence[Path], limit: int) -> int:
    """Return the bytes that these directories take together, or some number above the limit as soon as it is passed.

    Each file and folder is a block at least, so there are never more of them than the limit has blocks. Links are not
    followed. Raises OSError where a folder cannot be looked into, or they are nested too deeply.
    """
    total, counted = 0, set[tuple[int, int]]()
    for directory in directories:
        for status in _statuses(directory, None, 0):
            if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
                if (status.st_dev, status.st_ino) in counted:
                    continue
                counted.add((status.st_dev, status.st_ino))
            total += max(status.st_blocks * STATUS_BLOCK_BYTES, BLOCK_BYTES)
            if total > limit:
                return total
    return total


def _statuses(name: Path | str, parent: int | None, depth: int) -> Iterator[os.stat_result]:
    """The status of all that is below the folder. By descriptors: a name may have become a link meanwhile."""
    if depth > MAX_DEPTH:
        raise OSError(errno.ENAMETOOLONG, f"folders are nested deeper than {MAX_DEPTH}")
    try:
        folder = os.open(name, _OPEN, dir_fd=parent)
    except (FileNotFoundError, NotADirectoryError):  # it is gone, or a link now
        return
    try:
        folders = []
        with os.scandir(folder) as children:
            for child in children:
                try:
                    yield child.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if child.is_dir(follow_symlinks=False):
                    folders.append(child.name)
        for subfolder in folders:
            yield from _statuses(subfolder, folder, depth + 1)
    finally:
        os.close(folder)
