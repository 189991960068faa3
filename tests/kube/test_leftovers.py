"""What is left of an object's earlier shape goes with the change, and the plan foresees it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.kube.apply.artifact import ApplyArtifact
from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import ObjectRef
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.options import Allowance, KubernetesRules
from bot.kube.plan.leftovers import clear_leftovers
from bot.kube.plan.plan_request import PlanRequest
from tests.kube.carrying import Ground
from tests.kube.planning import Body, another, applied, deployment, planned
from tests.rig.access import Access

KUBECTL = "kubectl-client-side-apply"


@pytest.fixture
def ground(api: Cluster, cluster: Access, namespace: str, tmp_path: Path, planning: PlanRequest) -> Ground:
    return Ground(api, cluster.kubeconfig, tmp_path, namespace, planner=planning.cluster, managers=(KUBECTL,))


def with_spec(namespace: str, **spec: Any) -> Body:
    body = deployment(namespace)
    return {**body, "spec": {**body["spec"], **spec}}


def with_variable(namespace: str, **variable: Any) -> Body:
    body = deployment(namespace)
    body["spec"]["template"]["spec"]["containers"][0]["env"] = [
        {"name": "WORD", **variable},
        {"name": "B", "value": "b"},
    ]
    return body


FROM_MAP = {"configMapKeyRef": {"name": "words", "key": "word"}}


def live_spec(ground: Ground) -> dict[str, Any]:
    answer = ground.api.get("apps/v1", ObjectRef("apps", "Deployment", ground.namespace, "web"))
    return dict(answer.body["spec"])


def variables(ground: Ground) -> list[dict[str, Any]]:
    return list(live_spec(ground)["template"]["spec"]["containers"][0]["env"])


def begin_as(ground: Ground, manager: str, body: Body) -> None:
    """Have the object made by that manager, as what was there before."""
    if manager == KUBECTL:
        assert another(ground.api, KUBECTL).create(body, dry_run=False).ok
        ground.before = (body,)
    else:
        ground.apply(body)


def planned_change(ground: Ground, body: Body) -> tuple[ApplyArtifact, ObjectChange]:
    """The plan of a body that changes the only object."""
    work = ground.plan(body)
    (change,) = work.changes
    assert change.verb is Verb.CHANGE, change.problem
    return work, change


@pytest.mark.parametrize(("manager", "taken"), [("gitops-bot", True), (KUBECTL, True), (KUBECTL, False)])
def test_a_strategy_is_exchanged_for_one_that_has_no_room_for_the_defaults_of_the_other(
    manager: str, taken: bool, ground: Ground
) -> None:
    if not taken:
        ground.managers, ground.rules = (), replace(ground.rules, allow=frozenset(Allowance))
    before, after = with_spec(ground.namespace), with_spec(ground.namespace, strategy={"type": "Recreate"})
    begin_as(ground, manager, before)
    work, change = planned_change(ground, after)
    assert "spec.strategy.type" in [field.path for field in change.fields]
    carried = ground.carry(work)
    assert carried.exit == 0, carried.output
    assert live_spec(ground)["strategy"] == {"type": "Recreate"}
    ground.before = (after,)
    assert ground.plan(after).changes == ()
    if not taken:
        return
    back = ground.carry(ground.plan(before))
    assert back.exit == 0, back.output
    assert live_spec(ground)["strategy"]["type"] == "RollingUpdate"


@pytest.mark.parametrize("manager", ["gitops-bot", KUBECTL])
def test_a_value_that_somebody_applied_makes_room_for_a_reference(manager: str, ground: Ground) -> None:
    before = with_variable(ground.namespace, value="one")
    after = with_variable(ground.namespace, valueFrom=FROM_MAP)
    begin_as(ground, manager, before)
    work, change = planned_change(ground, after)
    assert change.takes == ((KUBECTL,) if manager == KUBECTL else ())
    carried = ground.carry(work)
    assert carried.exit == 0, carried.output
    assert variables(ground) == [{"name": "WORD", "valueFrom": FROM_MAP}, {"name": "B", "value": "b"}]
    assert ground.plan(after).changes == ()


def test_a_value_of_a_manager_that_nobody_takes_over_stays_in_the_way(
    planning: PlanRequest, api: Cluster, namespace: str
) -> None:
    before = with_variable(namespace, value="one")
    after = with_variable(namespace, valueFrom=FROM_MAP)
    assert another(api, KUBECTL).create(before, dry_run=False).ok
    (change,) = planned(planning, after, before=(before,)).values()
    assert change.verb is Verb.UNKNOWN
    assert "valueFrom" in change.problem
    allowing = replace(planning, rules=KubernetesRules(cluster="rig", allow=frozenset({Allowance.CONFLICTS})))
    (taken,) = planned(allowing, after, before=(before,)).values()
    assert taken.verb is Verb.CHANGE


def test_a_change_that_is_not_valid_for_another_reason_stays_so(
    planning: PlanRequest, api: Cluster, namespace: str
) -> None:
    inventory = applied(api, with_spec(namespace))
    after = with_spec(namespace, strategy={"type": "Sometimes"})
    (change,) = planned(planning, after, before=(with_spec(namespace),), inventory=inventory).values()
    assert change.verb is Verb.UNKNOWN
    assert "spec.strategy" in change.problem


def test_only_what_stands_beside_a_refused_field_is_cleared() -> None:
    live = {"spec": {"strategy": {"type": "A", "rollingUpdate": {"maxSurge": 1}}, "paused": True}}
    send = {"spec": {"strategy": {"type": "B"}}}
    clearance = clear_leftovers(send, live, ["spec.strategy.rollingUpdate"], lambda owner: False)
    assert (clearance.send, clearance.pointers) == (send, ("/spec/strategy/rollingUpdate",))
    elsewhere = clear_leftovers(send, live, ["spec.template.spec.nodeName"], lambda owner: False)
    assert (elsewhere.send, elsewhere.pointers) == (send, ())
    variables = [{"env": [{"name": "A", name: "x"}]} for name in ("value", "valueFrom")]
    live, send = ({"spec": body} for body in variables)
    cleared = clear_leftovers(send, live, ["spec.env[0].valueFrom"], lambda owner: False)
    assert cleared.send == {"spec": {"env": [{"name": "A", "valueFrom": "x", "value": None}]}}
