"""Runs `helm template`. Made by the package's `tool`. Fetches nothing, and asks no cluster: `lookup` finds nothing.

Of a cluster, Helm is told version and kinds by a stand-in, since `--api-versions` only adds to a list of Helm's own.
"""

import os
import posixpath
import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from bot import process
from bot.core.errors import Refused, ToolFailed
from bot.core.project import Project
from bot.core.tree import Tree
from bot.kube.render.chart_schemas import external_reference
from bot.kube.render.charts import CHART_FILE
from bot.kube.render.renderer import (
    MB,
    Rehearsal,
    RenderRequest,
    find_program,
    isolated_environment,
    run_program,
)
from bot.launch import UNCONFINED
from bot.tools.helm import inputs
from bot.tools.helm.own_kinds import own_kinds
from bot.tools.helm.release_facts import release_facts
from bot.tools.helm.settings import HelmSettings
from bot.tools.helm.staging import stage_chart
from bot.tools.helm.stand_in import StandIn

VERSION_SECONDS = 30.0
LONGEST_RELEASE = 53
# What these say is of Helm 3; another one is told with `--api-versions`.
ASKS_A_CLUSTER = ("--validate", "--disable-openapi-validation")
LOOKS_UP = "--dry-run=server"
KNOWN_MAJOR = "helm v3."
FAR_AWAY = "Etc/GMT-14"  # where it is another day than here for most of the day


class Helm:
    """A `Renderer` of charts. Hooks are rendered too: `bot.kube.render.helm_hooks` tells them from the rest."""

    name = "helm"
    takes_duplicates = draws = True

    def __init__(self, settings: HelmSettings) -> None:
        self._settings = settings

    def discover(self, tree: Tree) -> Sequence[str]:
        return inputs.charts(tree)

    def recognises(self, tree: Tree, directory: str) -> int:
        return 2 if posixpath.normpath(f"{directory}/{CHART_FILE}") in tree.files else 0

    def inputs(self, tree: Tree, project: Project, other_dirs: frozenset[str]) -> frozenset[str]:
        return inputs.inputs(tree, project, other_dirs)

    def version(self, environment: Mapping[str, str]) -> str:
        _, path = find_program((self._settings.binary,), environment)
        return _read_version(path, path.stat().st_mtime_ns)

    def command(self, request: RenderRequest) -> tuple[str, ...]:
        asks = ASKS_A_CLUSTER[:1] if self._asks_a_cluster(request) else ()
        arguments = _arguments(request, request.project_dir, request.options.values)
        return ("helm", *arguments, *asks, *_cluster_arguments(request))

    def render(self, request: RenderRequest) -> bytes:
        return self._render(request).stream

    def rehearse(self, request: RenderRequest) -> Rehearsal:
        rehearsal = self._render(request, (LOOKS_UP,), {"TZ": FAR_AWAY})
        return replace(rehearsal, release_facts=release_facts(request.directory))

    def _render(
        self, request: RenderRequest, flags: Sequence[str] = (), variables: Mapping[str, str] = MappingProxyType({})
    ) -> Rehearsal:
        chart = stage_chart(request).resolve()
        if reason := external_reference(chart):
            raise Refused(f"{request.project_dir}: {reason}")
        values = [str(_values_file(request, name)) for name in request.options.values]
        program = _Program(self._settings, _arguments(request, str(chart), values), variables)
        if not self._asks_a_cluster(request):
            return Rehearsal(program.run(request, _cluster_arguments(request)))
        rehearsal = program.run_beside_stand_in(request, flags)
        added = [word for word in own_kinds(rehearsal.stream, request.project_dir) if word not in request.api_versions]
        if not added:
            return rehearsal
        return program.run_beside_stand_in(replace(request, api_versions=(*request.api_versions, *added)), flags)

    def _asks_a_cluster(self, request: RenderRequest) -> bool:
        """Whether there is one, and a Helm whose ways are known."""
        return bool(request.api_versions) and self.version(request.environment).startswith(KNOWN_MAJOR)


