"""Renders what is to be and what was applied last, side by side, each only when it was not rendered before.

Called by the tools' common plan. Never asks a cluster; what it needs to know of one comes with the call.
"""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from bot.config.repository import read
from bot.core.affected import CONFIGURATION
from bot.core.digest import input_digest
from bot.core.errors import Refused, ToolFailed
from bot.core.project import KubernetesOptions, Project
from bot.core.tree import Tree
from bot.kube.objects.masking import Mask
from bot.kube.objects.model import Object
from bot.kube.objects.parsing import Namespaced, objects
from bot.kube.render.hooks import Hook, never_run, split
from bot.kube.render.rendering import Options, Renderer, Request
from bot.ports import Origin, Site


@dataclass(frozen=True, slots=True)
class Target:
    """What a chart is told of the cluster, and what has a namespace there; nothing where there is none."""

    kube_version: str
    api_versions: tuple[str, ...]
    namespaced: Namespaced


@dataclass(frozen=True, slots=True)
class Rendered:
    """One side. `hooks` are run at their time and are no members of an inventory; `never` are hooks of no apply."""

    objects: tuple[Object, ...] = ()
    hooks: tuple[Hook, ...] = ()
    never: tuple[Object, ...] = ()

    def digest(self, mask: Mask) -> str:
        """Equal for renderings that come to the same objects, with the same values of Secrets."""
        bodies = sorted(json.dumps(mask.masked(one.body), sort_keys=True) for one in self.objects)
        return hashlib.sha256("\0".join(bodies).encode(errors="replace")).hexdigest()


def both(
    renderer: Renderer, site: Site, target: Target, before: str | None, destroy: bool
) -> tuple[Rendered, Rendered | None]:
    """What is to be, and what the commit `before` rendered: None where that is not known or cannot be rendered.

    Raises Refused and ToolFailed for what is to be only.
    """
    rendering = _Rendering(renderer, site, target, site.project)
    with ThreadPoolExecutor(2, "render") as pool:
        old = pool.submit(rendering.earlier, before) if before else None
        new = Rendered() if destroy else rendering.now()
        return new, old.result() if old else None


@dataclass(frozen=True, slots=True)
class _Rendering:
    """One side. `project` is as the side's commit has it; `part` names a folder of its own."""

    renderer: Renderer
    site: Site
    target: Target
    project: Project
    part: str = "now"

    def now(self) -> Rendered:
        site, origin = self.site, self.site.origin
        if origin is None:
            return self._parsed(self.renderer.render(self._request(site.root)))
        return self._parsed(self._once(origin, origin.commit, lambda: site.root))

    def earlier(self, commit: str) -> Rendered | None:
        """None when it cannot be had any more: then everything is asked about, which is as true and only slower."""
        origin = self.site.origin
        if origin is None:
            return None
        try:
            with origin.tree(commit) as tree:
                if not tree.files.holds(self.project.dir):
                    return Rendered()
                then = replace(self, project=_as_listed(tree, self.project), part="earlier")
            return then._parsed(then._once(origin, commit, lambda: origin.checkout(commit)))
        except (Refused, ToolFailed, ValueError):  # the last of them for what is no commit at all
            return None

    def _once(self, origin: Origin, commit: str, checkout: Callable[[], Path]) -> bytes:
        """Rendered, unless that was done before with the same files, program and words."""
        with origin.tree(commit) as tree:
            files = self.renderer.inputs(tree, self.project, self.site.others)
            inputs = input_digest(tree, files)
        request = self._request(self.site.root)
        words = (self.renderer.version(self.site.environment), *self.renderer.command(request), inputs)
        key = hashlib.sha256("\0".join(words).encode(errors="surrogateescape")).hexdigest()
        return origin.once(key, lambda: self.renderer.render(self._request(checkout())))

    def _request(self, root: Path) -> Request:
        site, options = self.site, self.project.kubernetes
        scratch = site.scratch / f"render-{self.part}"
        scratch.mkdir(mode=0o700, exist_ok=True)
        return Request(
            root=root,
            project_dir=self.project.dir,
            scratch=scratch,
            environment=site.environment,
            options=Options(options.namespace, options.release, options.values),
            kube_version=self.target.kube_version,
            api_versions=self.target.api_versions,
            stopped=site.stopped,
            others=site.others,
        )

    def _parsed(self, stream: bytes) -> Rendered:
        project = self.project
        made = objects(stream, project.dir, project.kubernetes.namespace, self.target.namespaced)
        return Rendered(*split(made), never_run(made))


def _as_listed(tree: Tree, project: Project) -> Project:
    """The project with the options that the commit's own gitops.yaml gives its place. Raises Refused."""
    there = read(tree.read(CONFIGURATION)).projects if CONFIGURATION in tree.files else ()
    options = next((one.kubernetes for one in there if one.place == project.place), KubernetesOptions())
    return replace(project, kubernetes=options)
