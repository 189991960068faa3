"""Hooks of charts as Helm runs them: what one leaves is there for the next, and names are no one's alone."""

import signal
import time
from pathlib import Path

import pytest

from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import ObjectRef, object_of
from bot.kube.objects.masking import Mask
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.options import HealthOptions, KubernetesRules
from bot.kube.plan.hook_changes import check_hooks, diff_hooks
from bot.kube.plan.plan_request import PlanRequest
from bot.kube.render.helm_hooks import split_hooks
from bot.kube.render.revisions import RenderedRevision
from tests.kube.bodies import hook, job
from tests.kube.carrying import KEY, Ground, there
from tests.kube.planning import LABEL, Body, configmap, deployment
from tests.kube.toys import definition
from tests.rig.access import Access

TIMES = (("yes", "pre-upgrade"), ("no", "post-upgrade"))


@pytest.fixture
def ground(api: Cluster, cluster: Access, namespace: str, tmp_path: Path) -> Ground:
    return Ground(api, cluster.kubeconfig, tmp_path, namespace)


def revision(*bodies: Body) -> RenderedRevision:
    return RenderedRevision(*split_hooks(map(object_of, bodies)))


def planned_hooks(ground: Ground, *bodies: Body) -> tuple[ObjectChange, ...]:
    request = PlanRequest(ground.api, Mask(KEY), LABEL, KubernetesRules(cluster="rig"), time.time())
    return check_hooks(request, revision(*bodies), None, ground.known())


def live(ground: Ground, name: str) -> Body:
    return dict(ground.api.get("v1", ObjectRef("", "ConfigMap", ground.namespace, name)).body)


def test_what_a_hook_leaves_is_there_until_the_last_of_its_phase_is_done(ground: Ground) -> None:
    space = ground.namespace
    account = hook(configmap(space, "account"), "pre-install", -1, "before-hook-creation,hook-succeeded")
    waits = hook(job(space, "certify", 600), "pre-install", 0, "before-hook-creation,hook-succeeded")
    ground.health = HealthOptions(timeout=600, stable=0)
    child = ground.begin(ground.plan(configmap(space, a="1"), account, waits))
    assert child.stdout
    while "waiting" not in child.stdout.readline():
        pass
    assert there(ground, "account")
    child.send_signal(signal.SIGINT)
    assert ground.ended(child).exit == 4


def test_all_that_is_to_go_once_it_succeeded_goes_when_its_phase_is_done(ground: Ground) -> None:
    space = ground.namespace
    hooks = [hook(configmap(space, name), "pre-install", n, "hook-succeeded") for n, name in enumerate("ab")]
    ground.apply(configmap(space, a="1"), *hooks)
    assert [there(ground, name) for name in ("a", "b", "settings")] == [False, False, True]


def test_where_a_hook_fails_it_goes_by_its_policy_and_those_before_it_by_theirs(ground: Ground) -> None:
    space = ground.namespace
    work = ground.plan(
        configmap(space, a="1"),
        hook(configmap(space, "stays"), "pre-install", 0),
        hook(configmap(space, "goes"), "pre-install", 1, "hook-succeeded"),
        hook(job(space, "fails", 1), "pre-install", 2, "hook-failed"),
        hook(configmap(space, "late"), "pre-install", 3),
    )
    carried = ground.carry(work)
    assert (carried.exit, carried.results.results[-1].ref) == (1, f"Job {space}/fails")
    assert [there(ground, name) for name in ("stays", "goes", "late", "settings")] == [True, False, False, False]
    assert not ground.api.get("batch/v1", ObjectRef("batch", "Job", space, "fails")).ok


def test_no_hook_takes_a_definition_away_whatever_its_policy_says(ground: Ground) -> None:
    hooked = hook(definition(ground.namespace), "pre-install", 0, "hook-succeeded")
    ref = object_of(hooked).ref
    try:
        ground.apply(configmap(ground.namespace, a="1"), hooked)
        assert ground.api.get("apiextensions.k8s.io/v1", ref).ok
    finally:
        uid = str(ground.api.get("apiextensions.k8s.io/v1", ref).body["metadata"]["uid"])
        ground.api.delete("apiextensions.k8s.io/v1", ref, uid=uid, dry_run=False)


def test_one_name_may_be_two_hooks_each_at_its_time(ground: Ground) -> None:
    space = ground.namespace
    before = hook(configmap(space, "maintenance", state="on"), "pre-install,pre-upgrade")
    after = hook(configmap(space, "maintenance", state="off"), "post-install,post-upgrade")
    ground.apply(configmap(space, a="1"), before, after)
    assert live(ground, "maintenance")["data"] == {"state": "off"}
    shown = [change.fields[0].new for change in planned_hooks(ground, configmap(space, a="1"), before, after)]
    assert ['state: "on"' in str(text) for text in shown] == [True, False]


def test_each_of_two_hooks_of_one_name_is_compared_with_what_it_was(ground: Ground) -> None:
    space = ground.namespace
    before, after = (hook(configmap(space, "maintenance", state=state), phase) for state, phase in TIMES)
    later = hook(configmap(space, "maintenance", state="none"), "post-upgrade")
    changes = diff_hooks(revision(before, later), revision(before, after), Mask(KEY))
    assert [change.verb for change in changes] == [Verb.UNCHANGED, Verb.CHANGE]


def test_a_hook_may_bear_the_name_of_what_the_release_brings(ground: Ground) -> None:
    space = ground.namespace
    early = hook(configmap(space, "settings", a="early"), "pre-install", 0, "before-hook-creation,hook-succeeded")
    ground.apply(configmap(space, a="1"), early)
    assert live(ground, "settings")["data"] == {"a": "1"}
    assert ground.members() == {"ConfigMap/settings"}


def test_a_hook_gives_way_to_the_object_of_its_name_that_is_there_already(ground: Ground) -> None:
    """As after an install that failed halfway, which runs its hooks again."""
    space = ground.namespace
    early = hook(configmap(space, "settings", a="early"), "pre-install")
    bodies = (configmap(space, a="1"), early, hook(job(space, "smoke", 1), "post-install"))
    assert ground.carry(ground.plan(*bodies)).exit == 1
    uid = live(ground, "settings")["metadata"]["uid"]
    change = planned_hooks(ground, *bodies)[0]
    assert change.verb is not Verb.UNKNOWN
    assert "is not run: the object of that name is there already, and stays" in change.notes
    assert ground.carry(ground.plan(*bodies[:2])).exit == 0
    assert (live(ground, "settings")["metadata"]["uid"], live(ground, "settings")["data"]) == (uid, {"a": "1"})


def test_a_hook_that_ended_well_does_not_hide_that_its_namesake_did_not(ground: Ground) -> None:
    space = ground.namespace
    early = hook(deployment(space), "pre-install", 0, "before-hook-creation,hook-succeeded")
    web = deployment(space)
    ground.health = HealthOptions(timeout=2, stable=0)
    assert ground.carry(ground.plan(early, {**web, "spec": {**web["spec"], "replicas": 1}})).exit == 1
    known = ground.known()
    assert known
    assert {str(ref) for ref in known.unfinished} == {f"Deployment {space}/web"}
