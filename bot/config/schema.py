"""The keys of gitops.yaml and what each may say. Read by `config.repository`; knows nothing of lines or of branches.

Descriptions are rows of docs/configuration.md, as in `config.settings`.
"""

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
    count: Annotated[StrictInt, Field(ge=1, le=20, description="how many people must approve, 1 to 20")]


class RulesTable(Table):
    """Who may and what must hold; what is not said is taken from the defaults."""

    apply: ApplyMode | None = Field(
        default=None,
        description="when an apply begins by itself. `comment`: never, only by `/apply`. `approval`: once the gate is "
        "open. `merge`: when the pull request is merged",
    )
    require: list[Requirement] | None = Field(
        default=None,
        description="`approval`: people approved what was shown. `checks`: the required checks are green. `[]` asks "
        "for neither",
    )
    approvals: ApprovalsTable | None = None
    backend_change: StrictBool | None = Field(
        default=None, description="whether a pull request may move a project's state"
    )
    cluster: ClusterName | None = Field(
        default=None,
        description="Kubernetes: the operator's name for a cluster. Without it renderings are compared, and nothing is "
        "asked of any cluster, nor applied",
    )
    allow: list[Allowance] | None = Field(
        default=None,
        description="Kubernetes: `replace`: objects whose change cannot be made in place may be deleted and created. "
        "`conflicts`: fields that others own, and objects of other repositories' projects, may be taken over",
    )
    prune: PruneTable | None = None


class TerraformTable(Table):
    var_files: list[RelativePath] = Field(default=[], description="relative to the directory, inside the repository")
    backend_config: list[BackendConfig] = Field(default=[], description="for `init`: `key=value`, or a file as above")
    binary: Binary | None = Field(
        default=None, description="(the first one found) one of the operator's `TERRAFORM__BINARIES`"
    )
    version: Version | None = Field(
        default=None, description="(any) one version, like `1.11.4`: refused by name where the binary is another"
    )


class ProjectTable(RulesTable):
    dir: FromTheTop = Field(description="the directory, from the top; `.` is the top")
    name: Name | None = Field(
        default=None,
        description="(the directory, and `:workspace` where that is not `default`) unique; what `-p` and `depends_on` "
        "name",
    )
    workspace: Workspace = Field(
        default="default", description="the workspace of Terraform; one directory may be listed once for each"
    )
    tool: ToolName | None = Field(
        default=None, description="(by the files) `terraform`, `kustomize`, `helm` or `manifests`"
    )
    depends_on: list[Name] = Field(
        default=[],
        description="**names** of projects (not directories, where they differ) that are applied before; what depends "
        "on something applied in the same run is planned again just before its own apply",
    )
    inputs: list[FromTheTop] = Field(
        default=[], description="globs, from the top: files elsewhere that can change the result"
    )
    terraform: TerraformTable = TerraformTable()
    kubernetes: KubernetesTable = KubernetesTable()
    helm: HelmTable = HelmTable()
    health: HealthTable = HealthTable()


class FileTable(Table):
    """The whole file."""

    version: Annotated[Literal[1], BeforeValidator(one)] = Field(description="`1`")
    branches: list[Word] = Field(
        default=[],
        description="globs of base branches whose pull requests are planned, besides the default branch; read from that"
        " branch alone",
    )
    merge: Literal["auto", "manual"] = Field(
        default="auto",
        description="`auto`: `/apply` applies, **then merges** as soon as nothing is left to apply. `manual`: people "
        "merge; the lock is kept until then",
    )
    defaults: RulesTable = Field(default=RulesTable(), description="(from the next table) rules for all projects")
    projects: list[ProjectTable] = Field(
        default=[], description="(found by their files) the list; where there is none, see [below](#without-gitopsyaml)"
    )


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
