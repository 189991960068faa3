"""Renders what is to be and what was applied last, side by side, each only when it was not rendered before.

Called by the tools' common plan. Never asks a cluster; what it needs to know of one comes with the call.
"""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

from bot.core.digest import input_digest
from bot.core.errors import Refused, ToolFailed
from bot.core.project import Project
from bot.core.tree import Tree
from bot.kube.keys import OPTIONS
from bot.kube.objects.kube_object import KubeObject
from bot.kube.objects.masking import Mask
from bot.kube.objects.parsing import Namespaced, parse_objects
from bot.kube.render.helm_hooks import HelmHook, split_hooks, unsupported_hooks
from bot.kube.render.renderer import Rehearsal, Renderer, RenderOptions, RenderRequest
from bot.ports import Origin, Site


@dataclass(frozen=True, slots=True)
class ClusterTarget:
    """What a chart is told of the cluster, and what has a namespace there; nothing where there is none."""

    kube_version: str
    api_versions: tuple[str, ...]
    namespaced: Namespaced


@dataclass(frozen=True, slots=True)
class RenderedRevision:
    """One commit's objects. `hooks` run at their time and are no inventory members; `unsupported_hooks` never run."""

    objects: tuple[KubeObject, ...] = ()
    hooks: tuple[HelmHook, ...] = ()
    unsupported_hooks: tuple[KubeObject, ...] = ()
    stream_digest: str = ""

    def digest(self, mask: Mask) -> str:
        """Digest the objects: equal for renderings of the same objects with the same values of Secrets."""
        bodies = sorted(json.dumps(mask.mask(kube_object.body), sort_keys=True) for kube_object in self.objects)
        return hashlib.sha256("\0".join(bodies).encode(errors="replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class RenderedRevisions:
    """What is to be, and what was before: None where that is not known or cannot be rendered.

    `rehearsed` is what is to be, rendered once more: None where that cannot be otherwise, or is not. `lookups` and
    `release_facts` are those of `Rehearsal`.
    """

    desired: RenderedRevision
    previous: RenderedRevision | None
    rehearsed: RenderedRevision | None = None
    lookups: tuple[str, ...] = ()
    release_facts: tuple[str, ...] = ()


def render_revisions(
    renderer: Renderer, site: Site, target: ClusterTarget, base_commit: str | None, destroy: bool
) -> RenderedRevisions:
    """Render what is to be, what `base_commit` was, and a rehearsal.

    Raises Refused and ToolFailed for what is to be only.
    """
    revision_renderer = RevisionRenderer(renderer, site, target, site.project)
    with ThreadPoolExecutor(2, "render") as pool:
        previous = pool.submit(revision_renderer.render_previous, base_commit) if base_commit else None
        rehearsal = pool.submit(revision_renderer.rehearse_head) if renderer.draws and not destroy else None
        desired = RenderedRevision() if destroy else revision_renderer.render_head()
        revisions = RenderedRevisions(desired, previous.result() if previous else None)
        return revision_renderer.with_rehearsal(revisions, rehearsal.result()) if rehearsal else revisions


@dataclass(frozen=True, slots=True)
class RevisionRenderer:
    """Renders one commit. `project` is as that commit has it; `folder` ends the name of its scratch folder."""

    renderer: Renderer
    site: Site
    target: ClusterTarget
    project: Project
    folder: str = "now"

    def render_head(self) -> RenderedRevision:
        """Render the commit of the plan, or the working copy where there is none. Raises Refused and ToolFailed."""
        site, origin = self.site, self.site.origin
        if origin is None:
            return self._parse(self.renderer.render(self._request(site.root)))
        return self._parse(self._render_cached(origin, origin.commit, lambda: site.root))

    def render_at(self, commit: str) -> RenderedRevision:
        """Render a commit that the repository has. Raises Refused and ToolFailed."""
        origin = self.site.origin
        if origin is None:
            return self.render_head()
        return self._parse(self._render_cached(origin, commit, lambda: origin.checkout(commit)))

    def render_previous(self, commit: str) -> RenderedRevision | None:
        """Render an earlier commit. None when it cannot be had any more: then everything is asked about, as truly."""
        origin = self.site.origin
        if origin is None:
            return None
        try:
            with origin.tree(commit) as tree:
                if not tree.files.holds(self.project.dir):
                    return RenderedRevision()
                previous = replace(self, project=_with_listed_options(origin, tree, self.project), folder="earlier")
            return previous._parse(previous._render_cached(origin, commit, lambda: origin.checkout(commit)))
        except (Refused, ToolFailed, ValueError):  # the last of them for what is no commit at all
            return None

    def rehearse_head(self) -> Rehearsal | None:
        """Render the commit of the plan once more. None where it fails: `render_head` says why."""
        site, origin = self.site, self.site.origin
        if origin is None:
            return None
        rehearsal = replace(self, folder="rehearsal")
        with suppress(Refused, ToolFailed):
            key = rehearsal._key(origin, origin.commit, "rehearsal")
            request = rehearsal._request(site.root)
            return Rehearsal.from_json(origin.get_or_create(key, lambda: self.renderer.rehearse(request).to_json()))
        return None

    def with_rehearsal(self, revisions: RenderedRevisions, rehearsal: Rehearsal | None) -> RenderedRevisions:
        """Add what was rehearsed; its objects only where they are not the same."""
        if rehearsal is None:
            return revisions
        revisions = replace(revisions, lookups=rehearsal.lookups, release_facts=rehearsal.release_facts)
        if _digest(rehearsal.stream) == revisions.desired.stream_digest:
            return revisions
        with suppress(Refused):
            return replace(revisions, rehearsed=self._parse(rehearsal.stream))
        return revisions

    def _render_cached(self, origin: Origin, commit: str, checkout: Callable[[], Path]) -> bytes:
        """Render, unless that was done before with the same files, program and command line."""
        key = self._key(origin, commit)
        return origin.get_or_create(key, lambda: self.renderer.render(self._request(checkout())))

    def _key(self, origin: Origin, commit: str, *more: str) -> str:
        with origin.tree(commit) as tree:
            files = self.renderer.inputs(tree, self.project, self.site.other_dirs)
            inputs = input_digest(tree, files)
        command = self.renderer.command(self._request(self.site.root))
        return _digest("\0".join((self.renderer.version(self.site.environment), *command, inputs, *more)))

    def _request(self, root: Path) -> RenderRequest:
        site, options = self.site, OPTIONS.of(self.project)
        return RenderRequest(
            root=root,
            project_dir=self.project.dir,
            scratch=Path(mkdtemp(prefix=f"render-{self.folder}-", dir=site.scratch)),
            environment=site.environment,
            cage=site.cage,
            options=RenderOptions(options.namespace, options.release, options.values),
            kube_version=self.target.kube_version,
            api_versions=self.target.api_versions,
            stopped=site.stopped,
            other_dirs=site.other_dirs,
        )

    def _parse(self, stream: bytes) -> RenderedRevision:
        project = self.project
        kube_objects = parse_objects(
            stream,
            project.dir,
            OPTIONS.of(project).namespace,
            self.target.namespaced,
            takes_duplicates=self.renderer.takes_duplicates,
        )
        return RenderedRevision(*split_hooks(kube_objects), unsupported_hooks(kube_objects), _digest(stream))


def _digest(content: bytes | str) -> str:
    encoded = content.encode(errors="surrogateescape") if isinstance(content, str) else content
    return hashlib.sha256(encoded).hexdigest()


def _with_listed_options(origin: Origin, tree: Tree, project: Project) -> Project:
    """The project with the options that the commit's own gitops.yaml gives its place. Raises Refused."""
    configuration = origin.configuration(tree)
    listed = configuration.projects if configuration else ()
    options = {listed_project.place: listed_project.options for listed_project in reversed(listed)}
    return replace(project, options=options.get(project.place, {}))
