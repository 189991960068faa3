"""Objects that others have applied become ours, so that what leaves Git leaves the cluster; and a plan knows before."""

import copy
import json
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.kube.cluster.adoption import adopted_managers, drop_adopted, dry_run_migrated, migration_patch
from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import object_of
from bot.kube.objects.normalization import normalize
from tests.rig.access import Access
from tests.sandbox.running import until

KUBECTL, HELM, ARGO = "kubectl-client-side-apply", "helm", "argocd-controller"
THEIRS = (KUBECTL, HELM, ARGO)

Body = dict[str, Any]
By = Callable[[Body], None]


@pytest.fixture
def kube(cluster: Access) -> Cluster:
    return Cluster.open("test", cluster.kubeconfig, timeout=10)


@pytest.fixture
def first_by(cluster: Access, tmp_path: Path) -> dict[str, By]:
    """Ways in which an object has come into the cluster."""

    def kubectl(body: Body) -> None:
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "KUBECONFIG": str(cluster.kubeconfig)}
        environment["HOME"] = str(tmp_path)
        subprocess.run(["kubectl", "apply", "-f", "-"], input=json.dumps(body).encode(), env=environment, check=True)

    def helm(body: Body) -> None:
        assert someone(cluster, HELM).create(body, dry_run=False).ok

    def argo(body: Body) -> None:
        assert someone(cluster, ARGO).apply(body, dry_run=False).ok

    return {KUBECTL: kubectl, HELM: helm, ARGO: argo}


def someone(cluster: Access, manager: str) -> Cluster:
    return Cluster.open("test", cluster.kubeconfig, timeout=10, manager=manager)


def body(kind: str, namespace: str, api_version: str = "v1", **rest: Any) -> Body:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "web", "namespace": namespace, **rest.pop("metadata", {})},
        **rest,
    }


def deployment(namespace: str, *containers: Body, **spec: Any) -> Body:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": list(containers)}}
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": template, **spec}
    return body("Deployment", namespace, "apps/v1", spec=spec)


def container(name: str, **rest: Any) -> Body:
    return {"name": name, "image": f"{name}:1", **rest}


def live(kube: Cluster, one: Body) -> Body:
    answer = kube.get(one["apiVersion"], object_of(one).ref)
    assert answer.ok
    return dict(answer.body)


def take_over(kube: Cluster, one: Body) -> None:
    """As often as a controller comes between."""

    def patched() -> bool:
        patch = migration_patch(live(kube, one), THEIRS)
        assert patch
        return kube.patch(one["apiVersion"], object_of(one).ref, patch, dry_run=False).ok

    until(patched)


def told(kube: Cluster, one: Body) -> Body:
    """What a plan shows before anything is taken over."""
    tried = kube.apply(one, dry_run=True, force=True)
    assert tried.ok, tried.message
    answer = dry_run_migrated(kube, tried.body, live(kube, one), one, THEIRS)
    assert answer.ok, answer.message
    return normalize(answer.body)


ENV = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
PORTS = [{"name": "http", "port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"}]


def config(namespace: str, *keys: str, **metadata: Any) -> Body:
    return body("ConfigMap", namespace, data={key: key for key in keys}, metadata=metadata)


CASES: dict[str, Callable[[str], tuple[Body, Body]]] = {
    "a key": lambda ns: (config(ns, "a", "b"), config(ns, "a")),
    "the last key": lambda ns: (config(ns, "a"), body("ConfigMap", ns)),
    "a label": lambda ns: (config(ns, "a", labels={"x": "1", "y": "2"}), config(ns, "a", labels={"x": "1"})),
    "all annotations": lambda ns: (config(ns, "a", annotations={"x": "1"}), config(ns, "a")),
    "a key that changes too": lambda ns: (config(ns, "a", "b"), body("ConfigMap", ns, data={"a": "new"})),
    "nothing": lambda ns: (config(ns, "a"), config(ns, "a")),
    "a value with a default": lambda ns: (
        deployment(ns, container("web"), replicas=3, revisionHistoryLimit=2),
        deployment(ns, container("web")),
    ),
    "nothing of a workload": lambda ns: (deployment(ns, container("web")), deployment(ns, container("web"))),
    "a container": lambda ns: (
        deployment(ns, container("web"), container("side", env=ENV)),
        deployment(ns, container("web")),
    ),
    "a variable": lambda ns: (
        deployment(ns, container("web", env=ENV)),
        deployment(ns, container("web", env=ENV[:1])),
    ),
    "arguments": lambda ns: (deployment(ns, container("web", args=["a", "b"])), deployment(ns, container("web"))),
    "one of the arguments": lambda ns: (
        deployment(ns, container("web", args=["a", "b"])),
        deployment(ns, container("web", args=["a"])),
    ),
    "a port": lambda ns: (
        body("Service", ns, spec={"ports": PORTS, "selector": {"app": "web"}}),
        body("Service", ns, spec={"ports": PORTS[:1]}),
    ),
    "a key of a secret that is sent as text": lambda ns: (
        body("Secret", ns, data={"a": "YQ==", "b": "Yg=="}),
        body("Secret", ns, stringData={"a": "new"}),
    ),
    "a finalizer": lambda ns: (
        config(ns, "a", finalizers=["example.test/a", "example.test/b"]),
        config(ns, "a", finalizers=["example.test/a"]),
    ),
}


