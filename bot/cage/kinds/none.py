"""No cage: foreign programs run as the bot's user, with all that it may. Only where the operator writes that down."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.cage.program import Kind, Program
from bot.launch import UNCONFINED, Launch


class NoCage:
    """Programs end with us, as far as they did not leave their group, and that is all."""

    name, strength = "none", 0
    leaves_open = frozenset[str]()

    def obstacle(self) -> str | None:
        """It always works."""
        return None

    @contextmanager
    def launch(self, program: Program) -> Iterator[Launch]:
        with UNCONFINED.launch(program.argv, program.cwd, program.env) as launch:
            yield launch


KIND: Kind = NoCage()
