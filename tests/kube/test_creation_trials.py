"""What is tried of a new object is what will be sent, under its own name; what cannot be tried so is said."""

import uuid
from dataclasses import replace
from typing import Any

import pytest

from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import object_of
from bot.kube.objects.object_changes import ChangeCause, Verb
from bot.kube.options import Allowance, KubernetesRules
from bot.kube.plan.creation_trial import APPROXIMATE_NOTE
from bot.kube.plan.plan_request import PlanRequest
from tests.kube.bodies import job
from tests.kube.planning import Body, applied, configmap, deployment, planned

TRIAL_WORDS = ("gitops-bot-", "default/")


@pytest.fixture
def space() -> Body:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"new-{uuid.uuid4().hex[:10]}"}}


def pod(namespace: str, **spec: Any) -> Body:
    metadata = {"name": "tool", "namespace": namespace}
    containers = [{"name": "tool", "image": "tool:1"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers, **spec}}


def service(namespace: str, name: str) -> Body:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}]}}


def renamed(body: Body, name: str) -> Body:
    return {**body, "metadata": {**body["metadata"], "name": name}}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("service", "frontendService"),
        ("service", "f" * 75),
        ("deployment", "Web_App"),
        ("configmap", "-settings"),
        ("job", "j" * 64),
        ("cron job", "c" * 53),
    ],
)
def test_a_name_is_judged_by_the_rules_of_its_kind_before_its_namespace_is_there(
    kind: str, name: str, planning: PlanRequest, space: Body
) -> None:
    namespace = space["metadata"]["name"]
    once = job(namespace, "job", 1)
    bodies = {
        "service": service(namespace, "web"),
        "deployment": deployment(namespace),
        "configmap": configmap(namespace),
        "job": once,
        "cron job": {
            **once,
            "kind": "CronJob",
            "spec": {"schedule": "0 0 * * *", "jobTemplate": {"spec": once["spec"]}},
        },
    }
    body = renamed(bodies[kind], name)
    change = planned(planning, space, body, configmap(namespace, "good"))[f"{body['kind']}/{name}"]
    assert change.verb is Verb.UNKNOWN
    assert "is not valid: " in change.problem
    assert name in change.problem
    assert not any(word in change.problem for word in TRIAL_WORDS)


def test_a_name_that_the_other_namespace_has_already_is_tried_under_another(
    planning: PlanRequest, api: Cluster, space: Body
) -> None:
    namespace, name = space["metadata"]["name"], f"taken-{uuid.uuid4().hex[:8]}"
    taken = configmap("default", name, a="1")
    assert api.create(taken, dry_run=False).ok
    change = planned(planning, space, configmap(namespace, name, a="2"))[f"ConfigMap/{name}"]
    uid = api.get("v1", object_of(taken).ref).body["metadata"]["uid"]
    assert api.delete("v1", object_of(taken).ref, uid=uid, dry_run=False).ok
    assert (change.verb, change.notes) == (Verb.CREATE, (APPROXIMATE_NOTE,))


def test_a_refusal_in_a_new_namespace_speaks_of_that_namespace(planning: PlanRequest, space: Body) -> None:
    namespace = space["metadata"]["name"]
    change = planned(planning, space, pod(namespace, serviceAccountName="nobody"))["Pod/tool"]
    assert change.verb is Verb.UNKNOWN
    assert f"{namespace}/nobody" in change.problem
    assert not any(word in change.problem for word in TRIAL_WORDS)


@pytest.mark.parametrize("place", ["old", "new"])
def test_a_pod_and_what_its_spec_names_are_planned_in_one_pull_request(
    place: str, planning: PlanRequest, namespace: str, space: Body
) -> None:
    where, beside = (namespace, ()) if place == "old" else (space["metadata"]["name"], (space,))
    name = f"own-{uuid.uuid4().hex[:8]}"
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": where}}
    priority = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": 7}
    runtime = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": name}, "handler": "own"}
    body = pod(where, serviceAccountName=name, priorityClassName=name, runtimeClassName=name)
    change = planned(planning, *beside, account, priority, runtime, body)["Pod/tool"]
    assert change.verb is Verb.CREATE, change.problem
    assert change.result == ""
    names = f"ServiceAccount {where}/{name}, PriorityClass {name}, RuntimeClass {name}"
    assert f"tried without {names}, to come with this pull request" in change.notes
    assert f"serviceAccountName: {name}" in (change.fields[0].new or "")
    broken = pod(where, serviceAccountName=name, restartPolicy="Sometimes")
    refused = planned(planning, *beside, account, broken)["Pod/tool"]
    assert "spec.restartPolicy" in refused.problem
    assert name not in refused.problem


