"""The keys of gitops.yaml for Kubernetes, which each of the tools that render objects declares.

What there is: `kubernetes`, `helm`, `health`; what must hold: `cluster`, `allow`, `prune`. Descriptions are rows of
docs/configuration.md.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictInt

from bot.config.durations import Duration
from bot.config.tool_keys import OptionKeys, RuleKeys, ToolKeys
from bot.config.values import RelativePath, Table, Word
from bot.kube.options import Allowance, HealthCheck, HealthOptions, IgnoreRule, KubernetesOptions, KubernetesRules

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}(\.[a-z0-9.-]{1,253})?")
_POINTER = re.compile(r"(/[^/\s]+)+")
_EXPRESSION = re.compile(r"[A-Za-z0-9_.\[\]-]+!?=.+")


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("must be a name as Kubernetes wants it: small letters, digits and `-`, 63 at most")
    return value


def _kind(value: str) -> str:
    if not _KIND.fullmatch(value):
        raise ValueError("must be a kind, like `Deployment` or `Certificate.cert-manager.io`")
    return value


def _pointer(value: str) -> str:
    if not _POINTER.fullmatch(value):
        raise ValueError("must be a JSON pointer, like `/spec/replicas`")
    return value


def _expression(value: str) -> str:
    if not _EXPRESSION.fullmatch(value):
        raise ValueError("must be a field and its value, like `status.phase=Running`")
    return value


ClusterName = Annotated[Word, AfterValidator(_name)]
Namespace = Annotated[Word, AfterValidator(_name)]
Kind = Annotated[Word, AfterValidator(_kind)]
Pointer = Annotated[Word, AfterValidator(_pointer)]
Expression = Annotated[Word, AfterValidator(_expression)]


class IgnoreTable(Table):
    """Fields of some objects that a plan leaves alone."""

    kind: Kind | None = Field(default=None, description="(any) `Deployment`, or `Certificate.cert-manager.io`")
    name: Word | None = Field(default=None, description="(any) the object's name")
    pointers: list[Pointer] = Field(
        default=[], description="JSON pointers, `*` for any item: fields that are left alone"
    )
    managers: list[Word] = Field(default=[], description="whatever these field managers own is left alone")


class KubernetesTable(Table):
    """How a project's objects are compared and applied."""

    namespace: Namespace = Field(default="default", description="for objects that name none")
    ignore: list[IgnoreTable] = Field(default=[], description="fields that are left alone")
    differ: Literal["server", "kubectl"] = Field(
        default="server", description="what finds the difference: a dry run on the `server`, or `kubectl`"
    )


class HelmTable(Table):
    """How a chart is rendered."""

    release: Annotated[Word, AfterValidator(_name)] | None = Field(
        default=None, description="(the last part of the directory) the name of the release"
    )
    values: list[RelativePath] = Field(
        default=[], description="values files, relative to the directory, inside the repository"
    )


class CheckTable(Table):
    """When objects of a kind are ready."""

    kind: Kind = Field(description="the kind of the objects, as above")
    ready: Expression = Field(description="when they are ready: `field=value` or `field!=value`")
    failed: Expression | None = Field(default=None, description="when they have failed")


class HealthTable(Table):
    """What an apply waits for."""

    timeout: Duration = Field(
        default=timedelta(minutes=5), description="how long an apply waits for what it applied to be ready"
    )
    stable: Duration = Field(default=timedelta(seconds=10), description="how long that must last")
    on_failure: Literal["comment"] = Field(default="comment", description="the only choice: it is told")
    checks: list[CheckTable] = Field(
        default=[], description="when objects of kinds that the bot does not know are ready"
    )


class PruneTable(Table):
    """Whether an apply deletes, and how much."""

    enabled: StrictBool = Field(default=True, description="Kubernetes: whether objects that are no longer in Git go")
    most: Annotated[StrictInt, Field(ge=1, le=100)] = Field(
        default=30, description="what share of the project's objects (percent, at least one object) may go in one apply"
    )


class KubernetesKeys(Table):
    """The keys of a project."""

    kubernetes: KubernetesTable = KubernetesTable()
    helm: HelmTable = HelmTable()
    health: HealthTable = HealthTable()


class KubernetesRuleKeys(Table):
    """The keys of rules."""

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


def _options(keys: KubernetesKeys) -> KubernetesOptions:
    return KubernetesOptions(
        namespace=keys.kubernetes.namespace,
        ignore=tuple(
            IgnoreRule(rule.kind or "", rule.name or "", tuple(rule.pointers), tuple(rule.managers))
            for rule in keys.kubernetes.ignore
        ),
        differ=keys.kubernetes.differ,
        release=keys.helm.release or "",
        values=tuple(keys.helm.values),
        health=HealthOptions(
            timeout=keys.health.timeout.total_seconds(),
            stable=keys.health.stable.total_seconds(),
            checks=tuple(HealthCheck(check.kind, check.ready, check.failed or "") for check in keys.health.checks),
        ),
    )


def _rules(keys: KubernetesRuleKeys, defaults: KubernetesRules) -> KubernetesRules:
    return KubernetesRules(
        cluster=defaults.cluster if keys.cluster is None else keys.cluster,
        allow=defaults.allow if keys.allow is None else frozenset(keys.allow),
        prune=defaults.prune if keys.prune is None else keys.prune.enabled,
        prune_most=defaults.prune_most if keys.prune is None else keys.prune.most,
    )


def _strictest(rule_sets: Sequence[KubernetesRules]) -> KubernetesRules:
    return KubernetesRules(
        cluster=rule_sets[0].cluster if len({rules.cluster for rules in rule_sets}) == 1 else "",
        allow=frozenset(Allowance).intersection(*(rules.allow for rules in rule_sets)),
        prune=all(rules.prune for rules in rule_sets),
        prune_most=min(rules.prune_most for rules in rule_sets),
    )


def _changes(before: KubernetesRules, after: KubernetesRules) -> Iterator[str]:
    if before.cluster != after.cluster:
        yield f"`cluster` is `{after.cluster or 'none'}` instead of `{before.cluster or 'none'}`"
    for allowance in sorted(after.allow ^ before.allow):
        yield f"`{allowance.value}` is {'allowed' if allowance in after.allow else 'no longer allowed'}"
    if (before.prune, before.prune_most) != (after.prune, after.prune_most):
        yield f"objects that leave Git are {f'deleted, {after.prune_most} % at most' if after.prune else 'kept'}"


OPTIONS = OptionKeys("kubernetes", KubernetesKeys, KubernetesOptions, _options, digests_defaults=True)
RULES = RuleKeys(KubernetesRuleKeys, KubernetesRules, _rules, _strictest, _changes, digests_defaults=True)
KEYS: tuple[ToolKeys, ...] = (OPTIONS, RULES)
