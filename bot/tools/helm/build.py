"""Runs `helm template`. Made by the package's `tool`. Fetches nothing, and asks no cluster: `lookup` finds nothing."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot import process
from bot.core.errors import Refused, ToolFailed
from bot.core.project import Project
from bot.core.tree import Tree
from bot.kube.render.chart_schemas import external_reference
from bot.kube.render.charts import CHART_FILE
from bot.kube.render.renderer import RenderRequest, find_program, isolated_environment, run_program
from bot.tools.helm import inputs
from bot.tools.helm.settings import HelmSettings
from bot.tools.helm.staging import stage_chart

VERSION_SECONDS = 30.0
LONGEST_RELEASE = 53


class Helm:
    """A `Renderer` of charts. Hooks are rendered too: `bot.kube.render.helm_hooks` tells them from the rest."""

    name = "helm"

    def __init__(self, settings: HelmSettings) -> None:
        self._settings = settings

    def discover(self, tree: Tree) -> Sequence[str]:
        return inputs.charts(tree)

    def recognises(self, tree: Tree, directory: str) -> int:
        return 2 if posixpath.normpath(f"{directory}/{CHART_FILE}") in tree.files else 0

    def inputs(self, tree: Tree, project: Project, other_dirs: frozenset[str]) -> frozenset[str]:
        return inputs.inputs(tree, project, other_dirs)

    def version(self, environment: Mapping[str, str]) -> str:
        name, path = find_program((self._settings.binary,), environment)
        arguments = ("version", "--template", "{{.Version}}")
        completed = process.run(
            [str(path), *arguments], cwd=path.parent, env=dict(environment), timeout=VERSION_SECONDS
        )
        if completed.exit != 0:
            raise ToolFailed(f"{name} does not tell its version", completed.stderr)
        return f"helm {completed.stdout.strip()}"

    def command(self, request: RenderRequest) -> tuple[str, ...]:
        return ("helm", *_arguments(request, request.project_dir, request.options.values))

    def render(self, request: RenderRequest) -> bytes:
        _, path = find_program((self._settings.binary,), request.environment)
        values = [str(_values_file(request, name)) for name in request.options.values]
        chart = stage_chart(request).resolve()
        if reason := external_reference(chart):
            raise Refused(f"{request.project_dir}: {reason}")
        argv = [str(path), *_arguments(request, str(chart), values)]
        return run_program(
            request,
            argv,
            {**isolated_environment(request), **_helm_environment(request.scratch)},
            self._settings.limits,
        )


def _arguments(request: RenderRequest, chart: str, values: Sequence[str]) -> tuple[str, ...]:
    options = request.options
    if options.flags:
        raise Refused(f"{request.project_dir}: the operator does not allow {', '.join(options.flags)} for helm")
    arguments = ["template", options.release or release_name(request), chart, "--namespace", options.namespace]
    arguments += ["--include-crds"]
    for path in values:
        arguments += ["--values", path]
    arguments += ["--kube-version", request.kube_version] if request.kube_version else []
    for version in request.api_versions:
        arguments += ["--api-versions", version]
    return tuple(arguments)


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
