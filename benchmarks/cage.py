"""What a cage costs at each start, for every kind that works here: `python -m benchmarks.cage`.

Medians of alternating starts of one program, in one run: without a cage, and in each kind, with the network as the
operator's default has it and with none. And what a whole plan takes of processors, against the tool's commands alone.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bot import process
from bot.cage.cages import Cages
from bot.core.project import Project
from bot.launch import UNCONFINED, Confinement
from bot.ports import NetworkUse, Reach
from tests.cage.cost import BARE, FIRST, medians, working_kinds

STARTS, PLANS = 50, 50
PROGRAM = ("terraform", "version")
ENVIRONMENT = {"PATH": os.environ["PATH"], "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="gitops-bot-bench-") as top:
        directory = Path(top)
        confinements = dict(_confinements(directory))
        seconds: dict[str, list[float]] = {name: [] for name in confinements}
        for _ in range(STARTS):
            for name, confinement in confinements.items():
                seconds[name].append(_start(confinement, directory))
    bare = statistics.median(seconds["none"])
    for name, times in seconds.items():
        median = statistics.median(times)
        print(f"terraform version, {name}: {median * 1000:.0f} ms, {median / bare:.2f} ×")
    kinds = medians(PLANS)
    used_bare = kinds[BARE][FIRST]
    for kind, turns in kinds.items():
        for turn, used in turns.items():
            print(f"processors for a plan, {kind}, {turn}: {used * 1000:.0f} ms, {used / used_bare:.2f} ×")


def _confinements(directory: Path) -> Iterator[tuple[str, Confinement]]:
    yield "none", UNCONFINED
    for kind in working_kinds():
        cage = Cages(kind, directory).of("acme/infra", Project("net", "net"), "run")
        for use in (NetworkUse.NONE, NetworkUse.RULED):
            yield f"{kind} (network: {use.value})", cage.confine(Reach(write=(directory,), network=use))


def _start(confinement: Confinement, directory: Path) -> float:
    began = time.monotonic()
    process.run(PROGRAM, confinement=confinement, cwd=directory, env=ENVIRONMENT, timeout=60).require_whole()
    return time.monotonic() - began


if __name__ == "__main__":
    main()
