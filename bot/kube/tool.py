"""The Tool port for whatever renders Kubernetes objects: plan against the cluster, apply in a child, tell how it ended.

Made by `tools/kustomize`, `tools/helm` and `tools/manifests`, which only render.
"""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.core.errors import Refused, ToolFailed, Transient
from bot.core.plan import Content
from bot.core.project import Project
from bot.core.run import ApplyOutcome
from bot.core.tree import Tree
from bot.kube.apply.apply_child import DONE, INTERRUPTED
from bot.kube.apply.artifact import ApplyArtifact
from bot.kube.apply.child_config import ChildConfig
from bot.kube.apply.consent import refuse_unconsented
from bot.kube.apply.results import ApplyResults
from bot.kube.cluster import inventory
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.clusters import MANAGER, Clusters, ClusterSettings
from bot.kube.cluster.inventory import Inventory
from bot.kube.keys import OPTIONS, RULES
from bot.kube.objects.masking import Mask
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.objects.scopes import is_namespaced
from bot.kube.plan import differ, hook_changes, kubectl_diff
from bot.kube.plan.canonical_changes import canonical_changes
from bot.kube.plan.plan_content import plan_content
from bot.kube.plan.plan_request import PlanRequest, PlanRevisions
from bot.kube.plan.render_notes import note_rendering, project_notes
from bot.kube.plan.rendered_diff import plan_offline
from bot.kube.render.helm_hooks import hook_names
from bot.kube.render.kubernetes_files import is_kubernetes_file
from bot.kube.render.neighbours import Declared, Neighbourhood, render_neighbours
from bot.kube.render.renderer import Renderer
from bot.kube.render.revisions import ClusterTarget, RenderedRevision, render_revisions
from bot.ports import ApplyReport, Invocation, Site, ToolPlan

ARTIFACT_FILE, CONFIG_FILE, RESULTS_FILE = "work.json", "errand.json", "results.json"

NO_CLUSTER = ClusterTarget("", (), is_namespaced)
MAX_LINES = 20


@dataclass(frozen=True, slots=True)
class KubeTool:
    """A renderer and the operator's clusters."""

    renderer: Renderer
    clusters: Clusters

    @property
    def name(self) -> str:
        return self.renderer.name

    def discover(self, tree: Tree) -> Sequence[str]:
        return self.renderer.discover(tree)

    def recognises(self, tree: Tree, directory: str) -> int:
        return self.renderer.recognises(tree, directory)

    def inputs(self, tree: Tree, project: Project, other_dirs: frozenset[str]) -> frozenset[str]:
        return self.renderer.inputs(tree, project, other_dirs)

    def claims(self, tree: Tree, path: str) -> bool:
        return is_kubernetes_file(tree, path)

    def rests_on_neighbours(self, content: Content) -> bool:
        """What leaves one project may have moved to another, and what is declared twice is refused."""
        counts = content.counts
        return bool(counts.destroy or counts.moves or counts.conflicts or counts.unknown)

    def state_key(self, tree: Tree, project: Project) -> str:
        return ""  # the record of what was applied is the cluster's, whatever the tree says

    def version(self, project: Project, environment: Mapping[str, str]) -> str:
        return self.renderer.version(environment)

    def plan(self, site: Site, destroy: bool = False) -> ToolPlan:
        """Render and dry-run against the cluster; without one, only compare two renderings.

        Raises Refused for what the author can mend, ToolFailed when the renderer fails or the cluster does not answer.
        """
        version = self.renderer.version(site.environment)
        try:
            if not RULES.of(site.rules).cluster or site.origin is None:
                return self._plan_offline(site, version, destroy)
            return _ClusterPlanning(self, site, version, destroy).plan()
        except Transient as error:
            raise ToolFailed(str(error)) from error

    def prepare_apply(self, site: Site, artifact: Path) -> Invocation:
        """Return the child that applies exactly the artifact, with the identity that applies.

        Raises Refused when a change is unknown or unconfirmed, or the cluster is not this repository's.
        """
        refuse_unconsented(ApplyArtifact.from_json(artifact.read_bytes()).changes, site.confirmed)
        settings, identity = self._cluster_settings(site), self.clusters.apply_identity(RULES.of(site.rules).cluster)
        config = ChildConfig(
            artifact=str(artifact),
            results=str(site.scratch / RESULTS_FILE),
            kubeconfig=str(identity.kubeconfig),
            context=identity.context,
            manager=MANAGER,
            inventory_namespace=settings.inventory_namespace,
            confirm=site.confirmed,
            timeout=settings.timeout,
        )
        path = site.scratch / CONFIG_FILE
        path.write_bytes(config.to_json())
        source_root = Path(__file__).resolve().parents[2]
        argv = (sys.executable, "-P", "-m", "bot.kube.apply", str(path))
        return Invocation(argv, site.scratch, {**site.environment, "PYTHONPATH": str(source_root)}, reach=None)

    def report_apply(self, site: Site, exit: int | None) -> ApplyReport:
        """Report by the child's exit status and the results that it wrote; its output is masked already."""
        path = site.scratch / RESULTS_FILE
        results = ApplyResults.from_json(path.read_bytes()) if path.exists() else ApplyResults()
        failures = "\n".join(results.failures()[:MAX_LINES])
        if exit == DONE:
            return ApplyReport(ApplyOutcome.DONE, results.summary(), "")
        if exit is None or exit < 0:
            summary = f"the apply was killed: {results.summary()}; `/plan` shows the rest"
            return ApplyReport(ApplyOutcome.UNKNOWN, summary, failures, effects=results.effects())
        outcome = ApplyOutcome.INTERRUPTED if exit == INTERRUPTED else ApplyOutcome.FAILED
        log_end = site.log.read_text(errors="replace").splitlines()[-MAX_LINES:] if site.log.exists() else []
        summary = results.summary() or f"it ended with status {exit}"
        return ApplyReport(outcome, summary, failures or "\n".join(log_end), effects=results.effects())

    def _cluster_settings(self, site: Site) -> ClusterSettings:
        if site.origin is None:
            raise Refused("nothing is applied outside of a repository")
        return self.clusters.settings_for(RULES.of(site.rules).cluster, site.origin.repository.name)

    def _plan_offline(self, site: Site, version: str, destroy: bool) -> ToolPlan:
        base_commit = site.origin.base if site.origin else None
        rendered = render_revisions(self.renderer, site, NO_CLUSTER, base_commit, destroy)
        desired, previous = rendered.desired, rendered.previous
        mask = Mask(site.origin.secret if site.origin else b"")
        revisions = PlanRevisions(desired.objects, previous.objects if previous else (), None, destroy)
        changes = plan_offline(revisions, lambda body: mask.mask_values(body) if body else None)
        hooks = hook_changes.diff_hooks(desired, previous, mask)
        noted_changes = note_rendering((*changes, *hooks), rendered, mask)
        content = plan_content(self.name, noted_changes, offline=True, notes=tuple(project_notes(rendered)))
        return ToolPlan(content, canonical_changes(changes, desired, mask), None, version)


