"""Projects (what there is) and rules (who may, and what must hold). `config` makes both from gitops.yaml.

`options` are what the keys of tools' packages say, as plain data: only the package whose they are reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bot.core.stored_options import store_beside

if TYPE_CHECKING:
    from pydantic_core import CoreSchema


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
class Project:
    """A directory in one workspace with one tool: the unit of plan, lock, approval and row.

    An empty `tool` is still to be found by the directory's files. `options` have a mapping for each package's keys.
    """

    name: str
    dir: str
    workspace: str = "default"
    tool: str = "terraform"
    depends_on: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict, hash=False)

    @property
    def place(self) -> str:
        """`infra/db:prod`: what locks, slots and rules follow, since a name can be changed by a pull request."""
        return f"{self.dir}:{self.workspace}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> "CoreSchema":
        """Stored with each package's options beside its own fields."""
        return store_beside(cls, "options", handler(source))


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may and what must hold for one place; always read from the base branch. The defaults are the careful ones.

    `options` have a field for each rule of a package; where one is not there, its careful default holds.
    """

    apply: ApplyMode = ApplyMode.COMMENT
    require: frozenset[Requirement] = frozenset(Requirement)
    approvals: int = 1
    backend_change: bool = False
    options: Mapping[str, object] = field(default_factory=dict, hash=False)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> "CoreSchema":
        """Stored with the packages' rules beside its own fields."""
        return store_beside(cls, "options", handler(source))


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
