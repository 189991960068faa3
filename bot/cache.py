"""What was made once and need not be made again, kept sealed in a folder. Made by `wiring`; tools are handed it.

Never the only place of anything: what is lost here is made anew.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.core.errors import Refused

MB = 1024 * 1024


class Seal(Protocol):
    """What keeps it from being read on disk: the vault."""

    def seal(self, plaintext: bytes, bound_to: Mapping[str, str]) -> bytes: ...

    def unseal(self, blob: bytes, bound_to: Mapping[str, str]) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Cache:
    """Sealed since secrets may be in it; the longest unused go first."""

    folder: Path
    seal: Seal
    megabytes: int = 256

    def cached(self, key: str, make: Callable[[], bytes]) -> bytes:
        """What is kept by that key, or what `make` returns, kept from now on. Whatever `make` raises is not kept."""
        path, bound = self.folder / key, {"kept": key}
        with suppress(FileNotFoundError, Refused):
            opened = self.seal.unseal(path.read_bytes(), bound)
            os.utime(path)
            return opened
        made = make()
        self._keep(path, self.seal.seal(made, bound))
        self._forget()
        return made

    def _keep(self, path: Path, sealed: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, aside = tempfile.mkstemp(dir=self.folder, prefix=".")
        with os.fdopen(descriptor, "wb") as file:
            file.write(sealed)
        os.replace(aside, path)

    def _forget(self) -> None:
        kept = []
        for entry in os.scandir(self.folder):
            with suppress(FileNotFoundError):
                kept.append((entry.stat().st_mtime_ns, entry.stat().st_size, entry.path))
        room = self.megabytes * MB
        for _, size, path in sorted(kept, reverse=True):
            room -= size
            if room < 0:
                with suppress(FileNotFoundError):
                    os.unlink(path)
