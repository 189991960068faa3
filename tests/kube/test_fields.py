"""Why each field of an object changes."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.kube.objects.masking import Mask
from bot.kube.objects.normalization import digest_of
from bot.kube.objects.object_changes import ChangeCause, FieldChange
from bot.kube.objects.quantities import is_core_quantity, is_same
from bot.kube.plan.field_diff import diff_fields, is_changed
from tests.kube.bodies import defaulted, deployment, edited, managed

US = "gitops-bot"
YOURS, DRIFT, CLUSTER, OTHERS = ChangeCause.YOURS, ChangeCause.DRIFT, ChangeCause.CLUSTER, ChangeCause.OTHERS


def changed(before: Any, rendered: Any, live: Any, result: Any) -> list[FieldChange]:
    return list(diff_fields(before, rendered, live, result, US))


IMAGE = "spec.template.spec.containers[web].image"


def test_a_field_that_the_pull_request_changes_is_yours() -> None:
    old, new = deployment(image="shop:1"), deployment(image="shop:2")
    assert changed(old, new, defaulted(old), defaulted(new)) == [FieldChange(IMAGE, "shop:1", "shop:2", YOURS)]


def test_a_field_that_somebody_changed_and_the_apply_sets_back_is_drift_with_who_and_when() -> None:
    body = deployment(image="shop:1")
    live = edited(defaulted(deployment(image="shop:debug")), "kubectl-edit")
    by = "kubectl-edit, 2026-03-01 12:00"
    assert changed(body, body, live, defaulted(body)) == [FieldChange(IMAGE, "shop:debug", "shop:1", DRIFT, by)]


def test_a_field_that_both_changed_is_yours_and_says_who_else() -> None:
    live = edited(defaulted(deployment(image="shop:debug")), "kubectl-edit")
    new = deployment(image="shop:2")
    (change,) = changed(deployment(image="shop:1"), new, live, defaulted(new))
    assert (change.old, change.new, change.cause) == ("shop:debug", "shop:2", YOURS)
    assert change.by == "kubectl-edit, 2026-03-01 12:00"


def test_a_field_that_somebody_removed_is_drift() -> None:
    body = deployment(replicas=3)
    live = defaulted(deployment())
    assert changed(body, body, live, defaulted(body)) == [FieldChange("spec.replicas", None, "3", DRIFT)]


def test_what_the_server_adds_to_a_change_is_the_clusters() -> None:
    old, new = deployment(), deployment(strategy={"type": "Recreate"})
    after = defaulted(new, revisionHistoryLimit=10)
    assert changed(old, new, defaulted(old), after) == [
        FieldChange("spec.strategy", None, "type: Recreate", YOURS),
        FieldChange("spec.revisionHistoryLimit", None, "10", CLUSTER),
    ]


def test_what_a_webhook_makes_of_our_value_is_told_beside_it() -> None:
    old, new = deployment(image="shop:1"), deployment(image="shop:2")
    after = defaulted(deployment(image="mirror/shop:2"))
    assert changed(old, new, defaulted(old), after) == [
        FieldChange(IMAGE, "shop:1", "shop:2", YOURS),
        FieldChange(IMAGE, "shop:2", "mirror/shop:2", CLUSTER),
    ]


def test_a_webhook_that_always_does_the_same_is_no_change() -> None:
    body, mutated = deployment(image="shop:1"), defaulted(deployment(image="mirror/shop:1"))
    assert changed(body, body, mutated, mutated) == []


def test_a_webhook_that_is_new_is_the_clusters_doing() -> None:
    body, after = deployment(image="shop:1"), defaulted(deployment(image="mirror/shop:1"))
    assert changed(body, body, defaulted(body), after) == [FieldChange(IMAGE, "shop:1", "mirror/shop:1", CLUSTER)]


def test_a_change_that_a_webhook_undoes_is_said() -> None:
    mutated = defaulted(deployment(image="pinned"))
    found = changed(deployment(image="shop:1"), deployment(image="shop:2"), mutated, mutated)
    assert found == [FieldChange(IMAGE, "shop:2", "pinned", CLUSTER)]


def test_a_field_that_another_applies_is_owned_by_others() -> None:
    old, new = deployment(image="shop:1"), deployment(image="shop:2")
    live = edited(defaulted(old), "flux", operation="Apply")
    by = "flux, 2026-03-01 12:00"
    assert changed(old, new, live, defaulted(new)) == [FieldChange(IMAGE, "shop:1", "shop:2", OTHERS, by)]


def test_our_own_apply_is_no_conflict() -> None:
    old, new = deployment(image="shop:1"), deployment(image="shop:2")
    live = edited(defaulted(old), US, operation="Apply")
    assert [change.cause for change in changed(old, new, live, defaulted(new))] == [YOURS]


def test_a_removed_field_goes() -> None:
    old, new = deployment(replicas=3), deployment()
    assert changed(old, new, defaulted(old), defaulted(new)) == [FieldChange("spec.replicas", "3", None, YOURS)]


def test_a_removed_field_that_falls_back_to_a_default_says_to_which() -> None:
    old, new = deployment(replicas=3), deployment()
    after = defaulted(new, replicas=1)
    assert changed(old, new, defaulted(old), after) == [FieldChange("spec.replicas", "3", "1", YOURS)]


def test_a_removed_field_that_another_keeps_stays_and_says_whose_it_is() -> None:
    old, new = deployment(image="shop:1"), deployment(image="shop:1")
    del new["spec"]["template"]["spec"]["containers"][0]["image"]
    live = edited(defaulted(old), "kubectl-client-side-apply")
    by = "kubectl-client-side-apply, 2026-03-01 12:00"
    assert changed(old, new, live, defaulted(old)) == [FieldChange(IMAGE, "shop:1", "shop:1", OTHERS, by)]


def test_a_foreign_item_in_a_list_that_we_own_wholly_is_drift() -> None:
    body = {"kind": "X", "spec": {"rules": [{"host": "a"}]}}
    live = managed(
        {"kind": "X", "spec": {"rules": [{"host": "a"}, {"host": "b"}]}},
        {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:spec": {"f:rules": {}}}},
    )
    assert changed(body, body, live, body) == [FieldChange("spec.rules[b]", "host: b", None, DRIFT, "kubectl-edit")]


def test_without_a_last_apply_every_difference_is_yours() -> None:
    live, new = defaulted(deployment(image="shop:0")), deployment(image="shop:2")
    assert changed(None, new, live, defaulted(new)) == [FieldChange(IMAGE, "shop:0", "shop:2", YOURS)]


def test_a_new_object_is_shown_whole_and_its_defaults_are_the_clusters() -> None:
    new = deployment(image="shop:1")
    first, *rest = changed(None, new, None, defaulted(new))
    assert (first.path, first.old, first.cause) == ("", None, YOURS)
    assert first.new is not None
    assert first.new.splitlines()[:5] == [
        "apiVersion: apps/v1",
        "kind: Deployment",
        "metadata:",
        "  name: web",
        "  namespace: shop",
    ]
    assert {change.path for change in rest} == {
        "spec.progressDeadlineSeconds",
        "spec.template.spec.containers[web].imagePullPolicy",
        "spec.template.spec.containers[web].ports[8080].protocol",
    }
    assert {change.cause for change in rest} == {CLUSTER}


def test_an_object_that_vanished_is_created_again() -> None:
    body = deployment()
    assert changed(body, body, None, body)[0].path == ""


def test_a_deletion_has_no_fields() -> None:
    assert changed(deployment(), None, defaulted(deployment()), None) == []


def test_without_a_cluster_the_two_renders_are_compared() -> None:
    assert changed(deployment(image="shop:1", replicas=2), deployment(image="shop:2"), None, None) == [
        FieldChange(IMAGE, "shop:1", "shop:2", YOURS),
        FieldChange("spec.replicas", "2", None, YOURS),
    ]


def test_without_an_answer_to_the_dry_run_defaults_are_not_taken_for_removed() -> None:
    old, new = deployment(image="shop:1"), deployment(image="shop:2")
    assert changed(old, new, defaulted(old), None) == [FieldChange(IMAGE, "shop:1", "shop:2", YOURS)]


@pytest.mark.parametrize(
    ("table", "old", "new", "alike"),
    [
        ("resources", {"limits": {"cpu": "1000m"}}, {"limits": {"cpu": 1}}, True),
        ("resources", {"limits": {"cpu": "0.5"}}, {"limits": {"cpu": "500m"}}, True),
        ("resources", {"limits": {"memory": "1Gi"}}, {"limits": {"memory": "1024Mi"}}, True),
        ("resources", {"limits": {"memory": "1e3"}}, {"limits": {"memory": "1k"}}, True),
        ("resources", {"limits": {"memory": "1G"}}, {"limits": {"memory": "1Gi"}}, False),
        ("probe", {"port": 80}, {"port": "80"}, False),
        ("flag", {"on": True}, {"on": 1}, False),
        ("env", {"value": "1000m"}, {"value": "1"}, False),
    ],
)
def test_quantities_that_are_equal_are_no_change_and_other_values_stay_as_they_are(
    table: str, old: Any, new: Any, alike: bool
) -> None:
    was, now = ({"kind": "X", "spec": {table: value}} for value in (old, new))
    assert (changed(was, now, was, now) == []) is alike


@pytest.mark.parametrize(("old", "new"), [([False], [0]), ([[True]], [[1]]), ({"a": [1]}, {"a": [True]})])
def test_a_truth_value_is_no_number_however_deep(old: Any, new: Any) -> None:
    assert not is_same(old, new, ("spec",), lambda path: True)


@pytest.mark.parametrize(("old", "new"), [(80, "80"), (True, "true"), (None, "null"), ({"a": "b"}, "a: b")])
def test_two_values_that_differ_never_look_the_same(old: Any, new: Any) -> None:
    was, now = ({"kind": "X", "spec": {"port": value}} for value in (old, new))
    (change,) = changed(was, now, was, now)
    assert change.old != change.new


def test_a_null_of_the_authors_is_their_change_and_not_the_clusters() -> None:
    live, sent, after = ({"kind": "X", "spec": {"replicas": count}} for count in (3, None, 1))
    assert changed(None, sent, live, after) == [FieldChange("spec.replicas", "3", "1", YOURS)]
    assert changed(sent, sent, after, after) == []
    gone: dict[str, Any] = {"kind": "X", "spec": {}}
    assert changed(gone, sent, gone, sent) == [FieldChange("spec.replicas", None, "null", YOURS)]
    assert [change.cause for change in changed(None, sent, None, gone)] == [YOURS]


@pytest.mark.parametrize(("old", "new"), [("1.10", "1.1"), ("1000m", 1)])
def test_a_text_that_no_schema_calls_a_quantity_shows_its_line(old: Any, new: Any) -> None:
    for path in (("version",), ("limits", "version"), ("default", "version"), ("requests", "cpu"), ("cpu",)):
        was, now = ({"kind": "X", "spec": _nested(path, value)} for value in (old, new))
        assert len(changed(was, now, was, now)) == 1, path


def _nested(path: tuple[str, ...], value: Any) -> Any:
    return {path[0]: _nested(path[1:], value)} if path else value


def test_a_config_maps_keys_are_no_quantities() -> None:
    was, now = ({"kind": "ConfigMap", "data": {"cpu": value}} for value in ("1000m", "1"))
    assert changed(was, now, was, now) == [FieldChange("data.cpu", "1000m", "1", YOURS)]


def test_items_are_told_apart_by_name_whatever_their_place() -> None:
    first, second = {"name": "A", "value": "1"}, {"name": "B", "value": "2"}
    was = {"kind": "X", "spec": {"env": [first, second]}}
    now = {"kind": "X", "spec": {"env": [{"name": "NEW", "value": "0"}, first, {"name": "B", "value": "3"}]}}
    assert changed(was, now, was, now) == [
        FieldChange("spec.env[NEW]", None, "name: NEW\nvalue: 0".replace("0", '"0"'), YOURS),
        FieldChange("spec.env[B].value", "2", "3", YOURS),
    ]


def test_the_order_of_named_items_is_a_field() -> None:
    was = {"kind": "X", "spec": {"env": [{"name": "A"}, {"name": "B"}]}}
    now = {"kind": "X", "spec": {"env": [{"name": "B"}, {"name": "A"}]}}
    assert changed(was, now, was, now) == [FieldChange("spec.env (order)", "A, B", "B, A", YOURS)]


def test_ports_are_told_apart_by_number_and_protocol() -> None:
    was = {"kind": "Service", "spec": {"ports": [{"port": 53}, {"port": 53, "protocol": "UDP", "name": "dns"}]}}
    now = copy.deepcopy(was)
    now["spec"]["ports"][1]["name"] = "udp"  # type: ignore[index]
    assert changed(was, now, was, now) == [FieldChange("spec.ports[53/UDP].name", "dns", "udp", YOURS)]


def test_lists_of_texts_are_one_field_of_many_lines() -> None:
    was, now = ({"kind": "X", "spec": {"args": args}} for args in (["--a"], ["--a", "- b", "8", "on", "c: d"]))
    told = '- --a\n- "- b"\n- "8"\n- "on"\n- "c: d"'
    assert changed(was, now, was, now) == [FieldChange("spec.args", "- --a", told, YOURS)]


def test_tables_without_a_name_go_by_their_place_and_defaults_in_a_longer_list_are_no_drift() -> None:
    one, two = {"from": [1]}, {"from": [2]}
    was, now = ({"kind": "X", "spec": {"in": items}} for items in ([one], [one, two]))
    live, after = ({"kind": "X", "spec": {"in": [{**i, "by": "d"} for i in items]}} for items in ([one], [one, two]))
    (change,) = changed(was, now, edited(live, "kubectl-edit"), after)
    assert (change.path, change.cause, change.by) == ("spec.in", YOURS, "")
    assert change.new == "- from:\n  - 1\n  by: d\n- from:\n  - 2\n  by: d"
    other = {"kind": "X", "spec": {"in": [{"from": [3]}]}}
    assert [change.path for change in changed(was, other, was, other)] == ["spec.in[0].from"]


def test_a_secrets_keys_are_told_as_added_removed_changed_and_same() -> None:
    def body(**values: str) -> dict[str, Any]:
        return Mask(b"k").mask_values({"kind": "Secret", "metadata": {"name": "s"}, "stringData": values})

    was, now = body(kept="1", changed="2", gone="3"), body(kept="1", changed="4", new="5")
    found = {change.path: (change.old, change.new) for change in changed(was, now, was, now)}
    assert found["data.kept"][0] == found["data.kept"][1] is not None
    assert found["data.changed"][0] != found["data.changed"][1]
    assert found["data.gone"][1] is None
    assert found["data.new"][0] is None
    assert changed(was, was, was, was) == []


def test_what_nobody_means_is_no_change() -> None:
    body = deployment()
    live = defaulted(body)
    after = copy.deepcopy(live)
    after["metadata"] |= {"resourceVersion": "8", "generation": 4, "managedFields": [{"manager": "x"}]}
    after["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "4"}
    after["status"] = {"replicas": 9}
    assert changed(body, body, live, after) == []
    assert digest_of(live, body) == digest_of(after, body)
    after["spec"]["replicas"] = 9
    assert digest_of(live, body) != digest_of(after, body)


def test_the_digest_of_a_new_service_is_free_of_what_each_try_gives_out() -> None:
    def tried(ip: str, port: int) -> str:
        spec = {"clusterIP": ip, "clusterIPs": [ip], "ports": [{"port": 80, "nodePort": port}]}
        return digest_of({"kind": "Service", "metadata": {"name": "web"}, "spec": spec}, sent)

    sent: dict[str, Any] = {"kind": "Service", "spec": {"ports": [{"port": 80}]}}
    assert tried("10.0.0.1", 30001) == tried("10.0.0.2", 30002)
    sent = {"kind": "Service", "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80, "nodePort": 30001}]}}
    assert tried("10.0.0.1", 30001) != tried("10.0.0.1", 30002)
    assert tried("10.0.0.1", 30001) != tried("10.0.0.2", 30001)


NAMES = st.sampled_from(["name", "port", "protocol", "limits", "cpu", "a", "b/c"])
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["", "1", "1000m", "TCP", "x\ny"]))
VALUES = st.recursive(
    PLAIN, lambda one: st.lists(one, max_size=3) | st.dictionaries(NAMES, one, max_size=4), max_leaves=12
)
BODIES = st.builds(
    lambda kind, spec: {"kind": kind, "spec": spec, "data": spec}, st.sampled_from(["X", "Secret"]), VALUES
)


@settings(max_examples=300, deadline=None)
@given(st.none() | BODIES, BODIES, st.none() | BODIES, st.none() | BODIES)
def test_whatever_shape_values_have_what_differs_is_told_and_what_is_equal_is_not(
    before: Any, rendered: Any, live: Any, result: Any
) -> None:
    diff_fields(before, rendered, live, result, US)
    assert changed(rendered, rendered, rendered, rendered) == []
    if live is not None and result is not None:
        lines = [change for change in diff_fields(before, rendered, live, result, US) if change.old != change.new]
        assert lines or not is_changed(live, result, is_core_quantity)
        assert digest_of(live, {}) != digest_of(result, {}) or not is_changed(live, result, is_core_quantity)
