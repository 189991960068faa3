"""Objects and plans for the tests of what asks a cluster."""

from typing import Any

from bot.kube.cluster.client import Cluster
from bot.kube.cluster.inventory import Inventory, Member
from bot.kube.objects.kube_object import object_of
from bot.kube.objects.normalization import MEMBER_LABEL
from bot.kube.objects.object_changes import ObjectChange
from bot.kube.plan import differ
from bot.kube.plan.plan_request import PlanRequest, PlanRevisions

LABEL = "applyset-of-the-tests-v1"
Body = dict[str, Any]


def configmap(namespace: str, name: str = "settings", **values: str) -> Body:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": values}


def deployment(namespace: str, image: str = "web:1", app: str = "web") -> Body:
    container = {"name": "web", "image": image}
    template = {"metadata": {"labels": {"app": app}}, "spec": {"containers": [container]}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": app}}, "template": template}
    metadata = {"name": "web", "namespace": namespace}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def labelled(body: Body) -> Body:
    return {**body, "metadata": {**body["metadata"], "labels": {MEMBER_LABEL: LABEL}}}


def planned(
    question: PlanRequest, *bodies: Body, before: tuple[Body, ...] = (), **sides: Any
) -> dict[str, ObjectChange]:
    """Outcomes by kind and name, nothing having been applied before unless an inventory says so."""
    rendered = tuple(object_of(body, "a.yaml:1") for body in bodies)
    old = tuple(object_of(body) for body in before)
    made = differ.plan_objects(question, PlanRevisions(rendered, old, **({"inventory": None} | sides)))
    return {f"{one.ref.kind}/{one.ref.name}": one for one in made}


def applied(api: Cluster, *bodies: Body) -> Inventory:
    """Apply as the bot does; the inventory that comes of it."""
    members = {}
    for body in bodies:
        answer = api.apply(labelled(body), dry_run=False)
        assert answer.ok, answer.message
        metadata = answer.body["metadata"]
        member = Member(body["apiVersion"], metadata["uid"], metadata["resourceVersion"], metadata.get("generation"))
        members[object_of(body).ref] = member
    return Inventory("test", "gitops-bot", "c0ffee", members, LABEL)


def another(api: Cluster, name: str) -> Cluster:
    return Cluster(api.name, api._transport, name, 4)
