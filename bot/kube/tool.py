"""The Tool port for whatever renders Kubernetes objects: plan against the cluster, apply in a child, tell how it ended.

Made by `tools/kustomize`, `tools/helm` and `tools/manifests`, which only render.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.core.errors import Refused, ToolFailed, Transient
from bot.core.plan import Content
from bot.core.project import Project
from bot.core.run import Outcome as Ended
from bot.core.tree import Tree
from bot.kube.apply.apply_child import DONE, INTERRUPTED
from bot.kube.apply.artifact import Work
from bot.kube.apply.child_config import Errand
from bot.kube.apply.results import Results
from bot.kube.cluster import inventory
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.clusters import MANAGER, Clusters, ClusterSettings
from bot.kube.cluster.inventory import Inventory
from bot.kube.cluster.trial import result_digest
from bot.kube.objects.masking import Mask
from bot.kube.objects.outcomes import Outcome, Verb
from bot.kube.objects.scopes import built_in
from bot.kube.plan import differ, hook_plans, kubectl_diff
from bot.kube.plan.content import content
from bot.kube.plan.dry_run import Question
from bot.kube.render.rendering import Renderer
from bot.kube.render.sides import Rendered, Target, both
from bot.ports import Applied, Invocation, Planned, Site

ARTIFACT, ERRAND, RESULTS = "work.json", "errand.json", "results.json"
CARRIED_OUT = (Verb.CREATE, Verb.CHANGE, Verb.REPLACE, Verb.DELETE, Verb.ADOPT)
NO_CLUSTER = Target("", (), built_in)
SHOWN = 20


@dataclass(frozen=True, slots=True)
class KubeTool:
    """A renderer and the operator's clusters."""

    renderer: Renderer
    clusters: Clusters

    @property
    def name(self) -> str:
        return self.renderer.name

    def finds(self, tree: Tree) -> Sequence[str]:
        return self.renderer.finds(tree)

    def recognises(self, tree: Tree, directory: str) -> int:
        return self.renderer.recognises(tree, directory)

    def inputs(self, tree: Tree, project: Project, others: frozenset[str]) -> frozenset[str]:
        return self.renderer.inputs(tree, project, others)

    def state_key(self, tree: Tree, project: Project) -> str:
        """The record of what was applied is the cluster's, whatever the tree says."""
        return ""

    def version(self, project: Project, environment: Mapping[str, str]) -> str:
        return self.renderer.version(environment)

    def plan(self, site: Site, destroy: bool = False) -> Planned:
        """Rendered, and tried against the cluster; without one, no more than two renderings held against each other."""
        version = self.renderer.version(site.environment)
        try:
            if not site.rules.cluster or site.origin is None:
                return self._offline(site, version, destroy)
            return _Planning(self, site, version, destroy).planned()
        except Transient as why:
            raise ToolFailed(str(why)) from why

    def ready(self, site: Site, artifact: Path) -> Invocation:
        """The child that carries out exactly the artifact, with the identity that applies."""
        work = Work.loaded(artifact.read_bytes())
        _refuse(work, site)
        its, access = self._allowed(site), self.clusters.apply(site.rules.cluster)
        errand = Errand(
            artifact=str(artifact),
            results=str(site.scratch / RESULTS),
            kubeconfig=str(access.kubeconfig),
            context=access.context,
            manager=MANAGER,
            inventory_namespace=its.inventory_namespace,
            confirm=site.confirmed,
            timeout=its.timeout,
        )
        path = site.scratch / ERRAND
        path.write_bytes(errand.dumped())
        here = Path(__file__).resolve().parents[2]
        argv = (sys.executable, "-P", "-m", "bot.kube.apply.apply_child", str(path))
        return Invocation(argv, site.scratch, {**site.environment, "PYTHONPATH": str(here)})

    def applied(self, site: Site, exit: int | None) -> Applied:
        """By the child's exit status and the results that it wrote after each object; its output is masked already."""
        path = site.scratch / RESULTS
        results = Results.loaded(path.read_bytes()) if path.exists() else Results()
        wrong = "\n".join(results.troubles()[:SHOWN])
        if exit == DONE:
            return Applied(Ended.DONE, results.summary(), "")
        if exit is None or exit < 0:
            told = f"the apply was killed: {results.summary()}; `/plan` shows the rest"
            return Applied(Ended.UNKNOWN, told, wrong)
        ended = Ended.INTERRUPTED if exit == INTERRUPTED else Ended.FAILED
        last = site.log.read_text(errors="replace").splitlines()[-SHOWN:] if site.log.exists() else []
        return Applied(ended, results.summary() or f"it ended with status {exit}", wrong or "\n".join(last))

    def _allowed(self, site: Site) -> ClusterSettings:
        if site.origin is None:
            raise Refused("nothing is applied outside of a repository")
        return self.clusters.allowed(site.rules.cluster, site.origin.repository.name)

    def _offline(self, site: Site, version: str, destroy: bool) -> Planned:
        base = site.origin.base if site.origin else None
        new, old = both(self.renderer, site, NO_CLUSTER, base, destroy)
        mask = Mask(site.origin.secret if site.origin else b"")
        sides = differ.Sides(new.objects, old.objects if old else (), None, destroy)
        outcomes = differ.offline(sides, lambda body: mask.comparable(body) if body else None)
        hooks = hook_plans.shown(new, old, mask)
        shown = content(self.name, (*outcomes, *hooks), offline=True, notes=hook_plans.never(new))
        return Planned(shown, canonical(outcomes, new, mask), None, version)


