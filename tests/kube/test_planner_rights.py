"""What the planner may try on a real API server, and what is closed to it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import Refused, ToolFailed
from bot.kube.access import audit
from bot.kube.access.rbac_manifests import APPLIER, Identities, planner_manifests
from bot.kube.access.rights import FORBIDDEN_KINDS, GIT_KINDS, READ_ONLY_KINDS
from bot.kube.access.trials import trial_bodies
from bot.kube.cluster import inventory
from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import ObjectRef, object_of
from bot.kube.objects.masking import Mask
from bot.kube.objects.object_changes import Verb
from bot.kube.options import KubernetesRules
from bot.kube.plan.plan_request import PlanRequest
from tests.kube.attempts import crd, things
from tests.kube.carrying import Ground
from tests.kube.identities import Account, kubeconfig_of, made, new_names, remove
from tests.kube.planning import LABEL, applied, planned
from tests.rig.access import Access
from tests.sandbox.running import until


@pytest.fixture(scope="module")
def planner(cluster: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with made(cluster, tmp_path_factory.mktemp("planner"), new_names()) as account:
        yield account


def test_the_planner_tries_what_is_in_git(planner: Account) -> None:
    ns = planner.names.namespace
    for body in (
        *things(ns),
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{ns}-new"}},
        crd(f"{ns}.test"),
    ):
        answer = planner.cluster.apply(body, dry_run=True)
        assert answer.ok, answer.message
        assert planner.cluster.create(body, dry_run=True).ok
        assert planner.cluster.apply(body, dry_run=False).status == 403


def as_planner(account: Account) -> PlanRequest:
    return PlanRequest(account.cluster, Mask(b"k" * 32), LABEL, KubernetesRules(cluster="rig"), time.time())


def test_the_planner_tries_what_charts_are_made_of(planner: Account) -> None:
    bodies = trial_bodies(planner.names.namespace)
    refused = [answer.message for body in bodies if not (answer := planner.cluster.apply(body, dry_run=True)).ok]
    assert refused == []
    assert {"ServiceAccount", "Role", "Deployment"} <= {body["kind"] for body in bodies}


RBAC_VERSION = "rbac.authorization.k8s.io/v1"


@pytest.mark.parametrize("scope", ["", "Cluster"])
def test_a_role_and_its_binding_are_planned_in_one_pull_request(planner: Account, namespace: str, scope: str) -> None:
    name = f"{namespace}-app"
    metadata = {"name": name} | ({} if scope else {"namespace": namespace})
    rule = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}
    role = {"apiVersion": RBAC_VERSION, "kind": f"{scope}Role", "metadata": metadata, "rules": [rule]}
    role_ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": f"{scope}Role", "name": name}
    account = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    binding = {
        "apiVersion": RBAC_VERSION,
        "kind": f"{scope}RoleBinding",
        "metadata": metadata,
        "roleRef": role_ref,
        "subjects": [account],
    }
    both = planned(as_planner(planner), role, binding)
    assert {change.verb for change in both.values()} == {Verb.CREATE}
    (note,) = both[f"{scope}RoleBinding/{name}"].notes
    assert note == f"tried without {object_of(role).ref}, to come with this pull request"
    wrong = {**binding, "subjects": [{**account, "kind": "Account"}]}
    refused = planned(as_planner(planner), role, wrong)[f"{scope}RoleBinding/{name}"]
    assert "subjects[0].kind" in refused.problem
    alone = planned(as_planner(planner), binding)[f"{scope}RoleBinding/{name}"]
    assert alone.verb is Verb.UNKNOWN


def test_a_projects_secrets_are_planned_where_they_are_let_in_their_namespace_only(
    cluster: Access, tmp_path: Path, namespace: str
) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "door", "namespace": namespace}}
    with made(cluster, tmp_path, new_names(secrets=(namespace,))) as let:
        until(lambda: let.cluster.apply(secret, dry_run=True).ok)
        assert inventory.rebuild(let.cluster, "new", namespace, {("v1", "Secret")}, {namespace}) is None
        known = applied(let.admin, secret)
        found = inventory.find_members(let.cluster, LABEL, {("v1", "Secret")}, {namespace})
        assert set(found) == set(known.members)
        changed = {**secret, "data": {"word": "b3BlbiBzZXNhbWU="}}
        plan = planned(as_planner(let), changed, before=(secret,), inventory=known)
        assert plan["Secret/door"].verb is Verb.CHANGE
        with pytest.raises(ToolFailed, match="does not list Secret: Forbidden"):
            inventory.find_members(let.cluster, LABEL, {("v1", "Secret")}, {"default"})


def test_the_planner_tries_a_role_of_what_it_has_and_grants_itself_nothing_else(planner: Account) -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "one"}}
    reads = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "watch", "patch"]}
    execs = {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}
    assert planner.cluster.apply(role | {"rules": [reads]}, dry_run=True).ok
    assert "not currently held" in planner.cluster.apply(role | {"rules": [execs]}, dry_run=True).message


def test_secrets_are_closed_but_in_the_namespaces_that_the_operator_names(
    cluster: Access, tmp_path: Path, namespace: str, planner: Account
) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": namespace}}
    assert planner.cluster.apply(secret, dry_run=True).status == 403
    assert planner.cluster.get("v1", ObjectRef("", "Secret", namespace, "s")).status == 403
    with made(cluster, tmp_path, new_names(secrets=(namespace,))) as let:
        until(lambda: let.cluster.apply(secret, dry_run=True).ok)
        assert let.cluster.apply(secret, dry_run=False).status == 403
        assert let.cluster.get("v1", ObjectRef("", "Secret", "default", "s")).status == 403
        assert not audit.reads_all_secrets(let.cluster)


def test_custom_resources_are_tried_where_the_operator_names_their_group(
    cluster: Access, tmp_path: Path, namespace: str, planner: Account
) -> None:
    group = f"{namespace}.example.test"
    definition = crd(group)
    assert planner.admin.create(definition, dry_run=False).ok
    thing = {"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": "one", "namespace": namespace}}
    with made(cluster, tmp_path, new_names(groups=(group,))) as let:
        until(lambda: let.cluster.resource(f"{group}/v1", "Thing") is not None)
        until(lambda: let.cluster.apply(thing, dry_run=True).ok)
        assert let.cluster.apply(thing, dry_run=False).status == 403
        planner.cluster.forget_resources()
        assert planner.cluster.apply(thing, dry_run=True).status == 403
    remove(planner.admin, definition)


def test_every_kind_that_the_server_has_is_in_one_table(api: Cluster) -> None:
    tables = [
        (group, kind)
        for table in (GIT_KINDS, READ_ONLY_KINDS, FORBIDDEN_KINDS)
        for group in table
        for kind in table[group]
    ]
    assert len(tables) == len(set(tables))
    served = {
        (resource.group, resource.plural)
        for resource in api.resources()
        if resource.group.endswith(".k8s.io") or "." not in resource.group
    }
    assert served - set(tables) == {("", "secrets")}


@pytest.mark.parametrize(
    "group", ["*", "", "apps", "authentication.k8s.io", "certificates.k8s.io", "no-group", "a.b/*"]
)
def test_a_group_that_is_not_one_of_custom_resources_is_refused(group: str) -> None:
    with pytest.raises(Refused, match="group"):
        planner_manifests(Identities(groups=(group,)))


@pytest.mark.parametrize("names", [{"namespace": "a' || true"}, {"namespace": ""}, {"secrets": ("A",)}])
def test_a_namespace_that_is_no_name_is_refused(names: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="is no namespace"):
        Identities(**names)


def test_the_end_of_a_namespace_names_the_kinds_that_the_planner_may_not_list(planner: Account, namespace: str) -> None:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    definition = crd(f"{namespace}.example")
    assert planner.admin.apply(definition, dry_run=False).ok
    until(lambda: any(resource.group == f"{namespace}.example" for resource in planner.admin.resources()))
    known = applied(planner.admin, body)
    change = planned(as_planner(planner), destroy=True, inventory=known)[f"Namespace/{namespace}"]
    remove(planner.admin, definition)
    assert (change.verb, change.confirm) == (Verb.DELETE, True), change.problem
    (unlisted,) = (loss for loss in change.losses if loss.startswith("whatever it holds of "))
    assert "Secret" in unlisted
    assert unlisted.endswith("which the bot may not list")


def test_a_binding_that_an_admin_planned_with_its_role_is_applied_by_the_documented_applier(
    planner: Account, cluster: Access, namespace: str, tmp_path: Path
) -> None:
    metadata = {"name": "app", "namespace": namespace}
    rule = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}
    role = {"apiVersion": RBAC_VERSION, "kind": "Role", "metadata": metadata, "rules": [rule]}
    role_ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "app"}
    binding = {"apiVersion": RBAC_VERSION, "kind": "RoleBinding", "metadata": metadata, "roleRef": role_ref}
    applier = kubeconfig_of(cluster, planner.names, APPLIER, tmp_path)
    ground = Ground(planner.admin, applier, tmp_path, namespace)
    work = ground.plan(role, binding)
    assert all(change.result for change in work.changes)
    carried = ground.carry(work)
    assert carried.exit == 0, carried.output
