"""What the bot asks of a tool that plans and applies. Jobs and server see this, never a provider."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from bot.core.plan import Content
from bot.core.project import Configuration, Project, Rules
from bot.core.pull import Repository
from bot.core.run import ApplyOutcome, Effects
from bot.core.tree import Tree
from bot.ports.cage import Cage, Reach


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a checkout comes from, for tools that look back: `base` is the base branch's commit, `commit` its own.

    `tree` and `checkout` give other commits of the repository and raise Refused when they are gone. `secret` lasts as
    long as the vault's key. `get_or_create` keeps what was made by a key, sealed. `forge` is the forge's address,
    without which a repository's key says little to others: two forges may share a cluster. `configuration` reads a
    commit's gitops.yaml (None: it has none) and raises Refused where it is wrong.
    """

    forge: str
    repository: Repository
    base: str
    commit: str
    tree: Callable[[str], AbstractContextManager[Tree]]
    checkout: Callable[[str], Path]
    configuration: Callable[[Tree], Configuration | None]
    secret: bytes
    get_or_create: Callable[[str, Callable[[], bytes]], bytes]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another project of the same repository at `commit`, with its tool; `affected`: the same run is about it."""

    tool: "Tool"
    project: Project
    rules: Rules
    commit: str
    affected: bool

    @property
    def dir(self) -> str:
        """The directory that it has for itself."""
        return self.project.dir


@dataclass(frozen=True, slots=True)
class PullCache:
    """What a tool made ready for a pull request, to be found again by its other runs until it is merged or closed.

    `load` gives back what `save` was given last, if it was under the same key: sealed, so secret and nobody else's.
    `folder` is the pull's own, for what is too large for that; whoever runs anything from there checks it first.
    """

    folder: Path
    load: Callable[[str], bytes | None]
    save: Callable[[str, bytes], None]
    secret: bytes


@dataclass(frozen=True, slots=True)
class Site:
    """Where a tool works on one project.

    `root` is the top of a checkout of the merge result; `scratch` (0700) goes with the run; `state_dir` lives for ever
    and is the place's own (local state). `log` is where output goes as it comes. `environment` is all the tool gets.
    `stopped()` turns true when the run was cancelled. `cage` is where its programs run. `other_dirs` are those of other
    projects. `confirmed` names what a person let go by name. `neighbours` lists the repository's other projects.
    `origin` and `pull_cache` are None outside of a repository, as for `gitops-bot plan`.
    """

    root: Path
    project: Project
    scratch: Path
    state_dir: Path
    log: Path
    environment: Mapping[str, str]
    timeout: float
    stopped: Callable[[], bool]
    cage: Cage
    rules: Rules = field(default_factory=Rules)
    other_dirs: frozenset[str] = frozenset()
    confirmed: tuple[str, ...] = ()
    origin: Origin | None = None
    pull_cache: PullCache | None = None
    neighbours: Callable[[], Sequence[Neighbour]] = tuple

    @property
    def directory(self) -> Path:
        """The project's own directory in the checkout."""
        return self.root / self.project.dir


@dataclass(frozen=True, slots=True)
class ToolPlan:
    """What a tool planned. `canonical` is the machine-readable result to be digested, with secrets: never kept.

    `artifact` is None when there is nothing to apply. `runs` names what its apply runs, or whose files it reads then,
    beyond what the plan shows; `standing` what later applies of the project may run. `keeps_state`: its state is in the
    site's `state_dir`.
    """

    content: Content
    canonical: bytes
    artifact: Path | None
    tool_version: str
    runs: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()
    keeps_state: bool = False


@dataclass(frozen=True, slots=True)
class Invocation:
    """A program to run under supervision: no shell, the whole environment.

    `reach` is what it needs where it is a foreign one; None for a program of ours, which is in no cage.
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    reach: Reach | None


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """How an apply ended: a line for people, and the tool's last words, masked, when it did not go well.

    `unlogged` is what its log does not hold yet, masked; `effects` what became of which change of the plan, where it
    did not go well and the tool can tell.
    """

    outcome: ApplyOutcome
    summary: str
    output: str
    unlogged: str = ""
    effects: Effects = ()


class Tool(Protocol):
    """A program that plans and applies. One file or package in `tools/`, named as people write it."""

    name: str

    def discover(self, tree: Tree) -> Sequence[str]:
        """Find the directories of the tree that are projects of this tool when nobody lists them."""

    def recognises(self, tree: Tree, directory: str) -> int:
        """Say how surely the directory is this tool's: 0 not at all, 1 by files that others have too, 2 by its own."""

    def inputs(self, tree: Tree, project: Project, other_dirs: frozenset[str]) -> frozenset[str]:
        """Return every file of the tree that can change the project's result.

        `other_dirs`: directories of other projects, which are no inputs unless referred to.
        """

    def state_key(self, tree: Tree, project: Project) -> str:
        """Say where the project's state lives as the tree says (its backend).

        When it differs between base and result, the pull request moves the state.
        """

    def plan(self, site: Site, destroy: bool = False) -> ToolPlan:
        """Plan the project. Raises ToolFailed, Refused, Transient (a state lock held by another)."""

    def prepare_apply(self, site: Site, artifact: Path) -> Invocation:
        """Prepare the site so that the program returned applies exactly the artifact."""

    def report_apply(self, site: Site, exit: int | None) -> ApplyReport:
        """Read how it ended from the exit status (None: killed) and the log, which is what it printed, as it is."""

    def version(self, project: Project, environment: Mapping[str, str]) -> str:
        """Return the tool's own version. Raises Refused when it is missing or not the one the project asks for."""


@runtime_checkable
class CompletingTool(Protocol):
    """A tool that reads from a project's files what nobody says of it."""

    def complete(self, tree: Tree, project: Project) -> Project:
        """Return the project with the options that its files leave no choice about."""


@runtime_checkable
class ClaimingTool(Protocol):
    """A tool that knows its kind of file wherever it lies."""

    def claims(self, tree: Tree, path: str) -> bool:
        """Tell whether a file looks like what this tool plans, though no project covers it."""


@runtime_checkable
class NeighbourlyTool(Protocol):
    """A tool whose plan of a project may rest on what the repository's other projects declare."""

    def rests_on_neighbours(self, content: Content) -> bool:
        """Tell whether a plan that shows this must be made anew when files of other projects change."""


@runtime_checkable
class ListingTool(Protocol):
    """A tool that knows what a project holds without a plan to destroy it."""

    def list_objects(self, site: Site) -> tuple[str, ...]:
        """Return the addresses of all that the project manages, as may be shown. Raises as `plan` does."""


@runtime_checkable
class StatefulTool(Protocol):
    """A tool that keeps a state, which two projects may have in common."""

    def state_locations(self, tree: Tree, project: Project) -> frozenset[str]:
        """Return names of the states that the project may have: whoever has one of them has the same state."""


@runtime_checkable
class MaskingTool(Protocol):
    """A tool that does not print what may be shown as it is."""

    def live_mask(self, site: Site) -> Callable[[str], str]:
        """Return what turns whole lines of an apply's output into those to show at once; the report has the rest."""
