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
class Access:
    """How a child process reaches a cluster."""

    kubeconfig: Path
    context: str | None


class Clusters:
    """All of them by name. A connection is made when it is first asked for, and again when its kubeconfig changed."""

    def __init__(self, settings: Mapping[str, ClusterSettings]) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._open: dict[str, tuple[int, Cluster]] = {}

    @classmethod
    def of(cls, section: Mapping[str, object]) -> "Clusters":
        """Raises Refused naming each wrong key."""
        read = settings_of(_Section, SECTION, section)
        return cls({name.replace("_", "-"): one for name, one in read.clusters.items()})

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._settings))

    def settings(self, name: str) -> ClusterSettings:
        """Raises Refused where the operator has no such cluster."""
        if name not in self._settings:
            there = f"there are: {', '.join(self.names)}" if self._settings else "no cluster is configured"
            raise Refused(f"the operator has no cluster `{name}` ({there})")
        return self._settings[name]

    def allowed(self, name: str, repository: str) -> ClusterSettings:
        """The same for a repository (`owner/name`). Raises Refused also where it may not use the cluster."""
        its = self.settings(name)
        if not any(fnmatchcase(repository, pattern) for pattern in its.repos):
            raise Refused(f"the operator does not let {repository} use the cluster `{name}`")
        return its

    def plan(self, name: str) -> Cluster:
        """Connected with the identity that plans. Raises Refused where its kubeconfig cannot be used."""
        its = self.settings(name)
        try:
            changed = its.kubeconfig.stat().st_mtime_ns
        except OSError as why:
            raise Refused(f"the kubeconfig of cluster {name} cannot be read: {why.strerror}") from why
        with self._lock:
            known = self._open.get(name)
            if known is None or known[0] != changed:
                made = Cluster.open(name, its.kubeconfig, its.context, its.timeout, MANAGER, its.threads)
                known = self._open[name] = (changed, made)
            return known[1]

    def apply(self, name: str) -> Access:
        """The identity that applies. Raises Refused where there is none: the one that plans is never used instead."""
        its = self.settings(name)
        if its.apply_kubeconfig is None and its.apply_context is None:
            raise Refused(
                f"nothing can be applied to cluster {name}: set KUBERNETES__CLUSTERS__"
                f"{name.replace('-', '_').upper()}__APPLY_KUBECONFIG, or __APPLY_CONTEXT"
            )
        return Access(its.apply_kubeconfig or its.kubeconfig, its.apply_context)
