"""Kinds that come, go and change while a client is in use."""

import pytest

from bot.core.errors import ToolFailed
from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import ObjectRef
from tests.kube.attempts import crd
from tests.rig.access import Access
from tests.sandbox.running import until


@pytest.fixture
def kube(cluster: Access) -> Cluster:
    return Cluster.open("test", cluster.kubeconfig, timeout=10)


class Things:
    """A kind of one test, which an admin defines and takes away."""

    def __init__(self, admin: Cluster, namespace: str) -> None:
        self.admin, self.group = admin, f"{namespace}.example"
        self.version = f"{self.group}/v1"
        self.body = {"apiVersion": self.version, "kind": "Thing", "metadata": {"name": "door", "namespace": namespace}}
        self.ref = ObjectRef(self.group, "Thing", namespace, "door")

    def define(self, scope: str = "Namespaced") -> None:
        assert self.admin.apply(_definition(self.group, scope), dry_run=False).ok
        until(lambda: self._serves(scope))

    def remove(self) -> None:
        ref = ObjectRef("apiextensions.k8s.io", "CustomResourceDefinition", "", f"things.{self.group}")
        live = self.admin.get("apiextensions.k8s.io/v1", ref)
        assert self.admin.delete("apiextensions.k8s.io/v1", ref, uid=live.body["metadata"]["uid"], dry_run=False).ok
        until(lambda: self._serves(None))

    def _serves(self, scope: str | None) -> bool:
        """The server lists the kind so, and its objects are to be had."""
        self.admin.forget_resources()
        resource = self.admin.resource(self.version, "Thing")
        if resource is None or scope is None:
            return resource is None and scope is None
        return resource.namespaced is (scope == "Namespaced") and self.admin.apply(self.body, dry_run=True).ok


def _definition(group: str, scope: str) -> dict[str, object]:
    body = crd(group)
    return {**body, "spec": {**body["spec"], "scope": scope}}


@pytest.fixture
def things(cluster: Access, namespace: str) -> Things:
    return Things(Cluster.open("test", cluster.kubeconfig, timeout=10), namespace)


def plan_of(kube: Cluster) -> Cluster:
    return kube.with_deadline(30, lambda: False)


def test_a_kind_that_somebody_defines_is_known_to_the_next_plan(kube: Cluster, things: Things) -> None:
    assert plan_of(kube).resource(things.version, "Thing") is None
    things.define()
    assert plan_of(kube).resource(things.version, "Thing")
    things.remove()
    assert plan_of(kube).resource(things.version, "Thing") is None


def test_a_kind_that_is_defined_within_a_plan_takes_its_objects(kube: Cluster, things: Things) -> None:
    assert kube.resource(things.version, "Thing") is None
    things.define()
    assert kube.apply(things.body, dry_run=True).ok


@pytest.mark.parametrize("method", ["get", "apply", "create", "delete"])
def test_a_kind_whose_scope_changed_is_looked_up_anew(kube: Cluster, things: Things, method: str) -> None:
    things.define()
    assert kube.apply(things.body, dry_run=True).ok
    things.remove()
    things.define("Cluster")
    body = {**things.body, "metadata": {"name": "door"}}
    attempts = {
        "get": lambda: kube.get(things.version, things.ref),
        "apply": lambda: kube.apply(body, dry_run=True),
        "create": lambda: kube.create(body, dry_run=True),
        "delete": lambda: kube.delete(things.version, things.ref, uid="none", dry_run=True),
    }
    answer = attempts[method]()
    assert answer.ok or answer.message == f'things.{things.group} "door" not found'


def test_a_kind_that_is_gone_is_said_to_be_gone_and_not_its_object(kube: Cluster, things: Things) -> None:
    things.define()
    assert kube.get(things.version, things.ref).status == 404
    things.remove()
    with pytest.raises(ToolFailed, match=f"does not know the kind Thing of {things.version}"):
        kube.get(things.version, things.ref)
    assert kube.resource(things.version, "Thing") is None
