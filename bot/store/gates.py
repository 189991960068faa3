"""The gate's lines as a run's plan comment said them last: a page shows them without asking the forge again."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.core.gate_case import Demand
from bot.store.columns import dump, load, upsert
from bot.store.tables import gate

Commands = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What the comment said at that moment (the forge's clock); `next` are commands with a word on each."""

    demands: tuple[Demand, ...]
    next: Commands
    at: datetime


def tell(tx: sa.Connection, run: str, told: Told) -> None:
    values = {
        "demands": dump(tuple[Demand, ...], told.demands),
        "next": dump(Commands, told.next),
        "at": told.at,
    }
    upsert(tx, gate, {"run": run}, values)


def told(tx: sa.Connection, run: str) -> Told | None:
    row = tx.execute(sa.select(gate).where(gate.c.run == run)).one_or_none()
    return Told(load(tuple[Demand, ...], row.demands), load(Commands, row.next), row.at) if row else None