@dataclass(frozen=True, slots=True)
class _ClusterPlanning:
    """One plan of one project against its cluster."""

    tool: KubeTool
    site: Site
    version: str
    destroy: bool

    def plan(self) -> ToolPlan:
        site, origin = self.site, self.site.origin
        assert origin is not None
        settings, name = self.tool._cluster_settings(site), RULES.of(site.rules).cluster
        cluster = self.tool.clusters.planning_client(name).with_deadline(site.timeout, site.stopped)
        project = project_key(site)
        recorded = inventory.read(cluster, project, settings.inventory_namespace)
        base_commit = recorded.commit if recorded and recorded.commit else origin.base
        neighbourhood = Neighbourhood(lambda: self._render_neighbours(_cluster_target(cluster)))
        target = _cluster_target(cluster, neighbourhood)
        rendered = render_revisions(self.tool.renderer, site, target, base_commit, self.destroy)
        desired, previous = rendered.desired, rendered.previous
        mask = Mask(origin.secret)
        if recorded and recorded.commit and (previous is None or previous.digest(mask) != recorded.rendered):
            recorded, previous = replace(recorded, commit=""), None
        if recorded is None:
            recorded = _rebuild_inventory(cluster, project, settings, desired, previous)
        request = self._request(cluster, settings, neighbourhood)
        revisions = PlanRevisions(desired.objects, previous.objects if previous else None, recorded, self.destroy)
        changes = differ.plan_objects(request, revisions)
        if OPTIONS.of(site.project).differ == "kubectl":
            changes = self._with_kubectl_fields(changes, revisions, mask, settings)
        notes = (*_inventory_notes(name, recorded), *project_notes(rendered))
        hooks = hook_changes.check_hooks(request, desired, previous, recorded)
        noted_changes = note_rendering((*changes, *hooks), rendered, mask)
        content = plan_content(self.tool.name, noted_changes, offline=False, notes=notes)
        artifact = self._artifact(project, changes, desired, recorded)
        path = self._write_artifact(artifact, content)
        runs = hook_names(desired.hooks)
        return ToolPlan(content, canonical_changes(changes, desired, mask), path, self.version, runs)

    def _request(self, cluster: Cluster, settings: ClusterSettings, neighbourhood: Neighbourhood) -> PlanRequest:
        site, options, project = self.site, OPTIONS.of(self.site.project), project_key(self.site)
        assert site.origin is not None
        return PlanRequest(
            cluster=cluster,
            mask=Mask(site.origin.secret),
            label=inventory.label_of(project, settings.inventory_namespace),
            rules=RULES.of(site.rules),
            now=time.time(),
            takeover_managers=settings.managers,
            ignore_rules=options.ignore,
            awaits_dependencies=bool(site.project.depends_on),
            project=project,
            health_checks=options.health.checks_by_kind,
            neighbourhood=neighbourhood,
        )

    def _render_neighbours(self, target: ClusterTarget) -> tuple[Declared, ...]:
        cluster = RULES.of(self.site.rules).cluster
        neighbours = [beside for beside in self.site.neighbours() if RULES.of(beside.rules).cluster == cluster]
        tools = {beside.tool.name: beside.tool for beside in neighbours}
        renderers = {name: tool.renderer for name, tool in tools.items() if isinstance(tool, KubeTool)}
        return render_neighbours(self.site, target, renderers, neighbours)

    def _with_kubectl_fields(
        self, changes: tuple[ObjectChange, ...], revisions: PlanRevisions, mask: Mask, settings: ClusterSettings
    ) -> tuple[ObjectChange, ...]:
        site, scratch = self.site, self.site.scratch / "kubectl"
        scratch.mkdir(mode=0o700, exist_ok=True)
        request = kubectl_diff.KubectlDiffRequest(
            objects=(),
            kubeconfig=settings.kubeconfig,
            context=settings.context,
            scratch=scratch,
            environment=site.environment,
            cage=site.cage,
            mask=mask,
            timeout=site.timeout,
            stopped=site.stopped,
        )
        previous = {kube_object.ref: kube_object.body for kube_object in revisions.previous or ()}
        return kubectl_diff.with_kubectl_fields(changes, request, previous)

    def _artifact(
        self, project: str, changes: Sequence[ObjectChange], desired: RenderedRevision, recorded: Inventory | None
    ) -> ApplyArtifact:
        options, origin = OPTIONS.of(self.site.project), self.site.origin
        assert origin is not None
        members = {kube_object.ref.id: kube_object.api_version for kube_object in desired.objects}
        recorded_refs = recorded.members if recorded else {}
        unchanged = [change for change in changes if change.verb is Verb.UNCHANGED]
        staying = [change for change in unchanged if change.ref.id not in members and change.ref in recorded_refs]
        secrets = [kube_object for kube_object in desired.objects if kube_object.ref.is_secret]
        return ApplyArtifact(
            cluster=RULES.of(self.site.rules).cluster,
            project=project,
            namespace=options.namespace,
            commit=origin.commit,
            members=members | {change.ref.id: change.api_version for change in staying},
            changes=tuple(change for change in changes if change.verb is not Verb.UNCHANGED),
            mask_key=origin.secret,
            hooks=desired.hooks,
            health=options.health,
            rendered_digest=desired.digest(Mask(origin.secret)),
            secrets=tuple(kube_object.body for kube_object in secrets),
            drifted=tuple(change.ref.id for change in unchanged if change.drift),
        )

    def _write_artifact(self, artifact: ApplyArtifact, content: Content) -> Path | None:
        if content.counts.empty:
            return None
        path = self.site.scratch / ARTIFACT_FILE
        path.touch(mode=0o600)
        path.write_bytes(artifact.to_json())
        return path


