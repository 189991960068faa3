"""What the planner may try on a real API server, and what is closed to it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import Refused
from bot.kube.access import audit
from bot.kube.access.rbac_manifests import Identities, planner_manifests
from bot.kube.access.rights import FORBIDDEN_KINDS, GIT_KINDS, READ_ONLY_KINDS
from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import ObjectRef
from tests.kube.attempts import crd, things
from tests.kube.identities import Account, made, new_names, remove
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