@dataclass(frozen=True, slots=True)
class _Planning:
    """One plan of one project against its cluster."""

    tool: KubeTool
    site: Site
    version: str
    destroy: bool

    def planned(self) -> Planned:
        site, origin = self.site, self.site.origin
        assert origin is not None
        its = self.tool._allowed(site)
        cluster = self.tool.clusters.plan(site.rules.cluster).within(site.timeout, site.stopped)
        project = project_key(site)
        known = inventory.read(cluster, project, its.inventory_namespace)
        before = known.commit if known and known.commit else origin.base
        new, old = both(self.tool.renderer, site, _target(cluster), before, self.destroy)
        mask = Mask(origin.secret)
        if known and known.commit and (old is None or old.digest(mask) != known.rendered):
            known, old = replace(known, commit=""), None
        known = known or inventory.rebuilt(cluster, project, its.inventory_namespace, _kinds(new, old))
        question = Question(
            cluster=cluster,
            mask=mask,
            label=inventory.label_of(project, its.inventory_namespace),
            rules=site.rules,
            now=time.time(),
            managers=its.managers,
            ignore=site.project.kubernetes.ignore,
            awaits=bool(site.project.depends_on),
            project=project,
        )
        sides = differ.Sides(new.objects, old.objects if old else None, known, self.destroy)
        outcomes = differ.plan(question, sides)
        if site.project.kubernetes.differ == "kubectl":
            outcomes = self._as_kubectl(outcomes, sides, mask, its)
        notes = (*_standing(site.rules.cluster, known), *hook_plans.never(new))
        hooks = hook_plans.against(cluster, new, old, mask, upgrade=known is not None and known.installed)
        shown = content(self.tool.name, (*outcomes, *hooks), offline=False, notes=notes)
        work = self._work(project, outcomes, new, known)
        return Planned(shown, canonical(outcomes, new, mask), self._written(work, shown), self.version)

    def _as_kubectl(
        self, outcomes: tuple[Outcome, ...], sides: differ.Sides, mask: Mask, its: ClusterSettings
    ) -> tuple[Outcome, ...]:
        site, scratch = self.site, self.site.scratch / "kubectl"
        scratch.mkdir(mode=0o700, exist_ok=True)
        request = kubectl_diff.Request(
            objects=(),
            kubeconfig=its.kubeconfig,
            context=its.context,
            scratch=scratch,
            environment=site.environment,
            mask=mask,
            timeout=site.timeout,
            stopped=site.stopped,
        )
        return kubectl_diff.as_shown(outcomes, request, {one.ref: one.body for one in sides.before or ()})

    def _work(self, project: str, outcomes: Sequence[Outcome], new: Rendered, known: Inventory | None) -> Work:
        site, origin = self.site, self.site.origin
        assert origin is not None
        members = {one.ref.id: one.api_version for one in new.objects}
        stay = [one for one in outcomes if one.verb is Verb.SAME and one.ref.id not in members]
        return Work(
            cluster=site.rules.cluster,
            project=project,
            namespace=site.project.kubernetes.namespace,
            commit=origin.commit,
            members=members | {one.ref.id: one.api_version for one in stay},
            outcomes=tuple(one for one in outcomes if one.verb is not Verb.SAME),
            key=origin.secret,
            hooks=new.hooks,
            health=site.project.kubernetes.health,
            rendered=new.digest(Mask(origin.secret)),
            secrets=tuple(one.body for one in new.objects if (one.ref.group, one.ref.kind) == ("", "Secret")),
        )

    def _written(self, work: Work, shown: Content) -> Path | None:
        if shown.counts.empty:
            return None
        path = self.site.scratch / ARTIFACT
        path.touch(mode=0o600)
        path.write_bytes(work.dumped())
        return path


