"""The keys of gitops.yaml that are for Kubernetes: `kubernetes`, `helm`, `health`, `prune`. Part of `config.schema`."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt

from bot.config.durations import duration
from bot.config.values import RelativePath, Table, Word

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
Duration = Annotated[timedelta, BeforeValidator(duration)]


class IgnoreTable(Table):
    kind: Kind | None = Field(default=None, description="(any) `Deployment`, or `Certificate.cert-manager.io`")
    name: Word | None = Field(default=None, description="(any) the object's name")
    pointers: list[Pointer] = Field(
        default=[], description="JSON pointers, `*` for any item: fields that are left alone"
    )
    managers: list[Word] = Field(default=[], description="whatever these field managers own is left alone")


class KubernetesTable(Table):
    namespace: Namespace = Field(default="default", description="for objects that name none")
    ignore: list[IgnoreTable] = Field(default=[], description="fields that are left alone")
    differ: Literal["server", "kubectl"] = Field(
        default="server", description="what finds the difference: a dry run on the `server`, or `kubectl`"
    )


class HelmTable(Table):
    release: Annotated[Word, AfterValidator(_name)] | None = Field(
        default=None, description="(the last part of the directory) the name of the release"
    )
    values: list[RelativePath] = Field(
        default=[], description="values files, relative to the directory, inside the repository"
    )


class CheckTable(Table):
    kind: Kind = Field(description="the kind of the objects, as above")
    ready: Expression = Field(description="when they are ready: `field=value` or `field!=value`")
    failed: Expression | None = Field(default=None, description="when they have failed")


class HealthTable(Table):
    timeout: Duration = Field(
        default=timedelta(minutes=5), description="how long an apply waits for what it applied to be ready"
    )
    stable: Duration = Field(default=timedelta(seconds=10), description="how long that must last")
    on_failure: Literal["comment"] = Field(default="comment", description="the only choice: it is told")
    checks: list[CheckTable] = Field(
        default=[], description="when objects of kinds that the bot does not know are ready"
    )


class PruneTable(Table):
    enabled: StrictBool = Field(default=True, description="Kubernetes: whether objects that are no longer in Git go")
    most: Annotated[StrictInt, Field(ge=1, le=100)] = Field(
        default=30, description="what share of the project's objects (percent, at least one object) may go in one apply"
    )
