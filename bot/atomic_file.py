"""Files that are there whole or not at all: written aside, then renamed."""

import os
import tempfile
from pathlib import Path


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