def project_key(site: Site) -> str:
    """What an inventory calls the project: it outlives names that people change, and is no other forge's by chance."""
    assert site.origin is not None
    return f"{site.origin.forge} {site.origin.repository.key} {site.project.place}"


def canonical(outcomes: Sequence[Outcome], new: Rendered, mask: Mask) -> bytes:
    """What was planned, without fields that only count and without any value of a Secret.

    Of a new object it is what is sent: what the cluster makes of that may not be known before its namespace is there.
    """
    rows = [
        [one.ref.id, one.verb, one.force, one.confirm, one.problem, one.uid if _ends(one) else ""]
        + [result_digest(mask, one.send, ()) if one.send and not _known(one) else one.result]
        for one in outcomes
        if one.verb is not Verb.SAME
    ]
    hooks = [[hook.object.ref.id, result_digest(mask, hook.object.body, ())] for hook in new.hooks]
    return json.dumps([rows, hooks], sort_keys=True, separators=(",", ":")).encode()


def _known(one: Outcome) -> bool:
    return bool(one.result) and one.verb is not Verb.CREATE


def _ends(one: Outcome) -> bool:
    return one.verb in (Verb.DELETE, Verb.REPLACE)


def _refuse(work: Work, site: Site) -> None:
    """Nothing begins while something cannot be told, or a person has not let it go by name."""
    untold = [one for one in work.outcomes if one.verb is Verb.UNTOLD]
    if untold:
        more = f" (and {len(untold) - 1:,} more)" if len(untold) > 1 else ""
        raise Refused(f"nobody can tell what becomes of {untold[0].ref}: {untold[0].problem}{more}")
    wanted = [name for one in work.outcomes if one.confirm and (name := one.ref.path) not in site.confirmed]
    if wanted:
        words = " ".join(f"--confirm {name}" for name in wanted)
        raise Refused(f"{', '.join(wanted)} would go with all that is in it; to mean that, comment `/apply {words}`")


def _kinds(*sides: Rendered | None) -> set[tuple[str, str]]:
    return {(one.api_version, one.ref.kind) for side in sides if side for one in side.objects}


def _target(cluster: Cluster) -> Target:
    def has_namespace(api_version: str, kind: str) -> bool | None:
        its = cluster.resource(api_version, kind)
        return its.namespaced if its else None

    return Target(cluster.version(), cluster.api_versions(), has_namespace)


def _standing(name: str, known: Inventory | None) -> Iterator[str]:
    if known is None:
        yield f"Cluster {name}: the bot applied nothing of this before, so every object was asked about"
    elif known.rebuilt:
        yield f"Cluster {name}: the inventory was lost and is rebuilt from labels"
