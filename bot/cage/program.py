"""A foreign program as a kind of cage gets it, and what a kind is."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.cage.policy import Policy
from bot.launch import Launch
from bot.ports.cage import Reach


@dataclass(frozen=True, slots=True)
class Program:
    """A program, what it needs (`reach`), what it may (`policy`), and whose it is (`project`, for people).

    `on_refusal` hears sentences about what it asked of the network in vain.
    `run` tells runs apart that must not reach each other's files; `top` is our own folder, in which those are.
    """

    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    reach: Reach
    policy: Policy
    project: str
    on_refusal: Callable[[str], None]
    run: str
    top: Path


class Kind(Protocol):
    """A way to keep a program in. One file of `bot/cage/kinds/`."""

    @property
    def name(self) -> str:
        """Its name as people write it."""

    @property
    def strength(self) -> int:
        """More is stronger: `auto` takes the strongest that works. 0 keeps nothing in, and is never taken by itself."""

    @property
    def leaves_open(self) -> frozenset[str]:
        """The attempts of `probe` that it may not refuse, as docs/security.md tells."""

    def obstacle(self) -> str | None:
        """Say why it does not work on this machine, found by trying; None where it does."""

    def launch(self, program: Program) -> AbstractContextManager[Launch]:
        """Say how the program is started; closed when it has ended. Raises ToolFailed when there is no such program."""