def test_a_pod_without_its_account_anywhere_is_refused_for_that(planning: PlanRequest, namespace: str) -> None:
    change = planned(planning, pod(namespace, serviceAccountName="nobody"))["Pod/tool"]
    assert change.verb is Verb.UNKNOWN
    assert 'serviceaccount "nobody" not found' in change.problem
    awaiting = replace(planning, awaits_dependencies=True)
    assert planned(awaiting, pod(namespace, serviceAccountName="nobody"))["Pod/tool"].verb is Verb.CREATE


def replacing(planning: PlanRequest) -> PlanRequest:
    return replace(planning, rules=KubernetesRules(cluster="rig", allow=frozenset({Allowance.REPLACE})))


def test_a_replaced_job_shows_no_label_that_is_not_its_own(planning: PlanRequest, api: Cluster, namespace: str) -> None:
    before = job(namespace, "migrate", 60)
    inventory = applied(api, before)
    after = job(namespace, "migrate", 60)
    after["spec"]["template"]["spec"]["containers"][0]["image"] = "other"
    change = planned(replacing(planning), after, before=(before,), inventory=inventory)["Job/migrate"]
    assert change.verb is Verb.REPLACE
    yours = [field.path for field in change.fields if field.cause is not ChangeCause.CLUSTER]
    assert yours == ["spec.template.spec.containers[one].image"]
    assert [field.path for field in change.fields if field.path not in yours] == []


def test_a_role_of_a_binding_is_exchanged_by_replacing_the_binding(
    planning: PlanRequest, api: Cluster, namespace: str
) -> None:
    version = "rbac.authorization.k8s.io/v1"

    def role(name: str) -> Body:
        rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}
        return {
            "apiVersion": version,
            "kind": "Role",
            "metadata": {"name": name, "namespace": namespace},
            "rules": [rule],
        }

    def binding(name: str) -> Body:
        role_ref = {"apiGroup": version.partition("/")[0], "kind": "Role", "name": name}
        metadata = {"name": "app", "namespace": namespace}
        return {"apiVersion": version, "kind": "RoleBinding", "metadata": metadata, "roleRef": role_ref}

    inventory = applied(api, role("old"), role("new"), binding("old"))
    before = (role("old"), role("new"), binding("old"))
    for after in (binding("new"), binding("coming")):
        extra = (role("coming"),) if after == binding("coming") else ()
        bodies = (role("old"), role("new"), *extra, after)
        blocked = planned(planning, *bodies, before=before, inventory=inventory)["RoleBinding/app"]
        assert "roleRef cannot change in place; `allow: [replace]`" in blocked.problem
        change = planned(replacing(planning), *bodies, before=before, inventory=inventory)["RoleBinding/app"]
        assert change.verb is Verb.REPLACE
        assert "roleRef.name" in [field.path for field in change.fields]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("resourceVersion", "12"),
        ("uid", "b0a5c2c2-0000-0000-0000-000000000000"),
        ("managedFields", [{"manager": "kubectl", "operation": "Update"}]),
    ],
)
def test_a_field_that_holds_an_object_to_one_moment_is_to_be_taken_out(
    field: str, text: object, planning: PlanRequest, namespace: str
) -> None:
    body = configmap(namespace, a="1")
    exported = {**body, "metadata": {**body["metadata"], field: text}}
    change = planned(planning, exported)["ConfigMap/settings"]
    assert change.verb is Verb.UNKNOWN
    assert change.problem == f"metadata.{field}: only the cluster writes that, take it out of Git"


def test_fields_that_only_the_cluster_writes_are_named_and_those_of_generators_are_not(
    planning: PlanRequest, api: Cluster, namespace: str
) -> None:
    body = deployment(namespace)
    metadata = {**body["metadata"], "creationTimestamp": "2026-01-02T03:04:05Z", "generation": 4, "selfLink": "/x"}
    exported = {**body, "metadata": metadata, "status": {"replicas": 1}}
    note = "metadata.creationTimestamp, metadata.generation, metadata.selfLink, status: only the cluster writes that"
    (new,) = planned(planning, exported).values()
    assert (new.verb, [text.startswith(note) for text in new.notes]) == (Verb.CREATE, [True])
    generated = {**body, "metadata": {**body["metadata"], "creationTimestamp": None}, "status": {}}
    (plain,) = planned(planning, generated).values()
    assert (plain.verb, plain.notes) == (Verb.CREATE, ())
