"""What gitops.yaml says for the Kubernetes tools, as they use it. Made by `kube.keys`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Allowance(StrEnum):
    """What an apply to a cluster may do only where the base branch says so."""

    REPLACE = "replace"
    CONFLICTS = "conflicts"


@dataclass(frozen=True, slots=True)
class IgnoreRule:
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

    @property
    def checks_by_kind(self) -> Mapping[str, Mapping[str, str]]:
        """The expressions by `group/Kind`; gitops.yaml writes `Kind.group`."""
        named_checks = [(check.kind.partition("."), check) for check in self.checks]
        return {
            f"{group}/{kind}": {"ready": check.ready} | ({"failed": check.failed} if check.failed else {})
            for (kind, _, group), check in named_checks
        }


@dataclass(frozen=True, slots=True)
class KubernetesOptions:
    """`kubernetes:`, `helm:` and `health:` of a project. `namespace` is for objects that name none.

    `values` are files relative to the directory; `differ` is `server` or `kubectl`.
    """

    namespace: str = "default"
    ignore: tuple[IgnoreRule, ...] = ()
    differ: str = "server"
    release: str = ""
    values: tuple[str, ...] = ()
    health: HealthOptions = field(default_factory=HealthOptions)


@dataclass(frozen=True, slots=True)
class KubernetesRules:
    """What must hold for what is applied to a cluster; always read from the base branch. The defaults are careful.

    `cluster` is the operator's name for one; without it nothing is asked of any, nor applied.
    `prune_most`: no more than this share (percent) of the objects goes in one apply.
    """

    cluster: str = ""
    allow: frozenset[Allowance] = frozenset()
    prune: bool = True
    prune_most: int = 30
