"""What a plan costs in processor time: bare, and by the bot in each kind of cage. `python -m tests.cage.cost PLANS`.

*Bare* is `init && plan -out && show -json` of the smallest project there is. The bot does the same at a project's first
plan; when it plans again in the same pull request, it finds what `init` made. Medians of alternating plans, as JSON. A
process of its own, for it waits for whatever is left without a parent, so that nothing is missing from its count.
"""

import ctypes
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from bot.cage.cages import NO_CAGE, Cages, find_kind, kind_names
from bot.cage.launcher.kernel import PR_SET_CHILD_SUBREAPER
from bot.core.errors import Refused
from bot.core.project import Project
from bot.ports import Cage, PullCache
from bot.tools.terraform import tool
from tests.terraform.conftest import ENV, Ground

BARE, FIRST, AGAIN = "bare", "first", "again"
PROJECT = 'resource "terraform_data" "a" {\n  input = "a"\n}\n'
COMMANDS = (("init", "-input=false"), ("plan", "-input=false", "-out=p"), ("show", "-json", "p"))


Prepare = Callable[[], Callable[[], object]]  # makes a place ready, and returns what plans there


def medians(plans: int) -> dict[str, dict[str, float]]:
    """Seconds of one plan, by `FIRST` and `AGAIN` in each kind that works here, and bare."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="gitops-bot-cost-", dir="/tmp") as top:
        os.chmod(top, 0o755)  # programs of a cage may have users of their own
        ways = dict(_ways(Path(top)))
        for prepare in ways.values():
            prepare()()  # what is read for the first time, and what `init` makes
        seconds: dict[tuple[str, str], list[float]] = {way: [] for way in ways}
        for _ in range(plans):
            for way, prepare in ways.items():
                seconds[way].append(_seconds(prepare()))
    by_kind: dict[str, dict[str, float]] = {}
    for (kind, turn), times in seconds.items():
        by_kind.setdefault(kind, {})[turn] = statistics.median(times)
    return by_kind


def _ways(top: Path) -> Iterator[tuple[tuple[str, str], Prepare]]:
    terraform = shutil.which("terraform", path=ENV["PATH"]) or "terraform"
    (top / "empty.tfrc").write_text("")
    yield (BARE, FIRST), partial(_prepare_bare, top, terraform)
    ground = Ground(top, tool(lambda _: {"binaries": (terraform,)}))
    for kind in working_kinds():
        cage = Cages(kind, top).of("acme/infra", Project("net", "net"), "run")
        for turn in (FIRST, AGAIN):
            place = top / f"{kind}-{turn}"
            own = replace(ground, top=place, prepared=_pull_cache(place / "packages") if turn == AGAIN else None)
            yield (kind, turn), partial(_prepare, own, cage)


def working_kinds() -> tuple[str, ...]:
    """The kinds that keep something in and work on this machine."""
    return tuple(kind for kind in kind_names() if kind != NO_CAGE and _works(kind))


def _works(kind: str) -> bool:
    try:
        find_kind(kind)
    except Refused:
        return False
    return True


def _prepare_bare(top: Path, terraform: str) -> Callable[[], object]:
    directory = Path(tempfile.mkdtemp(dir=top))
    (directory / "main.tf").write_text(PROJECT)
    env = ENV | {"HOME": str(top), "TF_CLI_CONFIG_FILE": str(top / "empty.tfrc"), "CHECKPOINT_DISABLE": "1"}
    run = partial(subprocess.run, cwd=directory, env=env, check=True, stdout=subprocess.DEVNULL)
    return lambda: [run((terraform, *words)) for words in COMMANDS]


def _prepare(ground: Ground, cage: Cage) -> Callable[[], object]:
    return partial(ground.terraform.plan, replace(ground.site({"net/main.tf": PROJECT}), cage=cage))


def _pull_cache(folder: Path) -> PullCache:
    folder.mkdir(parents=True)
    blobs: dict[str, bytes] = {}
    return PullCache(folder, blobs.get, blobs.__setitem__, b"secret")


def _seconds(work: Callable[[], object]) -> float:
    before = _used()
    work()
    return _used() - before


def _used() -> float:
    """Seconds that this process and all that have ended below it took of processors, in user and in kernel mode."""
    while _reap():
        pass
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _reap() -> bool:
    try:
        os.waitpid(-1, 0)
    except ChildProcessError:
        return False
    return True


if __name__ == "__main__":
    sys.stdout.write(json.dumps(medians(int(sys.argv[1]))))
