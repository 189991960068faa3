"""What a plan says of objects, held against the real API server: every hard case by name."""

import uuid
from dataclasses import replace

from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import object_of
from bot.kube.objects.object_changes import ChangeCause, Verb
from bot.kube.options import Allowance, IgnoreRule
from bot.kube.plan.plan_request import PlanRequest
from tests.kube.planning import another, applied, configmap, deployment, planned


def test_a_new_object_is_created_and_shown_whole(question: PlanRequest, namespace: str) -> None:
    one = planned(question, configmap(namespace, a="1"))["ConfigMap/settings"]
    assert one.verb is Verb.CREATE
    assert 'a: "1"' in (one.fields[0].new or "")
    assert one.result


def test_a_change_names_its_field_and_nothing_else(question: PlanRequest, api: Cluster, namespace: str) -> None:
    inventory = applied(api, deployment(namespace))
    before = (deployment(namespace),)
    one = planned(question, deployment(namespace, "web:2"), before=before, inventory=inventory)["Deployment/web"]
    assert one.verb is Verb.CHANGE
    changes = [(change.path, change.old, change.new, change.cause) for change in one.fields]
    assert changes == [("spec.template.spec.containers[web].image", "web:1", "web:2", ChangeCause.YOURS)]


def test_objects_that_did_not_move_are_not_asked_about(question: PlanRequest, api: Cluster, namespace: str) -> None:
    inventory = applied(api, configmap(namespace, a="1"), deployment(namespace))
    before = (configmap(namespace, a="1"), deployment(namespace))
    made = planned(question, *before, before=before, inventory=inventory)
    assert {one.verb for one in made.values()} == {Verb.UNCHANGED}
    assert all(not one.result for one in made.values())


def test_drift_by_somebody_else_is_told_with_who_did_it(question: PlanRequest, api: Cluster, namespace: str) -> None:
    inventory = applied(api, configmap(namespace, a="1"))
    other = another(api, "somebody")
    assert other.apply(configmap(namespace, a="9"), dry_run=False, force=True).ok
    before = (configmap(namespace, a="1"),)
    one = planned(question, configmap(namespace, a="1"), before=before, inventory=inventory)["ConfigMap/settings"]
    assert one.verb is Verb.UNCHANGED
    assert [(field.path, field.old, field.new) for field in one.drift] == [("data.a", "1", "9")]
    assert one.drift[0].by.startswith("somebody, 20")


def test_a_conflict_is_forced_only_where_the_base_branch_allows_it(
    question: PlanRequest, api: Cluster, namespace: str
) -> None:
    inventory = applied(api, configmap(namespace, a="1"))
    assert another(api, "somebody").apply(configmap(namespace, a="9"), dry_run=False, force=True).ok
    allowing = replace(question, rules=replace(question.rules, allow=frozenset({Allowance.CONFLICTS})))
    body = configmap(namespace, a="1")
    one = planned(allowing, body, before=(body,), inventory=inventory)["ConfigMap/settings"]
    assert (one.verb, one.force) == (Verb.CHANGE, True)
    assert [(change.cause, change.old, change.new) for change in one.fields] == [(ChangeCause.OTHERS, "9", "1")]
    assert "somebody" in one.fields[0].by


def test_replicas_that_an_autoscaler_set_are_left_alone_and_said_so(
    question: PlanRequest, api: Cluster, namespace: str
) -> None:
    inventory = applied(api, deployment(namespace))
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "web", "namespace": namespace}}
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web/scale"
    scaler = another(api, "kube-controller-manager")
    assert scaler._request(
        "PUT", path, {"fieldManager": "kube-controller-manager"}, {**scale, "spec": {"replicas": 7}}
    ).ok
    before = (deployment(namespace),)
    one = planned(question, deployment(namespace, "web:2"), before=before, inventory=inventory)["Deployment/web"]
    assert one.verb is Verb.CHANGE
    assert [change.path for change in one.fields] == ["spec.template.spec.containers[web].image"]
    assert "replicas" not in (one.send or {})["spec"]
    assert any("replicas is left to kube-controller-manager" in note for note in one.notes)


def test_ignored_fields_are_neither_shown_nor_sent(question: PlanRequest, api: Cluster, namespace: str) -> None:
    inventory = applied(api, configmap(namespace, a="1", b="1"))
    assert another(api, "rotator").apply(configmap(namespace, b="9"), dry_run=False, force=True).ok
    ignoring = replace(question, ignore_rules=(IgnoreRule(kind="ConfigMap", pointers=("/data/b",)),))
    bodies = (configmap(namespace, a="2", b="1"),)
    before = (configmap(namespace, a="1", b="1"),)
    one = planned(ignoring, *bodies, before=before, inventory=inventory)["ConfigMap/settings"]
    assert one.verb is Verb.CHANGE
    assert [change.path for change in one.fields] == ["data.a"]
    assert "b" not in (one.send or {})["data"]


def test_what_we_alone_own_of_ignored_fields_stays(question: PlanRequest, api: Cluster, namespace: str) -> None:
    inventory = applied(api, configmap(namespace, a="1", b="1"))
    ignoring = replace(question, ignore_rules=(IgnoreRule(pointers=("/data/b",)),))
    before = (configmap(namespace, a="1", b="1"),)
    one = planned(ignoring, configmap(namespace, a="2", b="5"), before=before, inventory=inventory)
    assert [change.path for change in one["ConfigMap/settings"].fields] == ["data.a"]