@pytest.mark.parametrize("manager", THEIRS)
@pytest.mark.parametrize("case", CASES)
def test_what_goes_is_what_was_foreseen(
    kube: Cluster, namespace: str, first_by: dict[str, By], manager: str, case: str
) -> None:
    before, after = CASES[case](namespace)
    first_by[manager](before)
    plan = told(kube, after)
    take_over(kube, after)
    answer = kube.apply(after, dry_run=False, force=True)
    assert answer.ok, answer.message
    assert plan == normalize(answer.body)
    if any(key.startswith("example.test") for key in answer.body["metadata"].get("finalizers", [])):
        kube.apply(config(namespace), dry_run=False, force=True)


SOME = st.sets(st.sampled_from("abc"))
SHAPES = st.fixed_dictionaries({"labels": SOME, "side": SOME, "env": SOME, "args": SOME, "replicas": st.booleans()})


def shaped(namespace: str, name: str, shape: dict[str, Any]) -> Body:
    env = [{"name": key.upper(), "value": key} for key in sorted(shape["env"])]
    rest = {"env": env} | ({"args": sorted(shape["args"])} if shape["args"] else {})
    more = [container(f"side-{key}", **rest) for key in sorted(shape["side"])]
    made = deployment(namespace, container("web", **rest), *more, **({"replicas": 0} if shape["replicas"] else {}))
    made["metadata"] |= {"name": name, "labels": {key: key for key in shape["labels"]}}
    return made


@settings(max_examples=15, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=SHAPES, other=SHAPES, after=SHAPES, manager=st.sampled_from(THEIRS))
def test_whatever_goes_is_what_was_foreseen(
    kube: Cluster,
    namespace: str,
    cluster: Access,
    first_by: dict[str, By],
    before: dict[str, Any],
    other: dict[str, Any],
    after: dict[str, Any],
    manager: str,
) -> None:
    name = f"web-{uuid.uuid4().hex}"
    first_by[manager](shaped(namespace, name, before))
    assert someone(cluster, "someone").apply(shaped(namespace, name, other), dry_run=False, force=True).ok
    wanted = shaped(namespace, name, after)
    plan = told(kube, wanted)
    take_over(kube, wanted)
    answer = kube.apply(wanted, dry_run=False, force=True)
    assert answer.ok, answer.message
    assert plan == normalize(answer.body)


def test_without_it_what_leaves_git_stays(kube: Cluster, namespace: str, first_by: dict[str, By]) -> None:
    first_by[KUBECTL](config(namespace, "a", "b"))
    kept = kube.apply(config(namespace, "a"), dry_run=False, force=True)
    assert kept.body["data"] == {"a": "a", "b": "b"}
    plan = told(kube, config(namespace, "a"))
    take_over(kube, config(namespace, "a"))
    gone = kube.apply(config(namespace, "a"), dry_run=False)
    assert gone.body["data"] == plan["data"] == {"a": "a"}


def test_what_someone_else_has_too_stays(
    kube: Cluster, namespace: str, cluster: Access, first_by: dict[str, By]
) -> None:
    before = deployment(namespace, container("web"), container("side", env=ENV), replicas=2)
    before["metadata"]["labels"] = {"x": "1", "y": "2"}
    first_by[KUBECTL](before)
    other = deployment(namespace, container("side", env=ENV[:1]), replicas=2)
    del other["spec"]["selector"], other["spec"]["template"]["metadata"]
    other["metadata"]["labels"] = {"x": "1"}
    assert someone(cluster, "someone").apply(other, dry_run=False, force=True).ok
    after = deployment(namespace, container("web"))
    plan = told(kube, after)
    take_over(kube, after)
    made = normalize(kube.apply(after, dry_run=False, force=True).body)
    assert plan == made
    assert made["spec"]["replicas"] == 2
    assert made["metadata"]["labels"] == {"x": "1"}
    assert [one["name"] for one in made["spec"]["template"]["spec"]["containers"]] == ["web", "side"]


