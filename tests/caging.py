"""The cages that tests of tools run in: the strongest that works here, as a bot's by default."""

from collections.abc import Sequence
from pathlib import Path

from bot.cage.cages import Cages, find_kind
from bot.cage.policy import NetworkMode, Policy
from bot.core.project import Project
from bot.ports import Cage


def strongest_cage(
    project: str = "net",
    read: Sequence[Path] = (),
    write: Sequence[Path] = (),
    network: NetworkMode = NetworkMode.INTERNET,
) -> Cage:
    policy = Policy(network, read=tuple(map(str, read)), write=tuple(map(str, write)))
    return Cages(find_kind("auto"), Path("/nonexistent"), policy).of("acme/infra", Project(project, project), "run")


NO_CAGE: Cage = Cages("none", Path("/nonexistent")).of("acme/infra", Project("net", "net"), "run")
