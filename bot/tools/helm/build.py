"""Runs `helm template`. Made by the package's `tool`. Fetches nothing, and asks no cluster: `lookup` finds nothing."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot import process
from bot.core.errors import Refused, ToolFailed
from bot.core.project import Project
from bot.core.tree import Tree
from bot.kube.render.chart_schemas import outside
from bot.kube.render.charts import FILE
from bot.kube.render.rendering import Request, home, output, program
from bot.tools.helm import inputs
from bot.tools.helm.settings import HelmSettings
from bot.tools.helm.staging import staged

VERSION_SECONDS = 30.0
LONGEST_RELEASE = 53


class Helm:
    """A `Renderer` of charts. Hooks are rendered too: `bot.kube.render.hooks` tells them from the rest."""

    name = "helm"

    def __init__(self, settings: HelmSettings) -> None:
        self._settings = settings

    def finds(self, tree: Tree) -> Sequence[str]:
        return inputs.charts(tree)

    def recognises(self, tree: Tree, directory: str) -> int:
        return 2 if posixpath.normpath(f"{directory}/{FILE}") in tree.files else 0

    def inputs(self, tree: Tree, project: Project, others: frozenset[str]) -> frozenset[str]:
        return inputs.inputs(tree, project, others)

    def version(self, environment: Mapping[str, str]) -> str:
        name, path = program((self._settings.binary,), environment)
        words = ("version", "--template", "{{.Version}}")
        done = process.run([str(path), *words], cwd=path.parent, env=dict(environment), timeout=VERSION_SECONDS)
        if done.exit != 0:
            raise ToolFailed(f"{name} does not tell its version", done.err)
        return f"helm {done.out.strip()}"

    def command(self, request: Request) -> tuple[str, ...]:
        return ("helm", *_words(request, request.project_dir, request.options.values))

    def render(self, request: Request) -> bytes:
        _, path = program((self._settings.binary,), request.environment)
        values = [str(_values(request, one)) for one in request.options.values]
        chart = staged(request).resolve()
        if why := outside(chart):
            raise Refused(f"{request.project_dir}: {why}")
        argv = [str(path), *_words(request, str(chart), values)]
        return output(request, argv, {**home(request), **_own(request.scratch)}, self._settings.limits)


def _words(request: Request, chart: str, values: Sequence[str]) -> tuple[str, ...]:
    options = request.options
    if options.flags:
        raise Refused(f"{request.project_dir}: the operator does not allow {', '.join(options.flags)} for helm")
    words = ["template", options.release or release(request), chart, "--namespace", options.namespace]
    words += ["--include-crds"]
    for one in values:
        words += ["--values", one]
    words += ["--kube-version", request.kube_version] if request.kube_version else []
    for version in request.api_versions:
        words += ["--api-versions", version]
    return tuple(words)


def release(request: Request) -> str:
    """A release's name where none is given: the directory's, as Helm allows it."""
    name = request.directory.name if request.project_dir != "." else "release"
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:LONGEST_RELEASE].strip("-") or "release"


def _values(request: Request, name: str) -> Path:
    path = (request.directory / name).resolve()
    if not path.is_relative_to(request.root.resolve()):
        raise Refused(f"{request.project_dir}: values file {name} leaves the repository")
    if not path.is_file():
        raise Refused(f"{request.project_dir}: there is no values file {name}")
    if "," in str(path):
        raise Refused(f"{request.project_dir}: values file {name}: Helm reads a comma as the end of the name")
    return path


def _own(scratch: Path) -> dict[str, str]:
    """Helm's own folders, so that it finds no plug-ins, repositories or registries of anybody."""
    folders = ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HELM_PLUGINS")
    return {**{name: str(scratch / name.lower()) for name in folders}, "HELM_NO_PLUGINS": "1"}
