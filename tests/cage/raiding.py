"""A stage with things worth having in its DATA_DIR, and a pull request whose provider tries to have them."""

import contextlib
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cage.ordinary import NOBODY, NobodysStage
from tests.cage.targets import Targets, targets
from tests.e2e.acting import ONE, TWO, begin, plan_comment, propose
from tests.provider.shelf import MACHINES, needed
from tests.rig.build import HOSTILE
from tests.staging import Stage

SOURCE, VERSION = "registry.example/tests/hostile", "1.0.0"
PATIENCE_SECONDS = 240
SURVIVORS_SECONDS = 60
RAID = """\
terraform {
  required_providers {
    hostile = {
      source = "registry.example/tests/hostile"
    }
  }
}

data "hostile_probes" "all" {
  targets = file("${path.module}/targets.json")
}

output "outcomes" {
  value = data.hostile_probes.all.outcomes
}
"""
OUTCOME = re.compile(r'^\+\s+"([a-z]+: .+?)"\s+= "((?:yes|no|not tried|broken): .*)"$', re.MULTILINE)
KEPT = {
    "the vault's key": "vault.key",
    "the store": "store.sqlite",
    "the engine's store": "engine.sqlite",
    "the claim on DATA_DIR": "lock",
    "the log of another run": "logs/*/*",
    "a sealed plan": "artifacts/*",
    "the state of another project": "state/*/*/terraform.tfstate",
    "a mirror's configuration": "mirrors/*/config",
    "an object of a mirror": "mirrors/*/objects/[0-9a-f]*/*",
    "the cache": "cache/**/*",
    "an apply's command": "applies/*/*.json",
    "what is prepared for another pull": "prepared/*/*",
}
"""Where the bot keeps what is attacked."""
PUT = {
    "the log of another run": "logs/other/net.log",
    "a sealed plan": "artifacts/other",
    "the state of another project": "state/other/net/terraform.tfstate",
    "the checkout of another run": "checkouts/other-0123456789ab/main.tf",
    "a mirror's configuration": "mirrors/other.git/config",
    "a mirror's hook": "mirrors/other.git/hooks/post-checkout",
    "an object of a mirror": "mirrors/other.git/objects/ab/cd",
    "what is prepared for another pull": "prepared/other/net.sealed",
    "the cache": "cache/other",
    "an apply's command": "applies/other/command.json",
    "the scratch of another run": "scratch/other/net/secrets.json",
    "a plug-in of another run": "scratch/other/net/terraform/providers/terraform-provider-other",
}
"""What is put in its place where the bot has none just now, as if of another run."""
OURS = {"our own configuration": "main.tf", "the configuration beside ours": "../beside/main.tf"}


@dataclass(frozen=True)
class Raid:
    """What came of it: the outcome of each probe, and the processes that were left when the plan was over."""

    outcomes: Mapping[str, str]
    left: frozenset[str]

    def successes(self, family: str = "") -> dict[str, str]:
        """The probes of a family that got what they wanted, with what that was."""
        return {
            name: outcome
            for name, outcome in self.outcomes.items()
            if name.startswith(family) and outcome.startswith("yes: ")
        }


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that everybody may look into, with a short path, gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="raid-", dir="/tmp"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def raid(settings: Mapping[str, str], ordinary: bool = False, **more: Any) -> Raid:
    """Have a bot plan the pull request of an attacker; `more` are further targets."""
    with open_folder() as top, contextlib.ExitStack() as undo:
        kind, owner = (NobodysStage, NOBODY) if ordinary else (Stage, None)
        stage = undo.enter_context(kind(top / "stage", {"SWEEP_EVERY": "1h", **settings}))
        clone = _furnish(stage)
        aims = undo.enter_context(targets(top / "t", owner, stage.data))
        aims = aims.having(
            files=treasures(stage),
            bot=stage.bot_pid,
            tcp={"the forge": _address(stage.forge.url), "the bot": _address(stage.bot_url)},
            code=OURS,
            survivors=SURVIVORS_SECONDS,
        ).having(**more)
        number = attack(stage, clone, aims)
        return Raid(outcomes(stage, number), end_survivors(aims.mark))


def attack(stage: Stage, clone: Path, aims: Targets, branch: str = "raid") -> int:
    """Open a pull request whose plan attacks these, beside a project that is sound; its number."""
    stage.alice.git(clone, "checkout", "--quiet", "main")
    arm(clone / "app")
    files = {"app/main.tf": RAID, "app/targets.json": aims.to_json(), "beside/main.tf": ONE}
    return propose(stage, clone, files, branch)


def arm(directory: Path) -> None:
    """Put the provider into a project, where terraform looks for providers by itself."""
    target = f"linux_{MACHINES[os.uname().machine]}"
    plugin = directory / "terraform.d/plugins" / SOURCE / VERSION / target / f"{HOSTILE}_v{VERSION}"
    plugin.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(needed(HOSTILE), plugin)
    plugin.chmod(0o755)


def outcomes(stage: Stage, number: int) -> dict[str, str]:
    """What came of each probe, as the bot says it on the pull request."""
    settled_comment(stage, number)
    return dict(OUTCOME.findall(plan_comment(stage, number).replace("&#39;", "'")))


def settled_comment(stage: Stage, number: int) -> str:
    """The plan comment, once nothing of it is still being planned: whatever became of it."""
    stage.wait_for_comment(number, "## Plan for", patience=PATIENCE_SECONDS)
    stage.wait_for(
        "the end of the plan",
        lambda: any(end in plan_comment(stage, number) for end in ("What blocks the apply", "### Next")),
        PATIENCE_SECONDS,
    )
    return plan_comment(stage, number)


def treasures(stage: Stage) -> dict[str, str]:
    """What the provider shall look for in DATA_DIR, by name; all of it is there."""
    paths = {name: next(filter(Path.is_file, stage.data.glob(pattern)), None) for name, pattern in KEPT.items()}
    for name, place in PUT.items():
        if not paths.get(name):
            paths[name] = stage.data / place
            _put(stage.data / place, stage.data)
    assert all(paths.values()), paths
    return {name: str(path) for name, path in paths.items()}


def end_survivors(mark: str) -> frozenset[str]:
    """The arguments of the provider's processes that are still there, each ended now."""
    left = set()
    for _ in range(40):
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (process / "cmdline").read_bytes().decode().split("\0")
                if mark in words and words[1] in ("--survive", "--hop"):
                    left.add(" ".join(words[1:2] + words[4:]).strip())
                    os.kill(int(process.name), signal.SIGKILL)
    return frozenset(left)


def _furnish(stage: Stage) -> Path:
    """An earlier pull request with a plan, which has a log, a sealed plan, and what was prepared for it."""
    clone = begin(stage, {"net/main.tf": ONE})
    stage.wait_for_comment(propose(stage, clone, {"net/main.tf": TWO}, "earlier"), "What blocks the apply")
    return clone


def _put(path: Path, top: Path) -> None:
    owner = top.stat()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text("other\n")
    path.chmod(0o700)
    for place in (path, *path.parents):
        if place == top:
            return
        if place.stat().st_uid != owner.st_uid:
            os.chown(place, owner.st_uid, owner.st_gid)


def _address(url: str) -> str:
    return url.removeprefix("http://").partition("/")[0]