def project_key(site: Site) -> str:
    """Name the project in inventories: this outlives names that people change, and is no other forge's by chance."""
    assert site.origin is not None
    return f"{site.origin.forge} {site.origin.repository.key} {site.project.place}"


def _rebuild_inventory(
    cluster: Cluster, project: str, settings: ClusterSettings, *revisions: RenderedRevision | None
) -> Inventory | None:
    objects = [kube_object for revision in revisions if revision for kube_object in revision.objects]
    kinds = {(kube_object.api_version, kube_object.ref.kind) for kube_object in objects}
    namespaces = {kube_object.ref.namespace for kube_object in objects} - {""}
    return inventory.rebuild(cluster, project, settings.inventory_namespace, kinds, namespaces)


def _cluster_target(cluster: Cluster, neighbourhood: Neighbourhood | None = None) -> ClusterTarget:
    """The cluster's own kinds, and those that another project of the repository is to define."""

    def has_namespace(api_version: str, kind: str) -> bool | None:
        resource = cluster.resource(api_version, kind)
        if resource or not neighbourhood:
            return resource.namespaced if resource else None
        return neighbourhood.has_namespace(api_version, kind)

    return ClusterTarget(cluster.version(), cluster.api_versions(), has_namespace)


def _inventory_notes(name: str, recorded: Inventory | None) -> Iterator[str]:
    if recorded is None:
        yield f"Cluster {name}: the bot applied nothing of this before, so every object was asked about"
    elif recorded.rebuilt:
        yield f"Cluster {name}: the inventory was lost and is rebuilt from labels"
