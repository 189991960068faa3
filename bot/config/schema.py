"""The keys of gitops.yaml and what each may say. Read by `config.repository`; knows nothing of lines or of branches."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictInt

from bot.config.kubernetes import (
    CheckTable,
    ClusterName,
    HealthTable,
    HelmTable,
    IgnoreTable,
    KubernetesTable,
    PruneTable,
)
from bot.config.values import (
    BackendConfig,
    Binary,
    FromTheTop,
    Name,
    RelativePath,
    Table,
    ToolName,
    Version,
    Word,
    Workspace,
    one,
)
from bot.core.project import Allowance, ApplyMode, Requirement

# Keys of parts that do not exist yet: refused by name, so that nobody believes they hold.
LATER = frozenset({"parallel", "clusters", "policy", "policies", "revert-pull", "credentials", "from", "drift"})


class ApprovalsTable(Table):
    count: Annotated[StrictInt, Field(ge=1, le=20)]


class RulesTable(Table):
    """Who may and what must hold; what is not said is taken from the defaults."""

    apply: ApplyMode | None = None
    require: list[Requirement] | None = None
    approvals: ApprovalsTable | None = None
    backend_change: StrictBool | None = None
    cluster: ClusterName | None = None
    allow: list[Allowance] | None = None
    prune: PruneTable | None = None


class TerraformTable(Table):
    var_files: list[RelativePath] = []
    backend_config: list[BackendConfig] = []
    binary: Binary | None = None
    version: Version | None = None


class ProjectTable(RulesTable):
    dir: FromTheTop
    name: Name | None = None
    workspace: Workspace = "default"
    tool: ToolName | None = None
    depends_on: list[Name] = []
    inputs: list[FromTheTop] = []
    terraform: TerraformTable = TerraformTable()
    kubernetes: KubernetesTable = KubernetesTable()
    helm: HelmTable = HelmTable()
    health: HealthTable = HealthTable()


class FileTable(Table):
    """The whole file."""

    version: Annotated[Literal[1], BeforeValidator(one)]
    branches: list[Word] = []
    merge: Literal["auto", "manual"] = "auto"
    defaults: RulesTable = RulesTable()
    projects: list[ProjectTable] = []


TABLES: dict[str, type[Table]] = {
    "": FileTable,
    "defaults": RulesTable,
    "projects": ProjectTable,
    "approvals": ApprovalsTable,
    "terraform": TerraformTable,
    "kubernetes": KubernetesTable,
    "ignore": IgnoreTable,
    "helm": HelmTable,
    "health": HealthTable,
    "checks": CheckTable,
    "prune": PruneTable,
}
