"""What others changed in objects of ours: shown, overwritten when a person says so, or theirs."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.plan import Action
from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import ObjectRef
from bot.kube.objects.object_changes import ChangeCause, Verb
from bot.kube.options import Allowance, KubernetesRules
from bot.kube.plan.plan_content import plan_content
from bot.kube.plan.plan_request import PlanRequest
from tests.kube.carrying import Ground
from tests.kube.planning import Body, another, applied, configmap, planned
from tests.rig.access import Access

ALLOWING = KubernetesRules(cluster="rig", allow=frozenset({Allowance.CONFLICTS}))


@pytest.fixture
def ground(api: Cluster, cluster: Access, namespace: str, tmp_path: Path, planning: PlanRequest) -> Ground:
    return Ground(api, cluster.kubeconfig, tmp_path, namespace, planner=planning.cluster)


def edit(api: Cluster, namespace: str, name: str = "settings", key: str = "a", text: str = "9") -> None:
    """As `kubectl edit` does."""
    ref = ObjectRef("", "ConfigMap", namespace, name)
    operation = {"op": "add", "path": f"/data/{key}", "value": text}
    assert another(api, "kubectl-edit").patch("v1", ref, [operation], dry_run=False).ok


def text_of(ground: Ground, name: str = "settings") -> object:
    return ground.api.get("v1", ObjectRef("", "ConfigMap", ground.namespace, name)).body["data"]


def test_drift_of_an_object_that_stays_as_it_is_in_git_is_shown_and_blocks_nothing(
    planning: PlanRequest, api: Cluster, namespace: str
) -> None:
    before = configmap(namespace, a="1"), configmap(namespace, "other", a="1")
    inventory = applied(api, *before)
    edit(api, namespace)
    after = before[0], configmap(namespace, "other", a="2")
    changes = planned(planning, *after, before=before, inventory=inventory)
    assert [change.verb for change in changes.values()] == [Verb.UNCHANGED, Verb.CHANGE]
    content = plan_content("manifests", tuple(changes.values()), offline=False)
    assert content.obstacles == ()
    (drift,) = content.drift
    assert (drift.address, drift.action) == (f"ConfigMap {namespace}/settings", Action.UPDATE)
    assert drift.lines[0].text.startswith("  data.a: 1 → 9  # written by kubectl-edit, 20")
    assert any("`allow: [conflicts]` on the base branch sets it back" in note for note in content.notes)


def test_drift_of_an_object_that_changes_is_overwritten_when_a_person_names_it(ground: Ground) -> None:
    space = ground.namespace
    ground.apply(configmap(space, a="1"))
    edit(ground.api, space)
    work = ground.plan(configmap(space, a="2"))
    (change,) = work.changes
    assert (change.verb, change.confirm) == (Verb.CHANGE, True)
    assert "overwrites drift: data.a by kubectl-edit" in change.notes
    refused = ground.carry(work)
    assert (refused.exit, text_of(ground)) == (3, {"a": "9"})
    carried = ground.carry(work, f"ConfigMap/{space}/settings")
    assert (carried.exit, text_of(ground)) == (0, {"a": "2"})


def test_drift_that_an_apply_leaves_is_shown_again_by_the_next_plan(ground: Ground) -> None:
    space = ground.namespace
    ground.apply(configmap(space, a="1"), configmap(space, "other", a="1"))
    edit(ground.api, space)
    ground.apply(configmap(space, a="1"), configmap(space, "other", a="2"))
    assert text_of(ground) == {"a": "9"}
    assert ground.plan(*ground.before).drifted == (ObjectRef("", "ConfigMap", space, "settings").id,)


def test_drift_of_a_secret_shows_no_value(planning: PlanRequest, api: Cluster, namespace: str) -> None:
    metadata = {"name": "door", "namespace": namespace}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"word": "cGxhbnRlZC1vbmU="}}
    inventory = applied(api, secret)
    ref = ObjectRef("", "Secret", namespace, "door")
    operation = {"op": "add", "path": "/data/word", "value": "cGxhbnRlZC10d28="}
    assert another(api, "kubectl-edit").patch("v1", ref, [operation], dry_run=False).ok
    (change,) = planned(planning, secret, before=(secret,), inventory=inventory).values()
    assert [field.path for field in change.drift] == ["data.word"]
    shown = repr((change, plan_content("manifests", (change,), offline=False)))
    assert "planted" not in shown
    assert "cGxhbnRlZC" not in shown


def applied_by_another(api: Cluster, namespace: str) -> Body:
    body = configmap(namespace, a="9")
    assert another(api, "argocd").apply(body, dry_run=False, force=True).ok
    return body


def test_what_others_apply_is_a_conflict_with_the_remedies(planning: PlanRequest, api: Cluster, namespace: str) -> None:
    before = configmap(namespace, a="1")
    inventory = applied(api, before)
    applied_by_another(api, namespace)
    after = configmap(namespace, a="2")
    (change,) = planned(planning, after, before=(before,), inventory=inventory).values()
    assert change.verb is Verb.CONFLICT
    assert change.problem.startswith("owned by someone else: data.a by argocd; leave it out of Git")
    assert "`allow: [conflicts]` on the base branch" in change.problem
    content = plan_content("manifests", (change,), offline=False)
    assert (content.counts.conflicts, content.counts.unknown) == (1, 0)
    assert content.obstacles[0].startswith(f"ConfigMap {namespace}/settings is in conflict: owned by someone else")
    allowing = replace(planning, rules=ALLOWING)
    (taken,) = planned(allowing, after, before=(before,), inventory=inventory).values()
    assert (taken.verb, taken.force, taken.confirm) == (Verb.CHANGE, True, False)
    assert taken.fields[0].cause is ChangeCause.OTHERS


def test_drift_is_set_back_where_the_base_branch_allows_it(planning: PlanRequest, api: Cluster, namespace: str) -> None:
    before = configmap(namespace, a="1")
    inventory = applied(api, before)
    edit(api, namespace)
    allowing = replace(planning, rules=ALLOWING)
    (change,) = planned(allowing, before, before=(before,), inventory=inventory).values()
    assert (change.verb, change.confirm) == (Verb.CHANGE, False)
    assert [(field.old, field.new, field.cause) for field in change.fields] == [("9", "1", ChangeCause.DRIFT)]


def test_an_object_that_leaves_git_before_the_bot_applied_anything_is_said_to_stay(
    planning: PlanRequest, api: Cluster, namespace: str
) -> None:
    old, kept = configmap(namespace, "old", a="1"), configmap(namespace, "kept", a="1")
    assert another(api, "kubectl-client-side-apply").create(old, dry_run=False).ok
    never = configmap(namespace, "never", a="1")
    changes = planned(planning, kept, before=(old, kept, never))
    assert changes["ConfigMap/old"].verb is Verb.UNCHANGED
    content = plan_content("manifests", tuple(changes.values()), offline=False)
    (notice,) = content.notices
    assert notice.summary == f"ConfigMap {namespace}/old"
    assert notice.detail == "left Git, and the bot never applied it: it stays until somebody deletes it by hand"
