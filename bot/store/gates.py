"""The gate's lines as a run's plan comment said them last: a page shows them without asking the forge again."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.core.gate_case import Demand
from bot.store.columns import dump, load, upsert
from bot.store.tables import gate

CommandHints = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class GateSnapshot:
    """What the comment said at that moment (the forge's clock); `next` are commands with a word on each."""

    demands: tuple[Demand, ...]
    next: CommandHints
    at: datetime


def save(tx: sa.Connection, run: str, snapshot: GateSnapshot) -> None:
    """Keep what the run's plan comment says now."""
    values = {
        "demands": dump(tuple[Demand, ...], snapshot.demands),
        "next": dump(CommandHints, snapshot.next),
        "at": snapshot.at,
    }
    upsert(tx, gate, {"run": run}, values)


def get(tx: sa.Connection, run: str) -> GateSnapshot | None:
    """What the run's plan comment said last; None before it was written."""
    row = tx.execute(sa.select(gate).where(gate.c.run == run)).one_or_none()
    return GateSnapshot(load(tuple[Demand, ...], row.demands), load(CommandHints, row.next), row.at) if row else None
