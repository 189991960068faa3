"""What a plan is given: the cluster with what is the same for all objects, and the revisions to compare.

Made by `tool`, read by the differ and its dry-runs.
"""

from dataclasses import dataclass, field

from bot.kube.cluster.client import Cluster
from bot.kube.cluster.inventory import Inventory
from bot.kube.health.object_health import HealthChecks
from bot.kube.objects.body import Body
from bot.kube.objects.kube_object import KubeObject, ObjectRef
from bot.kube.objects.masking import Mask
from bot.kube.options import IgnoreRule, KubernetesRules
from bot.kube.plan.quantity_rules import QuantityRules
from bot.kube.render.neighbours import Neighbourhood


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What is the same for all objects of a plan.

    `label` marks the inventory's members. The fields of `takeover_managers` are taken over. `new_namespaces` and `crds`
    (bodies) come with the same pull request, as all that is `declared`; the namespaces do not exist yet.
    `awaits_dependencies`: other projects are applied before this one, and may make what is missing. `project` is the
    inventory's name for this one. `now` is in seconds since 1970. `secrets` are all texts that nobody is to see,
    whichever object the cluster quotes them for. `health_checks` are the project's own rules of health;
    `neighbourhood` tells what others declare. `members` are the inventory's.
    """

    cluster: Cluster
    mask: Mask
    label: str
    rules: KubernetesRules
    now: float
    takeover_managers: tuple[str, ...] = ()
    ignore_rules: tuple[IgnoreRule, ...] = ()
    new_namespaces: frozenset[str] = frozenset()
    crds: tuple[Body, ...] = ()
    declared: frozenset[ObjectRef] = frozenset()
    members: frozenset[ObjectRef] = frozenset()
    awaits_dependencies: bool = False
    project: str = ""
    secrets: frozenset[str] = frozenset()
    health_checks: HealthChecks = field(default_factory=dict)
    neighbourhood: Neighbourhood = field(default_factory=Neighbourhood, compare=False)
    quantity_rules: QuantityRules = field(default_factory=QuantityRules, compare=False)

    def is_coming(self, ref: ObjectRef) -> bool:
        """Tell whether an object comes, or may come, before the end of the apply."""
        return ref in self.declared or self.awaits_dependencies


@dataclass(frozen=True, slots=True)
class PlanRevisions:
    """What is compared.

    `previous` was rendered from what was applied last, or from the base where nothing was; None when it cannot be had.
    `desired` is what is to be. `inventory` is the cluster's record of what is ours; None when nothing was applied yet.
    """

    desired: tuple[KubeObject, ...]
    previous: tuple[KubeObject, ...] | None
    inventory: Inventory | None
    destroy: bool = False
