"""What was made once and need not be made again, kept sealed in a folder. Made by `wiring`; tools are handed it.

Never the only place of anything: what is lost here is made anew.
"""

import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.atomic_file import replace_file
from bot.core.errors import Refused

MEGABYTE = 1024 * 1024

logger = logging.getLogger(__name__)


class Sealer(Protocol):
    """What keeps it from being read on disk: the vault."""

    def seal(self, plaintext: bytes, associated_data: Mapping[str, str]) -> bytes:
        """Encrypt, bound to the associated data."""

    def unseal(self, blob: bytes, associated_data: Mapping[str, str]) -> bytes:
        """Decrypt. Raises Refused when it was changed or is bound to other data."""


@dataclass(frozen=True, slots=True)
class Cache:
    """Sealed since secrets may be in it; the longest unused go first."""

    folder: Path
    sealer: Sealer
    megabytes: int = 256

    def get_or_create(self, key: str, create: Callable[[], bytes]) -> bytes:
        """Return what is kept by that key, or else what `create` returns, kept from now on; not what it raises."""
        path, associated_data = self.folder / key, {"kept": key}
        try:
            with suppress(FileNotFoundError):
                plaintext = self.sealer.unseal(path.read_bytes(), associated_data)
                os.utime(path)
                return plaintext
        except Refused as refusal:
            logger.warning("what was kept in %s is left aside and made anew: %s", path, refusal)
        created = create()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, self.sealer.seal(created, associated_data))
        self._evict()
        return created

    def _evict(self) -> None:
        files = []
        for entry in os.scandir(self.folder):
            with suppress(FileNotFoundError):
                files.append((entry.stat().st_mtime_ns, entry.stat().st_size, entry.path))
        bytes_left = self.megabytes * MEGABYTE
        for _, size, path in sorted(files, reverse=True):
            bytes_left -= size
            if bytes_left < 0:
                with suppress(FileNotFoundError):
                    os.unlink(path)
