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
    kind: Kind | None = None
    name: Word | None = None
    pointers: list[Pointer] = []
    managers: list[Word] = []


class KubernetesTable(Table):
    namespace: Namespace = "default"
    ignore: list[IgnoreTable] = []
    differ: Literal["server", "kubectl"] = "server"


class HelmTable(Table):
    release: Annotated[Word, AfterValidator(_name)] | None = None
    values: list[RelativePath] = []


class CheckTable(Table):
    kind: Kind
    ready: Expression
    failed: Expression | None = None


class HealthTable(Table):
    timeout: Duration = timedelta(minutes=5)
    stable: Duration = timedelta(seconds=10)
    on_failure: Literal["comment"] = "comment"
    checks: list[CheckTable] = []


class PruneTable(Table):
    enabled: StrictBool = True
    most: Annotated[StrictInt, Field(ge=1, le=100)] = 30