def test_an_object_in_a_namespace_of_the_same_pull_request_is_tried_elsewhere(question: PlanRequest) -> None:
    name = f"new-{uuid.uuid4().hex[:10]}"
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    broken = {**configmap(name, "broken"), "data": {"not allowed!": "1"}}
    made = planned(question, space, configmap(name, a="1"), broken)
    assert made["Namespace/" + name].verb is Verb.CREATE
    good = made["ConfigMap/settings"]
    assert (good.verb, good.result) == (Verb.CREATE, "")
    assert any("tried in namespace default" in note for note in good.notes)
    assert name in (good.fields[0].new or "")
    assert made["ConfigMap/broken"].verb is Verb.UNKNOWN
    assert "not allowed!" in made["ConfigMap/broken"].problem


def test_a_missing_namespace_is_said_with_the_way_out(question: PlanRequest) -> None:
    one = planned(question, configmap("there-is-no-such"))["ConfigMap/settings"]
    assert one.verb is Verb.UNKNOWN
    assert 'namespaces "there-is-no-such" not found; add the Namespace to this project' in one.problem


def test_an_immutable_field_asks_for_an_allowance_and_then_is_a_proven_replacement(
    question: PlanRequest, api: Cluster, namespace: str
) -> None:
    inventory = applied(api, deployment(namespace))
    before, after = deployment(namespace), deployment(namespace, app="other")
    one = planned(question, after, before=(before,), inventory=inventory)["Deployment/web"]
    assert one.verb is Verb.UNKNOWN
    assert "spec.selector cannot change in place; `allow: [replace]`" in one.problem
    allowing = replace(question, rules=replace(question.rules, allow=frozenset({Allowance.REPLACE})))
    one = planned(allowing, after, before=(before,), inventory=inventory)["Deployment/web"]
    assert one.verb is Verb.REPLACE
    assert "spec.selector.matchLabels.app" in [change.path for change in one.fields]
    assert not one.confirm


def test_an_invalid_change_is_no_replacement(question: PlanRequest, api: Cluster, namespace: str) -> None:
    inventory = applied(api, deployment(namespace))
    allowing = replace(question, rules=replace(question.rules, allow=frozenset({Allowance.REPLACE})))
    after = deployment(namespace)
    after["spec"]["replicas"] = -1
    one = planned(allowing, after, before=(deployment(namespace),), inventory=inventory)["Deployment/web"]
    assert one.verb is Verb.UNKNOWN
    assert "is not valid: spec.replicas" in one.problem


def test_an_unknown_field_is_refused_and_named(question: PlanRequest, namespace: str) -> None:
    body = deployment(namespace)
    body["spec"]["replica"] = 2
    one = planned(question, body)["Deployment/web"]
    assert one.verb is Verb.UNKNOWN
    assert "replica" in one.problem
    assert one.where == "a.yaml:1"


def test_one_broken_object_hides_no_other(question: PlanRequest, namespace: str) -> None:
    broken = {**configmap(namespace, "broken"), "data": {"no no": "1"}}
    unknown = {"apiVersion": "nowhere.test/v1", "kind": "Thing", "metadata": {"name": "x", "namespace": namespace}}
    made = planned(question, broken, unknown, configmap(namespace, a="1"))
    assert [one.verb for one in made.values()] == [Verb.UNKNOWN, Verb.UNKNOWN, Verb.CREATE]
    assert "does not know the kind Thing of nowhere.test/v1" in made["Thing/x"].problem


def test_an_object_gone_from_the_cluster_is_made_again_and_said_so(
    question: PlanRequest, api: Cluster, namespace: str
) -> None:
    body = configmap(namespace, a="1")
    inventory = applied(api, body)
    (member,) = inventory.members.values()
    assert api.delete("v1", object_of(body).ref, uid=member.uid, dry_run=False).ok
    one = planned(question, body, before=(body,), inventory=inventory)["ConfigMap/settings"]
    assert one.verb is Verb.CREATE
    assert "it was applied before and is gone from the cluster" in one.notes


def test_a_live_object_that_is_as_wanted_is_only_taken_in(question: PlanRequest, api: Cluster, namespace: str) -> None:
    body = configmap(namespace, a="1")
    assert another(api, "kubectl").apply(body, dry_run=False).ok
    one = planned(question, body)["ConfigMap/settings"]
    assert one.verb is Verb.ADOPT


def test_many_objects_of_a_kind_are_read_with_one_question(question: PlanRequest, api: Cluster, namespace: str) -> None:
    bodies = [configmap(namespace, f"c{number}", a="1") for number in range(20)]
    applied(api, *bodies)
    made = planned(question, *[configmap(namespace, f"c{number}", a="2") for number in range(20)])
    assert {one.verb for one in made.values()} == {Verb.CHANGE}


def test_a_secrets_value_is_in_no_part_of_an_outcome(question: PlanRequest, api: Cluster, namespace: str) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "door", "namespace": namespace},
        "stringData": {"password": "hunter2-planted"},
    }
    newer = {**secret, "stringData": {"password": "hunter3-planted"}}
    wrong = {**newer, "metadata": {"name": "wrong", "namespace": namespace}, "type": "kubernetes.io/tls"}
    inventory = applied(api, secret)
    made = planned(question, newer, wrong, before=(secret,), inventory=inventory)
    assert made["Secret/door"].verb is Verb.CHANGE
    assert made["Secret/wrong"].verb is Verb.UNKNOWN
    for one in made.values():
        shown = repr(replace(one, send=None))
        assert "hunter" not in shown
        assert "aHVudGVy" not in shown


def test_an_object_of_the_base_branch_that_was_never_applied_is_not_said_to_be_gone(
    question: PlanRequest, namespace: str
) -> None:
    body = configmap(namespace, a="1")
    change = planned(question, body, before=(body,))["ConfigMap/settings"]
    assert (change.verb, change.notes) == (Verb.CREATE, ())
