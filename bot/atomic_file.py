"""Files that are there whole or not at all: written aside, then renamed. And files that others left, read with care."""

import os
import stat
import tempfile
from pathlib import Path

from bot.core.errors import ToolFailed


def replace_file(target: Path, content: bytes) -> None:
    """Put a file there that only we may read; a link in its place is replaced, never followed. Raises OSError."""
    descriptor, aside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(aside, target)
    except BaseException:
        os.unlink(aside)
        raise


def read_left_file(path: Path) -> bytes:
    """Read a file that a tool left; a link in its place is not followed. Raises ToolFailed where there is no file.

    Nor is a pipe waited for (open(2), O_NONBLOCK).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ToolFailed(f"{path.name} is no file that can be read: {os.strerror(error.errno or 0)}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ToolFailed(f"{path.name} is no file")
    with os.fdopen(descriptor, "rb") as file:
        return file.read()
