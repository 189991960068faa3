"""A data directory on a small disk of its own, to be filled and emptied. Only for root, where mounts are allowed."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

MEBIBYTES = 96


class Disk:
    """The disk at `path`; `ballast` is what fills it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ballast = path / "ballast"

    def fill(self) -> None:
        """To the last byte. What the databases had in their logs is written down first: it would leave them room."""
        for database in ("store.sqlite", "engine.sqlite"):
            with sqlite3.connect(self.path / database, timeout=10) as connection:
                connection.execute("pragma wal_checkpoint(truncate)")
            connection.close()
        self.stuff()

    def stuff(self) -> None:
        """As it is."""
        with suppress(OSError), self.ballast.open("ab", buffering=0) as file:
            while True:
                file.write(b"\0" * 65536)
        with suppress(OSError), self.ballast.open("ab", buffering=0) as file:
            while True:
                file.write(b"\0")

    def empty(self) -> None:
        self.ballast.unlink()


@contextmanager
def mounted(path: Path) -> Iterator[Disk]:
    """Mount it; skip the test where that is not permitted."""
    path.mkdir(parents=True, mode=0o700)
    options = f"size={MEBIBYTES}m,mode=0700"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
