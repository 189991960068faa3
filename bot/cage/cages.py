"""The operator's choice of a cage, and the cage of each project."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from bot.cage import doors, kinds
from bot.cage.policy import Policy
from bot.cage.program import Kind, Program
from bot.core.errors import Refused
from bot.core.project import Project
from bot.launch import Confinement, Launch
from bot.ports.cage import NetworkUse, Reach

AUTO, NO_CAGE = "auto", "none"


@dataclass(frozen=True, slots=True)
class ProjectRule:
    """What of the policy is otherwise for projects that match: globs of `owner/repository:directory`."""

    match: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ProjectCage:
    """The cage of one project in one run. `kind` is one of `bot/cage/kinds/`; `project` its name, for people.

    `top` is our own folder, in which the files of all runs are.
    """

    kind: str
    policy: Policy
    project: str
    run: str
    top: Path

    @property
    def name(self) -> str:
        """The kind in force."""
        return self.kind

    @property
    def network(self) -> str:
        """Where the project's programs may talk to: the policy's mode."""
        return self.policy.network.value

    @property
    def leaves_open(self) -> frozenset[str]:
        """The attempts of `probe` that this kind may not refuse."""
        return _kinds()[self.kind].leaves_open

    def keeps(self, path: Path) -> bool:
        """Tell whether what a program writes at this path of the machine is there for the next one."""
        return self.kind == NO_CAGE or any(path.resolve().is_relative_to(place) for place in _kept(self.policy))

    def confine(self, reach: Reach, on_refusal: Callable[[str], None] = lambda sentence: None) -> Confinement:
        """Say how a program with this reach is started; `on_refusal` hears what it asked of the network in vain."""
        return _Confinement(self, reach, on_refusal)

    def record(self, reach: Reach) -> dict[str, Any]:
        """Dump what `load` makes the same confinement of, in another process."""
        return {
            "kind": self.kind,
            "policy": self.policy.dump(),
            "project": self.project,
            "run": self.run,
            "top": str(self.top),
            "read": [str(path) for path in reach.read],
            "write": [str(path) for path in reach.write],
            "network": reach.network.value,
            "ports": list(reach.ports),
        }


@dataclass(frozen=True, slots=True)
class Cages:
    """The kind that is in force for all, the policy for all, and what single projects have otherwise."""

    kind: str
    top: Path
    policy: Policy = Policy()
    rules: tuple[ProjectRule, ...] = ()

    def verify(self) -> None:
        """Raises Refused where a policy is none that can be carried out."""
        for policy in (self.policy, *(replace(self.policy, **rule.changes) for rule in self.rules)):
            doors.verify(policy)

    def of(self, repository: str, project: Project, run: str) -> ProjectCage:
        """Return the cage of a project; where several rules match, the last decides."""
        place, policy = f"{repository}:{project.dir}", self.policy
        for rule in self.rules:
            if fnmatchcase(place, rule.match):
                policy = replace(policy, **rule.changes)
        return ProjectCage(self.kind, policy, project.name, run, self.top)


@dataclass(frozen=True, slots=True)
class _Confinement:
    cage: ProjectCage
    reach: Reach
    on_refusal: Callable[[str], None]

    def launch(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> AbstractContextManager[Launch]:
        cage = self.cage
        program = Program(
            argv=argv,
            cwd=cwd,
            env=env,
            reach=self.reach,
            policy=cage.policy,
            project=cage.project,
            on_refusal=self.on_refusal,
            run=cage.run,
            top=cage.top,
        )
        return _kinds()[cage.kind].launch(program)


def load(stored: Mapping[str, Any], on_refusal: Callable[[str], None]) -> Confinement:
    """Make the confinement that `ProjectCage.record` dumped."""
    policy = Policy.load(stored["policy"])
    cage = ProjectCage(stored["kind"], policy, stored["project"], stored["run"], Path(stored["top"]))
    reach = Reach(
        read=tuple(map(Path, stored["read"])),
        write=tuple(map(Path, stored["write"])),
        network=NetworkUse(stored["network"]),
        ports=tuple(stored["ports"]),
    )
    return cage.confine(reach, on_refusal)


def find_kind(wanted: str) -> str:
    """Return the kind that is to be in force: the one wanted, or for `auto` the strongest that works here.

    Raises Refused with what stands in the way of each.
    """
    choices = _kinds()
    if wanted != AUTO:
        if obstacle := choices[wanted].obstacle():
            raise Refused(f"CAGE__KIND={wanted} does not work here: {obstacle}")
        return wanted
    obstacles = []
    for kind in _strongest_first(choices.values()):
        if not (obstacle := kind.obstacle()):
            return kind.name
        obstacles.append(f"{kind.name}: {obstacle}")
    raise Refused(
        "no cage works here, in which the code of pull requests could run apart from the bot. "
        f"{'; '.join(obstacles)}. To run without one, where every writer is trusted with all that the bot has, "
        "set CAGE__KIND=none"
    )


def _kept(policy: Policy) -> Iterator[Path]:
    return (Path(place).resolve() for place in policy.write if Path(place).is_dir())


def kind_names() -> tuple[str, ...]:
    """List the kinds there are, without importing them."""
    return tuple(module.name for module in pkgutil.iter_modules(kinds.__path__))


def _strongest_first(choices: Any) -> Iterator[Kind]:
    keeping = [kind for kind in choices if kind.strength]
    yield from sorted(keeping, key=lambda kind: -kind.strength)


@cache
def _kinds() -> dict[str, Kind]:
    return {name: importlib.import_module(f"bot.cage.kinds.{name}").KIND for name in kind_names()}
