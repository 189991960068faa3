"""What the bot asks of the cage of foreign programs. Tools say what a program needs; the cage, what it gets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.launch import Confinement


class NetworkUse(StrEnum):
    """What a program needs of the network. RULED: as the operator allows the project. OPEN: it runs no foreign code."""

    NONE = "none"
    RULED = "ruled"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Reach:
    """What a program needs beyond the programs and certificates of the machine.

    Paths are absolute, the same inside as outside; `read` and `write` hold all beneath, and what is named deeper
    counts. `ports` are TCP ports of ours on loopback.
    """

    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    network: NetworkUse = NetworkUse.NONE
    ports: tuple[int, ...] = ()


class Cage(Protocol):
    """The cage of one project."""

    @property
    def name(self) -> str:
        """The kind in force, as people write it."""

    @property
    def network(self) -> str:
        """Where the project's programs may talk to, by the name of the setting: `internet`, `listed` or `open`."""

    def keeps(self, path: Path) -> bool:
        """Tell whether what a program writes at this path of the machine is there for the next one."""

    def confine(self, reach: Reach, on_refusal: Callable[[str], None] = lambda sentence: None) -> Confinement:
        """Say how a program with this reach is started; `on_refusal` hears what it asked of the network in vain."""

    def record(self, reach: Reach) -> Mapping[str, object]:
        """Dump what `bot.cage.cages.load` makes the same confinement of, in another process."""
