"""Whose a field is, what is left out of an object for that, and how a real API server tells it."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import dynamic

from bot.kube.objects.masking import Mask
from bot.kube.objects.object_changes import ChangeCause
from bot.kube.objects.pointers import drop_fields
from bot.kube.plan.field_diff import diff_fields
from bot.kube.plan.managed_fields import foreign_fields, last_owners
from tests.kube.bodies import deployment, edited, managed
from tests.rig.access import Access

US = "gitops-bot"


def test_owners_are_told_by_field() -> None:
    live = edited(deployment(), "kubectl-edit")
    found = last_owners(live)["/spec/template/spec/containers/[name=web]/image"]
    assert (found.name, found.time) == ("kubectl-edit", "2026-03-01T12:00:00Z")


def test_what_an_autoscaler_scales_is_left_alone_and_what_a_person_scales_is_not() -> None:
    scaled = {"f:spec": {"f:replicas": {}}}
    entry = {"manager": "kube-controller-manager", "operation": "Update", "subresource": "scale", "fieldsV1": scaled}
    live = managed(deployment(replicas=5), entry, {**entry, "manager": "kubectl"})
    (found,) = foreign_fields(live, ())
    assert (found.pointer, found.owner.name) == ("/spec/replicas", "kube-controller-manager")
    assert foreign_fields(managed(deployment(replicas=5), {**entry, "manager": "kubectl"}), ()) == ()


def test_what_a_named_manager_has_can_be_left_out_of_what_is_sent() -> None:
    live = edited(deployment(image="pinned"), "image-pinner")
    pointers = [field.pointer for field in foreign_fields(live, ("image-*",))]
    sent = drop_fields(deployment(image="shop:2"), pointers)
    assert "image" not in sent["spec"]["template"]["spec"]["containers"][0]
    assert sent["spec"]["template"]["spec"]["containers"][0]["name"] == "web"
    assert foreign_fields(live, ("other",)) == ()


def test_pointers_reach_into_lists_and_odd_keys_and_leave_the_body_as_it_was() -> None:
    body = {"a": {"x/y": 1, "z~": 2}, "l": [{"n": 1, "k": "p"}, {"n": 2, "k": "q"}], "t": ["u", "v"], "e": {"m": 1}}
    kept = copy.deepcopy(body)
    assert drop_fields(body, ["/a/x~1y", "/a/z~0", "/l/*/n", "/t/0", "/e/m", "/no/thing", ""]) == {
        "a": {},
        "l": [{"k": "p"}, {"k": "q"}],
        "t": ["v"],
        "e": {},
    }
    assert drop_fields(body, ["/l/[k=q]", "/t/[=u]", "/a/*"]) == {
        "a": {},
        "l": [{"n": 1, "k": "p"}],
        "t": ["v"],
        "e": {"m": 1},
    }
    assert body == kept


def test_what_another_applied_as_string_data_is_its_own_in_data() -> None:
    was, now = ({"kind": "Secret", "metadata": {"name": "s"}, "data": {"a": value}} for value in ("x", "y"))
    entry = {"manager": "flux", "operation": "Apply", "fieldsV1": {"f:stringData": {"f:a": {}}}}
    (change,) = diff_fields(was, now, managed(was, entry), now, US)
    assert (change.path, change.cause, change.by) == ("data.a", ChangeCause.OTHERS, "flux")


@pytest.fixture
def server(cluster: Access) -> Iterator[dynamic.DynamicClient]:
    with cluster.client() as api:
        yield dynamic.DynamicClient(api)


class Server:
    """One kind in one namespace of a real server."""

    def __init__(self, server: dynamic.DynamicClient, namespace: str, body: dict[str, Any]) -> None:
        self.kind = server.resources.get(api_version=body["apiVersion"], kind=body["kind"])
        self.namespace, self.name = namespace, body["metadata"]["name"]

    def apply(self, body: dict[str, Any], manager: str = US, **more: Any) -> dict[str, Any]:
        made = self.kind.server_side_apply(body=body, namespace=self.namespace, field_manager=manager, **more)
        return dict(made.to_dict())

    def attempt(self, body: dict[str, Any]) -> dict[str, Any]:
        return self.apply(body, dry_run="All", force_conflicts=True)

    def edit(self, patch: dict[str, Any], manager: str) -> dict[str, Any]:
        made = self.kind.patch(
            body=patch,
            name=self.name,
            namespace=self.namespace,
            field_manager=manager,
            content_type="application/strategic-merge-patch+json",
        )
        return dict(made.to_dict())


def labelled(image: str, namespace: str, **spec: Any) -> dict[str, Any]:
    body = deployment(image, **spec)
    body["metadata"]["namespace"] = namespace
    body["spec"]["selector"] = {"matchLabels": {"app": "web"}}
    body["spec"]["template"]["metadata"] = {"labels": {"app": "web"}}
    return body


def test_a_real_server_tells_drift_conflict_default_and_removal_apart(
    server: dynamic.DynamicClient, namespace: str
) -> None:
    before = labelled("shop:1", namespace, replicas=3, minReadySeconds=5, paused=True)
    web = Server(server, namespace, before)
    web.apply(before)
    web.edit({"spec": {"replicas": 7}}, "kubectl-edit")
    other = labelled("shop:1", namespace, minReadySeconds=9)
    live = web.apply(other, "flux", force_conflicts=True)
    rendered = labelled("shop:2", namespace, replicas=3, minReadySeconds=5)
    found = {change.path: change for change in diff_fields(before, rendered, live, web.attempt(rendered), US)}
    assert {path: (one.old, one.new, one.cause) for path, one in found.items()} == {
        "spec.replicas": ("7", "3", ChangeCause.DRIFT),
        "spec.minReadySeconds": ("9", "5", ChangeCause.OTHERS),
        "spec.paused": ("true", None, ChangeCause.YOURS),
        "spec.template.spec.containers[web].image": ("shop:1", "shop:2", ChangeCause.OTHERS),
    }
    assert found["spec.replicas"].by.startswith("kubectl-edit, 20")
    assert found["spec.minReadySeconds"].by.startswith("flux, 20")


def test_a_real_servers_defaults_are_no_change_and_those_of_a_new_object_are_its_own(
    server: dynamic.DynamicClient, namespace: str
) -> None:
    body = labelled("shop:1", namespace)
    web = Server(server, namespace, body)
    first, *rest = diff_fields(None, body, None, web.attempt(body), US)
    assert (first.path, first.cause) == ("", ChangeCause.YOURS)
    assert {change.cause for change in rest} == {ChangeCause.CLUSTER}
    assert "spec.strategy" in {change.path for change in rest}
    assert diff_fields(body, body, web.apply(body), web.attempt(body), US) == ()


def test_a_real_server_keeps_no_value_of_a_secret_from_being_masked(
    server: dynamic.DynamicClient, namespace: str
) -> None:
    def body(**values: str) -> dict[str, Any]:
        return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": values}

    mask, db = Mask(b"key"), Server(server, namespace, body())
    db.apply(body(password="hunter22", kept="steady1"))
    live = db.edit({"stringData": {"password": "edited22"}}, "kubectl-edit")
    now = body(password="hunter33", kept="steady1")
    four = [mask.mask_values(one) for one in (body(password="hunter22", kept="steady1"), now, live, db.attempt(now))]
    found = {change.path: change for change in diff_fields(*four, US)}
    assert found["data.password"].by.startswith("kubectl-edit, 20")
    assert found["data.password"].new == mask.fingerprint(b"hunter33")
    assert found["data.kept"].old == found["data.kept"].new
    assert not any(value in repr((found, four)) for value in ("hunter", "edited22", "steady1", "aHVudGVy"))
