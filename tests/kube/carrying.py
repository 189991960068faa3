"""Plans that are carried out by the real child process, for the tests of applies."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.kube.apply.artifact import ApplyArtifact
from bot.kube.apply.child_config import ChildConfig
from bot.kube.apply.results import ApplyResults
from bot.kube.cluster import inventory
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.inventory import Inventory
from bot.kube.objects.kube_object import ObjectRef, object_of
from bot.kube.objects.masking import Mask
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.options import Allowance, HealthOptions, KubernetesRules
from bot.kube.plan import differ
from bot.kube.plan.plan_request import PlanRequest, PlanRevisions
from bot.kube.render.helm_hooks import split_hooks
from tests.kube.planning import Body

TOP = Path(__file__).resolve().parents[2]
KEY = b"k" * 32
PATIENCE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Carried:
    exit: int
    results: ApplyResults
    output: str

    def ends(self) -> dict[str, str]:
        return {result.ref: str(result.status) for result in self.results.results}


@dataclass
class Ground:
    """One project on the cluster. Its inventory is in the test's own namespace."""

    api: Cluster
    kubeconfig: Path
    directory: Path
    namespace: str
    rules: KubernetesRules = field(
        default_factory=lambda: KubernetesRules(cluster="rig", allow=frozenset({Allowance.REPLACE}), prune_most=100)
    )
    health: HealthOptions = field(default_factory=lambda: HealthOptions(timeout=20, stable=0))
    managers: tuple[str, ...] = ()
    timeout: float = 30.0
    before: tuple[Body, ...] = ()
    planner: Cluster | None = None

    @property
    def project(self) -> str:
        return f"rig:1 {self.namespace}:default"

    def known(self) -> Inventory | None:
        return inventory.read(self.api, self.project, self.namespace)

    @property
    def question(self) -> PlanRequest:
        label = inventory.label_of(self.project, self.namespace)
        client = self.planner or self.api
        return PlanRequest(client, Mask(KEY), label, self.rules, time.time(), takeover_managers=self.managers)

    def plan(self, *bodies: Body) -> ApplyArtifact:
        """What an apply of these would be given, everything else leaving Git."""
        self.api.forget_resources()
        rendered, hooks = split_hooks(object_of(body) for body in bodies)
        kinds = {(one.api_version, one.ref.kind) for one in rendered}
        known = self.known() or inventory.rebuild(self.api, self.project, self.namespace, kinds)
        before = tuple(object_of(body) for body in self.before)
        outcomes = differ.plan_objects(self.question, PlanRevisions(rendered, before, known, destroy=not bodies))
        members = {one.ref.id: one.api_version for one in rendered}
        changing = tuple(outcome for outcome in outcomes if outcome.verb is not Verb.UNCHANGED)
        drifted = tuple(outcome.ref.id for outcome in outcomes if outcome.drift)
        return ApplyArtifact(
            "rig", self.project, self.namespace, "c0ffee", members, changing, KEY, hooks, self.health, drifted=drifted
        )

    def begin(self, work: ApplyArtifact, *confirm: str) -> "subprocess.Popen[str]":
        """The child, begun as the bot's supervisor would."""
        artifact, errand = self.directory / "work.json", self.directory / "errand.json"
        artifact.write_bytes(work.to_json())
        results = self.directory / "results.json"
        results.unlink(missing_ok=True)
        words = ChildConfig(
            str(artifact), str(results), str(self.kubeconfig), None, "gitops-bot", self.namespace, self.timeout, confirm
        )
        errand.write_bytes(words.to_json())
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "bot.kube.apply", str(errand)],
            cwd=self.directory,
            env={"PYTHONPATH": str(TOP), "PATH": os.defpath},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ended(self, child: "subprocess.Popen[str]") -> Carried:
        output, _ = child.communicate(timeout=PATIENCE_SECONDS)
        path = self.directory / "results.json"
        return Carried(
            child.returncode, ApplyResults.from_json(path.read_bytes()) if path.exists() else ApplyResults(), output
        )

    def carry(self, work: ApplyArtifact, *confirm: str) -> Carried:
        return self.ended(self.begin(work, *confirm))

    def apply(self, *bodies: Body) -> Carried:
        """Plan and carry out; these are what was applied before, from now on."""
        carried = self.carry(self.plan(*bodies))
        assert carried.exit == 0, carried.output
        self.before = bodies
        return carried

    def members(self) -> set[str]:
        known = self.known()
        return {f"{ref.kind}/{ref.name}" for ref in known.members} if known else set()


def only(work: ApplyArtifact, outcomes: Sequence[ObjectChange]) -> ApplyArtifact:
    return replace(work, changes=tuple(outcomes))


def there(ground: Ground, name: str) -> bool:
    return ground.api.get("v1", ObjectRef("", "ConfigMap", ground.namespace, name)).ok
