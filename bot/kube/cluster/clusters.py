"""The operator's clusters: `KUBERNETES__CLUSTERS__NAME__…`, each with two identities: one plans and one applies.

Read by the Kubernetes tools and by the shell. A variable's `_` stands for `-` in a cluster's name.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from bot.config.sections import settings_of
from bot.core.errors import Refused
from bot.kube.cluster.client import Cluster

SECTION = "kubernetes"
MANAGER = "gitops-bot"


class ClusterSettings(BaseModel):
    """One cluster.

    `managers`: field managers whose fields are taken over (`helm`, `argocd-controller`). `repos`: globs of the
    repositories whose projects may name it. `timeout` is in seconds, for one question with all its repetitions.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    kubeconfig: Path = Field(description="a file: the identity that plans")
    context: str | None = Field(None, description="(the file's own) of that file")
    apply_kubeconfig: Path | None = Field(
        None, description="(the same file) the identity that applies: a file, a context or both must be named"
    )
    apply_context: str | None = Field(None, description="(the file's own) of that file")
    managers: tuple[str, ...] = Field((), description="field managers whose fields are taken over, such as `helm`")
    inventory_namespace: str = Field("gitops-bot", description="where the record of what was applied is kept")
    repos: tuple[str, ...] = Field(("*",), description="globs of repositories whose projects may name the cluster")
    timeout: float = Field(30.0, gt=0, le=600, description="seconds for one question, with its repetitions")
    threads: int = Field(16, ge=1, le=128, description="questions at once")

    @field_validator("managers", "repos", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    clusters: dict[str, ClusterSettings] = {}


@dataclass(frozen=True, slots=True)
class ApplyIdentity:
    """How the child that applies reaches a cluster."""

    kubeconfig: Path
    context: str | None


class Clusters:
    """All of them by name. A connection is made when it is first asked for, and again when its kubeconfig changed."""

    def __init__(self, settings: Mapping[str, ClusterSettings]) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._connections: dict[str, tuple[int, Cluster]] = {}

    @classmethod
    def of(cls, section: Mapping[str, object]) -> "Clusters":
        """Read the operator's section. Raises Refused naming each wrong key."""
        clusters = settings_of(_Section, SECTION, section).clusters
        return cls({name.replace("_", "-"): settings for name, settings in clusters.items()})

    @property
    def names(self) -> tuple[str, ...]:
        """What the operator has called them, in order."""
        return tuple(sorted(self._settings))

    def settings(self, name: str) -> ClusterSettings:
        """Look up a cluster. Raises Refused where the operator has no such."""
        if name not in self._settings:
            choices = f"there are: {', '.join(self.names)}" if self._settings else "no cluster is configured"
            raise Refused(f"the operator has no cluster `{name}` ({choices})")
        return self._settings[name]

    def settings_for(self, name: str, repository: str) -> ClusterSettings:
        """Look up a cluster for a repository (`owner/name`). Raises Refused also where that may not use it."""
        settings = self.settings(name)
        if not any(fnmatchcase(repository, pattern) for pattern in settings.repos):
            raise Refused(f"the operator does not let {repository} use the cluster `{name}`")
        return settings

    def planning_client(self, name: str) -> Cluster:
        """Return the client of the identity that plans. Raises Refused where its kubeconfig cannot be used."""
        settings = self.settings(name)
        try:
            modified = settings.kubeconfig.stat().st_mtime_ns
        except OSError as error:
            raise Refused(f"the kubeconfig of cluster {name} cannot be read: {error.strerror}") from error
        with self._lock:
            connection = self._connections.get(name)
            if connection is None or connection[0] != modified:
                connection = self._connections[name] = (modified, _connect(name, settings))
            return connection[1]

    def apply_identity(self, name: str) -> ApplyIdentity:
        """Return the identity that applies. Raises Refused where there is none: the planner's is never used instead."""
        settings = self.settings(name)
        if settings.apply_kubeconfig is None and settings.apply_context is None:
            raise Refused(
                f"nothing can be applied to cluster {name}: set KUBERNETES__CLUSTERS__"
                f"{name.replace('-', '_').upper()}__APPLY_KUBECONFIG, or __APPLY_CONTEXT"
            )
        return ApplyIdentity(settings.apply_kubeconfig or settings.kubeconfig, settings.apply_context)


def _connect(name: str, settings: ClusterSettings) -> Cluster:
    return Cluster.open(name, settings.kubeconfig, settings.context, settings.timeout, MANAGER, settings.threads)