def test_what_someone_edited_in_something_that_goes_is_foreseen_too(
    kube: Cluster, namespace: str, cluster: Access, first_by: dict[str, By]
) -> None:
    before = deployment(namespace, container("web"), container("side", env=ENV))
    first_by[KUBECTL](before)
    add = {"op": "add", "path": "/spec/template/spec/containers/1/env/-", "value": {"name": "C", "value": "3"}}
    assert someone(cluster, "editor").patch("apps/v1", object_of(before).ref, [add], dry_run=False).ok
    after = deployment(namespace, container("web"))
    plan = told(kube, after)
    take_over(kube, after)
    assert plan == normalize(kube.apply(after, dry_run=False, force=True).body)


def test_several_managers_are_taken_over_at_once_and_only_once(
    kube: Cluster, namespace: str, cluster: Access, first_by: dict[str, By]
) -> None:
    first_by[KUBECTL](config(namespace, "a", "b"))
    assert someone(cluster, ARGO).apply(config(namespace, "c"), dry_run=False).ok
    kept = config(namespace, "d")
    assert kube.apply(kept, dry_run=False).ok
    assert adopted_managers(live(kube, kept), THEIRS) == (KUBECTL, ARGO)
    assert adopted_managers(live(kube, kept), (ARGO,)) == (ARGO,)
    plan = told(kube, kept)
    take_over(kube, kept)
    there = live(kube, kept)
    assert [(one["manager"], one["operation"]) for one in there["metadata"]["managedFields"]] == [
        ("gitops-bot", "Apply")
    ]
    assert (adopted_managers(there, THEIRS), migration_patch(there, THEIRS)) == ((), None)
    assert kube.apply(kept, dry_run=False).body["data"] == plan["data"] == {"d": "d"}


def test_an_object_that_has_changed_since_is_a_conflict(kube: Cluster, namespace: str, first_by: dict[str, By]) -> None:
    one = config(namespace, "a")
    first_by[KUBECTL](one)
    patch = migration_patch(live(kube, one), THEIRS)
    assert patch
    assert kube.apply(config(namespace, "b"), dry_run=False).ok
    assert kube.patch("v1", object_of(one).ref, patch, dry_run=False).status == 409


def test_what_is_nobodys_of_the_managers_is_left_alone() -> None:
    entry = {"manager": HELM, "operation": "Update", "apiVersion": "v1", "fieldsV1": {"f:data": {"f:a": {}}}}
    mine = {**entry, "manager": "gitops-bot", "operation": "Apply"}
    status = {**entry, "subresource": "status"}
    there = {"metadata": {"resourceVersion": "7", "managedFields": [mine, status, {**entry, "manager": "vim"}]}}
    assert adopted_managers(there, (HELM,)) == ()
    assert migration_patch(there, (HELM,)) is None
    assert migration_patch(there, ("gitops-bot",)) is None
    result = {"data": {"a": "1"}, "metadata": there["metadata"]}
    assert drop_adopted(result, there, {}, (HELM,)) == result
    assert migration_patch({"metadata": {"resourceVersion": "7"}}, (HELM,)) is None


def test_fields_in_the_words_of_another_version_are_not_mixed_in() -> None:
    new = {"manager": HELM, "operation": "Update", "apiVersion": "v2", "time": "2", "fieldsV1": {"f:a": {"f:x": {}}}}
    old = {**new, "apiVersion": "v1", "time": "1", "fieldsV1": {"f:b": {}}}
    there = {"metadata": {"resourceVersion": "7", "managedFields": [old, new]}}
    patch = migration_patch(copy.deepcopy(there), (HELM,))
    assert patch
    assert patch[0]["value"] == [{**new, "manager": "gitops-bot", "operation": "Apply"}]
    result = {"a": {"x": 1}, "b": 2, "metadata": {}}
    assert drop_adopted(result, there, {}, (HELM,)) == {"b": 2, "metadata": {}}
