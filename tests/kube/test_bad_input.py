"""What comes in and is odd, all the way to the real API server."""

import socket
from pathlib import Path

import pytest

from bot.core.errors import Transient
from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import ObjectRef
from bot.kube.objects.object_changes import Verb
from bot.kube.objects.parsing import parse_objects
from bot.kube.objects.scopes import is_namespaced
from bot.kube.plan.plan_request import PlanRequest
from tests.kube.carrying import Ground
from tests.kube.door import kubeconfig
from tests.kube.planning import configmap, planned
from tests.kube.webhook import webhook
from tests.rig.access import Access
from tests.sandbox.running import until

LISTED = """\
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {a: "1"}}
- {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: SPACE, namespace: SPACE}, rules: []}
---
apiVersion: v1
kind: ConfigMapList
items: [{metadata: {name: two}}]
"""


def test_lists_and_clusters_objects_with_a_namespace_are_planned_and_applied(
    api: Cluster, cluster: Access, namespace: str, tmp_path: Path
) -> None:
    ground = Ground(api, cluster.kubeconfig, tmp_path, namespace)
    found = parse_objects(LISTED.replace("SPACE", namespace), "all.yaml", namespace, is_namespaced)
    ground.apply(*(dict(one.body) for one in found))
    assert ground.members() == {"ConfigMap/one", "ConfigMap/two", f"ClusterRole/{namespace}"}
    role = ObjectRef("rbac.authorization.k8s.io", "ClusterRole", "", namespace)
    assert api.get("rbac.authorization.k8s.io/v1", role).ok
    again = ground.plan(*ground.before)
    assert not again.changes
    assert ground.carry(ground.plan()).exit == 0
    assert api.get("rbac.authorization.k8s.io/v1", role).status == 404


def test_a_webhook_that_refuses_dry_runs_is_told_of_its_objects_and_no_others(
    question: PlanRequest, api: Cluster, namespace: str, tmp_path: Path
) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": namespace}}
    with webhook(api, namespace, tmp_path, lambda request: "nobody tries anything here" if request["dryRun"] else ""):
        until(lambda: planned(question, configmap(namespace))["ConfigMap/settings"].verb is Verb.UNKNOWN)
        told = planned(question, configmap(namespace), secret)
    assert "strict.example.com" in told["ConfigMap/settings"].problem
    assert "nobody tries anything here" in told["ConfigMap/settings"].problem
    assert told["Secret/s"].verb is Verb.CREATE


def test_a_cluster_that_is_down_is_said_to_be(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ear:
        port = ear.getsockname()[1]
    cluster = Cluster.open("prod", kubeconfig(tmp_path, f"http://127.0.0.1:{port}", {}), timeout=1)
    with pytest.raises(Transient, match="cluster prod does not answer: no connection"):
        cluster.version()
