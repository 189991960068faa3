"""Runs `kustomize build`, or `kubectl kustomize` where there is no kustomize. Made by the package's `tool`.

One overlay is one process. Files outside of a kustomization's root are kustomize's own to refuse (its load restrictor).
"""

import json
import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot import process
from bot.core.errors import Refused, ToolFailed
from bot.core.project import Project
from bot.core.tree import Tree
from bot.kube.render.kustomizations import KUSTOMIZATION_FILES
from bot.kube.render.renderer import (
    Rehearsal,
    RenderRequest,
    find_program,
    isolated_environment,
    refuse_escaping_links,
    run_program,
)
from bot.launch import UNCONFINED
from bot.tools.kustomize import inputs
from bot.tools.kustomize.guard import CHECK, write_guard
from bot.tools.kustomize.settings import HELM, PLUGINS, KustomizeSettings

VERSION_SECONDS = 30.0


class Kustomize:
    """A `Renderer` of overlays."""

    name = "kustomize"
    takes_duplicates = False

    def __init__(self, settings: KustomizeSettings) -> None:
        self._settings = settings
        self.draws = bool({HELM, PLUGINS}.intersection(settings.flags))  # nothing else of it can

    def discover(self, tree: Tree) -> Sequence[str]:
        return inputs.overlays(tree)

    def recognises(self, tree: Tree, directory: str) -> int:
        return 2 if any(posixpath.normpath(f"{directory}/{name}") in tree.files for name in KUSTOMIZATION_FILES) else 0

    def inputs(self, tree: Tree, project: Project, other_dirs: frozenset[str]) -> frozenset[str]:
        return inputs.inputs(tree, project, whole_directories=PLUGINS in self._settings.flags)

    def version(self, environment: Mapping[str, str]) -> str:
        name, path = find_program(self._settings.binaries, environment)
        arguments = ("version", "--client", "-o", "json") if name == "kubectl" else ("version",)
        completed = process.run(
            [str(path), *arguments],
            confinement=UNCONFINED,
            cwd=path.parent,
            env=dict(environment),
            timeout=VERSION_SECONDS,
        )
        if completed.exit != 0:
            raise ToolFailed(f"{name} does not tell its version", completed.stderr)
        if name != "kubectl":
            return f"{name} {completed.stdout.strip()}"
        try:
            return f"kustomize {json.loads(completed.stdout)['kustomizeVersion']} of {name}"
        except (ValueError, TypeError, KeyError) as error:
            raise ToolFailed(f"{name} does not tell which kustomize it has") from error

    def command(self, request: RenderRequest) -> tuple[str, ...]:
        name, _ = find_program(self._settings.binaries, request.environment)
        return (name, _verb(name), *self._flags(request), request.project_dir)

    def render(self, request: RenderRequest) -> bytes:
        name, path = find_program(self._settings.binaries, request.environment)
        flags = list(self._flags(request))
        programs: tuple[Path, ...] = ()
        if HELM in flags:
            refuse_escaping_links(request, request.root)
            helm = find_program((self._settings.helm,), request.environment)[1]
            flags += ["--helm-command", str(write_guard(request, helm))]
            programs = (helm, CHECK)
        env = isolated_environment(request)
        if PLUGINS in flags:
            env = {**request.environment, **env, "PATH": request.environment.get("PATH", "")}
            env.pop("KUSTOMIZE_PLUGIN_HOME")
        argv = [str(path), _verb(name), *flags, str(request.directory.resolve())]
        return run_program(request, argv, env, self._settings.limits, programs)

    def rehearse(self, request: RenderRequest) -> Rehearsal:
        return Rehearsal(self.render(request))

    def _flags(self, request: RenderRequest) -> tuple[str, ...]:
        if disallowed := [flag for flag in request.options.flags if flag not in self._settings.flags]:
            raise Refused(f"{request.project_dir}: the operator does not allow {', '.join(disallowed)} for kustomize")
        return self._settings.flags


def _verb(name: str) -> str:
    return "kustomize" if name == "kubectl" else "build"
