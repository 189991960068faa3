"""Projects (what there is) and rules (who may, and what must hold). `config` makes both from gitops.yaml."""

from dataclasses import dataclass, field
from enum import StrEnum


class ApplyMode(StrEnum):
    """When an apply begins by itself; `/apply` works in every mode."""

    COMMENT = "comment"
    APPROVAL = "approval"
    MERGE = "merge"


class Requirement(StrEnum):
    """What the gate asks for beyond a fresh plan, a free lock and no freeze."""

    APPROVAL = "approval"
    CHECKS = "checks"


@dataclass(frozen=True, slots=True)
class TerraformOptions:
    """`terraform:` of a project. Var files are relative to its directory; backend config is `key=value` or a file."""

    var_files: tuple[str, ...] = ()
    backend_config: tuple[str, ...] = ()
    binary: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """A directory in one workspace with one tool: the unit of plan, lock, approval and row."""

    name: str
    dir: str
    workspace: str = "default"
    tool: str = "terraform"
    depends_on: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    terraform: TerraformOptions = field(default_factory=TerraformOptions)

    @property
    def place(self) -> str:
        """`infra/db:prod`: what locks, slots and rules follow, since a name can be changed by a pull request."""
        return f"{self.dir}:{self.workspace}"


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may and what must hold for one place; always read from the base branch. The defaults are the careful ones."""

    apply: ApplyMode = ApplyMode.COMMENT
    require: frozenset[Requirement] = frozenset(Requirement)
    approvals: int = 1
    backend_change: bool = False


@dataclass(frozen=True, slots=True)
class Configuration:
    """A repository's gitops.yaml at one commit, or what is found where there is none.

    `listed` projects are those it names, in order; where it names none, projects are found by their files.
    """

    projects: tuple[Project, ...] = ()
    defaults: Rules = field(default_factory=Rules)
    rules: tuple[tuple[str, Rules], ...] = ()
    branches: tuple[str, ...] = ()
    merge: bool = True
    parallel: int | None = None