@dataclass(frozen=True, slots=True)
class _Program:
    """Helm with what it is to render, and `variables` beside those that it always gets."""

    settings: HelmSettings
    arguments: Sequence[str]
    variables: Mapping[str, str]

    def run(self, request: RenderRequest, more: Sequence[str], kubeconfig: Path | None = None) -> bytes:
        """Return what it prints, which is marked where there is a `kubeconfig`."""
        _, path = find_program((self.settings.binary,), request.environment)
        environment = {**isolated_environment(request), **_helm_environment(request.scratch), **self.variables}
        limits = self.settings.limits
        if kubeconfig:
            environment["KUBECONFIG"] = str(kubeconfig)
            limits = replace(limits, output=2 * limits.output)
        return run_program(request, [str(path), *self.arguments, *more], environment, limits)

    def run_beside_stand_in(self, request: RenderRequest, flags: Sequence[str]) -> Rehearsal:
        """Return what it renders for a cluster that serves what the request says, and what was looked up there.

        Having rendered, Helm looks up the kind of each object, and fails for what comes with its definition: it gets
        to see comments only.
        """
        mark = f"#{secrets.token_hex(4)}"
        hides = ("--post-renderer", _sed(request), "--post-renderer-args", f"s/^/{mark}/")
        kubeconfig = request.scratch / "kubeconfig"
        with StandIn(request.kube_version, request.api_versions) as stand_in:
            stand_in.write_kubeconfig(kubeconfig)
            marked = self.run(replace(request, ports=(stand_in.port,)), (*ASKS_A_CLUSTER, *hides, *flags), kubeconfig)
        stream = re.sub(rb"^" + mark.encode(), b"", marked, flags=re.MULTILINE)
        if len(stream) > self.settings.limits.output * MB:
            raise Refused(f"{request.project_dir}: renders to more than {self.settings.limits.output} MB")
        return Rehearsal(stream, stand_in.lookups)


@lru_cache(maxsize=16)
def _read_version(path: Path, mtime: int) -> str:
    """What a program says its version is. It is asked once for each `mtime`, not many times a project."""
    argv = [str(path), "version", "--template", "{{.Version}}"]
    completed = process.run(
        argv,
        confinement=UNCONFINED,
        cwd=path.parent,
        env={"HELM_NO_PLUGINS": "1"},
        timeout=VERSION_SECONDS,
    )
    if completed.exit != 0:
        raise ToolFailed(f"{path.name} does not tell its version", completed.stderr)
    return f"helm {completed.stdout.strip()}"


def _arguments(request: RenderRequest, chart: str, values: Sequence[str]) -> tuple[str, ...]:
    options = request.options
    if options.flags:
        raise Refused(f"{request.project_dir}: the operator does not allow {', '.join(options.flags)} for helm")
    arguments = ["template", options.release or release_name(request), chart, "--namespace", options.namespace]
    arguments += ["--include-crds"]
    for path in values:
        arguments += ["--values", path]
    return tuple(arguments)


def _cluster_arguments(request: RenderRequest) -> tuple[str, ...]:
    arguments = ["--kube-version", request.kube_version] if request.kube_version else []
    for version in request.api_versions:
        arguments += ["--api-versions", version]
    return tuple(arguments)


def _sed(request: RenderRequest) -> str:
    path = shutil.which("sed", path=request.environment.get("PATH", os.defpath))
    if path is None:
        raise Refused("there is no sed here, which Helm needs beside a cluster: ask the operator for one")
    return path


def release_name(request: RenderRequest) -> str:
    """A release's name where none is given: the directory's, as Helm allows it."""
    name = request.directory.name if request.project_dir != "." else "release"
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:LONGEST_RELEASE].strip("-") or "release"


def _values_file(request: RenderRequest, name: str) -> Path:
    path = (request.directory / name).resolve()
    if not path.is_relative_to(request.root.resolve()):
        raise Refused(f"{request.project_dir}: values file {name} leaves the repository")
    if not path.is_file():
        raise Refused(f"{request.project_dir}: there is no values file {name}")
    if "," in str(path):
        raise Refused(f"{request.project_dir}: values file {name}: Helm reads a comma as the end of the name")
    return path


def _helm_environment(scratch: Path) -> dict[str, str]:
    """Helm's own folders, so that it finds no plug-ins, repositories or registries of anybody."""
    folders = ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HELM_PLUGINS")
    return {**{name: str(scratch / name.lower()) for name in folders}, "HELM_NO_PLUGINS": "1"}
