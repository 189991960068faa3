"""Runs `kustomize build`, or `kubectl kustomize` where there is no kustomize. Made by the package's `tool`.

One overlay is one process. Files outside of a kustomization's root are kustomize's own to refuse (its load restrictor).
"""

import json
import posixpath
from collections.abc import Mapping, Sequence

from bot import process
from bot.core.errors import Refused, ToolFailed
from bot.core.project import Project
from bot.core.tree import Tree
from bot.kube.render.kustomizations import NAMES
from bot.kube.render.rendering import Request, contained, home, output, program
from bot.tools.kustomize import inputs
from bot.tools.kustomize.guard import guard
from bot.tools.kustomize.settings import HELM, PLUGINS, KustomizeSettings

VERSION_SECONDS = 30.0


class Kustomize:
    """A `Renderer` of overlays."""

    name = "kustomize"

    def __init__(self, settings: KustomizeSettings) -> None:
        self._settings = settings

    def finds(self, tree: Tree) -> Sequence[str]:
        return inputs.overlays(tree)

    def recognises(self, tree: Tree, directory: str) -> int:
        return 2 if any(posixpath.normpath(f"{directory}/{name}") in tree.files for name in NAMES) else 0

    def inputs(self, tree: Tree, project: Project, others: frozenset[str]) -> frozenset[str]:
        return inputs.inputs(tree, project, whole=PLUGINS in self._settings.flags)

    def version(self, environment: Mapping[str, str]) -> str:
        name, path = program(self._settings.binaries, environment)
        words = ("version", "--client", "-o", "json") if name == "kubectl" else ("version",)
        done = process.run([str(path), *words], cwd=path.parent, env=dict(environment), timeout=VERSION_SECONDS)
        if done.exit != 0:
            raise ToolFailed(f"{name} does not tell its version", done.err)
        said = json.loads(done.out).get("kustomizeVersion", "") if name == "kubectl" else done.out.strip()
        return f"kustomize {said} of {name}" if name == "kubectl" else f"{name} {said}"

    def command(self, request: Request) -> tuple[str, ...]:
        name, _ = program(self._settings.binaries, request.environment)
        return (name, _verb(name), *self._flags(request), request.project_dir)

    def render(self, request: Request) -> bytes:
        name, path = program(self._settings.binaries, request.environment)
        flags = list(self._flags(request))
        if HELM in flags:
            contained(request, request.root)
            flags += ["--helm-command", str(guard(request, program((self._settings.helm,), request.environment)[1]))]
        own = home(request)
        if PLUGINS in flags:
            own = {**request.environment, **own, "PATH": request.environment.get("PATH", "")}
            own.pop("KUSTOMIZE_PLUGIN_HOME")
        argv = [str(path), _verb(name), *flags, str(request.directory.resolve())]
        return output(request, argv, own, self._settings.limits)

    def _flags(self, request: Request) -> tuple[str, ...]:
        if alien := [flag for flag in request.options.flags if flag not in self._settings.flags]:
            raise Refused(f"{request.project_dir}: the operator does not allow {', '.join(alien)} for kustomize")
        return self._settings.flags


def _verb(name: str) -> str:
    return "kustomize" if name == "kubectl" else "build"
