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


class Allowance(StrEnum):
    """What an apply to a cluster may do only where the base branch says so."""

    REPLACE = "replace"
    CONFLICTS = "conflicts"


@dataclass(frozen=True, slots=True)
class TerraformOptions:
    """`terraform:` of a project. Var files are relative to its directory; backend config is `key=value` or a file."""

    var_files: tuple[str, ...] = ()
    backend_config: tuple[str, ...] = ()
    binary: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """Fields of objects that are left alone: by JSON pointers (`*` for any item), or whatever these managers own.

    Empty `kind` or `name` means any.
    """

    kind: str = ""
    name: str = ""
    pointers: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """When objects of a kind (`Kind.group`) are ready or have failed: `status.phase=Running`."""

    kind: str
    ready: str
    failed: str = ""


@dataclass(frozen=True, slots=True)
class HealthOptions:
    """`health:` of a project. Seconds: how long to wait for it, and how long it must last."""

    timeout: float = 300.0
    stable: float = 10.0
    checks: tuple[HealthCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class KubernetesOptions:
    """`kubernetes:`, `helm:` and `health:` of a project. `namespace` is for objects that name none.

    `values` are files relative to the directory; `differ` is `server` or `kubectl`.
    """

    namespace: str = "default"
    ignore: tuple[Ignored, ...] = ()
    differ: str = "server"
    release: str = ""
    values: tuple[str, ...] = ()
    health: HealthOptions = field(default_factory=HealthOptions)


@dataclass(frozen=True, slots=True)
class Project:
    """A directory in one workspace with one tool: the unit of plan, lock, approval and row.

    An empty `tool` is still to be found by the directory's files.
    """

    name: str
    dir: str
    workspace: str = "default"
    tool: str = "terraform"
    depends_on: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    terraform: TerraformOptions = field(default_factory=TerraformOptions)
    kubernetes: KubernetesOptions = field(default_factory=KubernetesOptions)

    @property
    def place(self) -> str:
        """`infra/db:prod`: what locks, slots and rules follow, since a name can be changed by a pull request."""
        return f"{self.dir}:{self.workspace}"


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may and what must hold for one place; always read from the base branch. The defaults are the careful ones.

    `cluster` is the operator's name for one; without it nothing is asked of any, nor applied.
    `prune_most`: no more than this share (percent) of the objects goes in one apply.
    """

    apply: ApplyMode = ApplyMode.COMMENT
    require: frozenset[Requirement] = frozenset(Requirement)
    approvals: int = 1
    backend_change: bool = False
    cluster: str = ""
    allow: frozenset[Allowance] = frozenset()
    prune: bool = True
    prune_most: int = 30


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
