"""What the operator lets the programs of a project use: where they may talk to, and how much they may take."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from bot.cage.limits.usage import Limits

MB = 1 << 20


class NetworkMode(StrEnum):
    """Where the programs of a project may talk to.

    INTERNET: anywhere but the machine itself, its network and the metadata of clouds. LISTED: `hosts` alone.
    """

    INTERNET = "internet"
    LISTED = "listed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Policy:
    """`hosts` may be talked to in every mode. `memory` and `disk` are in MB; `read` and `write` are paths for all.
    `upstream` are the variables of the bot's own proxy, by which ours goes on.
    """

    network: NetworkMode = NetworkMode.INTERNET
    hosts: tuple[str, ...] = ()
    memory: int = 4096
    processes: int = 1024
    files: int = 4096
    disk: int = 8192
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    upstream: tuple[tuple[str, str], ...] = ()

    @property
    def limits(self) -> Limits:
        """What is looked at from outside, for a program and all that it started."""
        return Limits(self.memory * MB, self.processes, self.disk * MB)

    @property
    def rlimits(self) -> dict[str, int]:
        """The limits of each process, by the names of `resource`. NPROC counts by user, and binds no root."""
        return {
            "NOFILE": self.files,
            "NPROC": self.processes,
            "FSIZE": self.disk * MB,
            "CORE": 0,
        }

    def dump(self) -> dict[str, Any]:
        """Dump for `load`."""
        return asdict(self)

    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> "Policy":
        """Load what `dump` dumped, through JSON or not."""
        lists = {name: tuple(stored[name]) for name in ("hosts", "read", "write")}
        upstream = tuple((name, value) for name, value in stored["upstream"])
        return cls(**{**stored, **lists, "network": NetworkMode(stored["network"]), "upstream": upstream})
