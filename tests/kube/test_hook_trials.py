"""Hooks are tried before an apply begins, as it will make them."""

import uuid
from typing import Any

import pytest

from bot.kube.cluster.client import Cluster
from bot.kube.cluster.inventory import Inventory
from bot.kube.objects.kube_object import object_of
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.plan.creation_trial import APPROXIMATE_NOTE
from bot.kube.plan.hook_changes import check_hooks
from bot.kube.plan.plan_request import PlanRequest
from bot.kube.render.helm_hooks import split_hooks
from bot.kube.render.revisions import RenderedRevision
from tests.kube.bodies import hook, job
from tests.kube.planning import Body, configmap
from tests.kube.toys import definition

RBAC = "rbac.authorization.k8s.io"


def revision(*bodies: Body) -> RenderedRevision:
    return RenderedRevision(*split_hooks(map(object_of, bodies)))


def checked(
    planning: PlanRequest, *bodies: Body, before: tuple[Body, ...] = (), inventory: Inventory | None = None
) -> dict[str, ObjectChange]:
    changes = check_hooks(planning, revision(*bodies), revision(*before) if before else None, inventory)
    return {f"{change.ref.kind}/{change.ref.name}": change for change in changes}


def broken(namespace: str) -> Body:
    body = job(namespace, "migrate", 1)
    body["spec"]["template"]["spec"]["restartPolicy"] = "Always"
    return body


@pytest.mark.parametrize("phase", ["pre-install", "post-install"])
def test_a_hook_that_the_server_refuses_keeps_the_apply_from_beginning(
    phase: str, planning: PlanRequest, namespace: str
) -> None:
    change = checked(planning, hook(broken(namespace), phase))["Job/migrate"]
    assert change.verb is Verb.UNKNOWN
    assert "is not valid: spec.template.spec.restartPolicy" in change.problem
    good = checked(planning, hook(job(namespace, "migrate", 1), phase))["Job/migrate"]
    assert (good.verb, len(good.notes)) == (Verb.CREATE, 1)


def test_a_hook_of_another_time_and_one_that_stays_as_it_ran_are_not_tried(
    planning: PlanRequest, namespace: str
) -> None:
    assert checked(planning, hook(broken(namespace), "post-upgrade"))["Job/migrate"].verb is Verb.CREATE
    installed = Inventory("test", "gitops-bot", "c0ffee", {}, "label", installed=True)
    body = hook(broken(namespace), "post-upgrade")
    assert checked(planning, body, before=(body,), inventory=installed)["Job/migrate"].verb is Verb.UNCHANGED


def test_a_hook_that_takes_the_place_of_its_last_run_is_tried_beside_it(
    planning: PlanRequest, api: Cluster, namespace: str
) -> None:
    assert api.create(hook(job(namespace, "migrate", 60), "pre-install"), dry_run=False).ok
    other = job(namespace, "migrate", 60)
    other["spec"]["template"]["spec"]["containers"][0]["image"] = "other"
    assert checked(planning, hook(other, "pre-install"))["Job/migrate"].verb is Verb.CREATE
    refused = checked(planning, hook(broken(namespace), "pre-install"))["Job/migrate"]
    assert "restartPolicy" in refused.problem
    assert "gitops-bot-" not in refused.problem
    staying = checked(planning, hook(other, "pre-install", policy="hook-failed"))["Job/migrate"]
    assert "spec.template" in staying.problem


def access(namespace: str) -> tuple[Body, ...]:
    """An account with a role and a Pod that is it, all of them hooks."""
    metadata = {"name": "admission", "namespace": namespace}
    rule = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}
    role_ref = {"apiGroup": RBAC, "kind": "Role", "name": "admission"}
    spec: dict[str, Any] = {"serviceAccountName": "admission", "containers": [{"name": "one", "image": "none"}]}
    bodies: tuple[Body, ...] = (
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": [rule]},
        {"apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": metadata, "roleRef": role_ref},
        {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec},
    )
    return tuple(hook(body, "pre-install") for body in bodies)


def test_hooks_that_need_each_other_are_tried_without_each_other(planning: PlanRequest, namespace: str) -> None:
    changes = checked(planning, *access(namespace))
    assert {change.verb for change in changes.values()} == {Verb.CREATE}
    assert f"tried without Role {namespace}/admission, to come with this pull request" in (
        changes["RoleBinding/admission"].notes
    )
    assert any("tried without ServiceAccount" in note for note in changes["Pod/admission"].notes)


def test_a_namespace_of_the_chart_is_there_for_hooks_after_its_objects_only(planning: PlanRequest) -> None:
    name = f"new-{uuid.uuid4().hex[:10]}"
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    late, early = (hook(configmap(name, phase), phase) for phase in ("post-install", "pre-install"))
    changes = checked(planning, space, late, early)
    assert APPROXIMATE_NOTE in changes["ConfigMap/post-install"].notes
    assert changes["ConfigMap/pre-install"].verb is Verb.UNKNOWN
    assert f"its namespace {name} comes after it" in changes["ConfigMap/pre-install"].problem
    assert "depends_on" in changes["ConfigMap/pre-install"].problem


def test_a_hook_of_a_kind_of_the_same_chart_is_held_against_its_definition(
    planning: PlanRequest, namespace: str
) -> None:
    metadata = {"name": "ball", "namespace": namespace}
    toy = {"apiVersion": f"{namespace}.example/v1", "kind": "Toy", "metadata": metadata}
    change = checked(planning, definition(namespace), hook({**toy, "spec": {"size": 3}}, "post-install"))["Toy/ball"]
    assert "validated offline, by the definition in this pull request" in change.notes[-1]
    wrong = checked(planning, definition(namespace), hook({**toy, "spec": {"size": "big"}}, "post-install"))["Toy/ball"]
    assert "spec.size" in wrong.problem
    alone = checked(planning, hook({**toy, "spec": {}}, "post-install"))["Toy/ball"]
    assert alone.notes[-1].startswith("not checked: the cluster does not know the kind Toy")


def test_a_secret_of_a_hook_is_not_told_by_a_refusal(planning: PlanRequest, namespace: str) -> None:
    metadata = {"name": "door", "namespace": namespace}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"word": "planted-no-base64"}}
    change = checked(planning, hook(secret, "pre-install"))["Secret/door"]
    assert change.verb is Verb.UNKNOWN
    assert "planted" not in repr(change)
