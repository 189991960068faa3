"""What was applied and is not well is not done: it stays a change until it is well, or a person takes it as it is."""

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from bot.kube.apply.artifact import ApplyArtifact
from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import object_of
from bot.kube.objects.object_changes import Verb
from bot.kube.plan.hook_changes import check_hooks
from bot.kube.render.helm_hooks import split_hooks
from bot.kube.render.revisions import RenderedRevision
from tests.kube.bodies import hook, job
from tests.kube.carrying import Ground
from tests.kube.planning import Body, configmap, deployment
from tests.rig.access import Access
from tests.rig.kubelet import Kubelet, cannot_pull
from tests.sandbox.running import until


@pytest.fixture
def ground(api: Cluster, cluster: Access, namespace: str, tmp_path: Path) -> Ground:
    return Ground(api, cluster.kubeconfig, tmp_path, namespace)


def web(namespace: str) -> Body:
    body = deployment(namespace)
    return {**body, "spec": {**body["spec"], "replicas": 1}}


def verbs(work: ApplyArtifact) -> dict[str, Verb]:
    return {change.ref.name: change.verb for change in work.changes}


def begun_unwell(ground: Ground) -> tuple[Body, ...]:
    """A ConfigMap and a workload whose pods do not come up, both applied; what was applied."""
    bodies = configmap(ground.namespace), web(ground.namespace)
    ground.health = replace(ground.health, timeout=2)
    assert ground.carry(ground.plan(*bodies)).ends()[f"Deployment {ground.namespace}/web"] == "unhealthy"
    return bodies


def test_after_a_failed_apply_each_change_says_what_became_of_it(ground: Ground) -> None:
    ground.health = replace(ground.health, timeout=2)
    effects = dict(ground.carry(ground.plan(configmap(ground.namespace), web(ground.namespace))).results.effects())
    assert effects == {
        f"ConfigMap {ground.namespace}/settings": "created",
        f"Deployment {ground.namespace}/web": "applied, and not healthy",
    }


def test_an_unhealthy_workload_is_to_become_healthy_whatever_else_is_planned(ground: Ground) -> None:
    bodies = begun_unwell(ground)
    work = ground.plan(*bodies)
    assert verbs(work) == {"web": Verb.AWAIT}
    (note,) = work.changes[0].notes
    assert "was applied and is not healthy: 0 of 1" in note
    assert f"`/apply --confirm Deployment/{ground.namespace}/web` takes it as it is" in note
    assert ground.carry(work).ends() == {f"Deployment {ground.namespace}/web": "unhealthy"}
    assert verbs(ground.plan(configmap(ground.namespace, a="2"), bodies[1])) == {
        "settings": Verb.CHANGE,
        "web": Verb.AWAIT,
    }


def test_an_apply_that_sees_it_healthy_ends_well_and_sends_nothing(ground: Ground, cluster: Access) -> None:
    bodies = begun_unwell(ground)
    work = ground.plan(*bodies)
    ground.health = replace(ground.health, timeout=20)
    with Kubelet(cluster, ground.namespace):
        carried = ground.carry(replace(work, health=ground.health))
    assert carried.exit == 0, carried.output
    assert carried.results.summary().startswith("nothing was changed; healthy after")
    assert ground.plan(*bodies).changes == ()
    assert ground.known().commit == "c0ffee"  # type: ignore[union-attr]


def test_what_became_healthy_by_itself_is_no_change(ground: Ground, cluster: Access) -> None:
    bodies = begun_unwell(ground)
    with Kubelet(cluster, ground.namespace):
        until(lambda: ground.plan(*bodies).changes == ())


def test_a_person_takes_an_unhealthy_workload_as_it_is(ground: Ground, cluster: Access) -> None:
    bodies = begun_unwell(ground)
    with Kubelet(cluster, ground.namespace, cannot_pull("web")):
        carried = ground.carry(ground.plan(*bodies), f"Deployment/{ground.namespace}/web")
    assert carried.exit == 0, carried.output
    assert ground.plan(*bodies).changes == ()


def test_a_child_that_was_killed_while_it_waited_leaves_the_wait_to_do(ground: Ground) -> None:
    bodies = configmap(ground.namespace), web(ground.namespace)
    child = ground.begin(ground.plan(*bodies))
    assert child.stdout
    while "waiting" not in child.stdout.readline():
        pass
    child.kill()
    assert ground.ended(child).exit == -signal.SIGKILL
    assert verbs(ground.plan(*bodies)) == {"web": Verb.AWAIT}


def test_a_hook_that_failed_after_the_objects_runs_again(ground: Ground) -> None:
    space = ground.namespace
    bodies = configmap(space, a="1"), hook(job(space, "smoke", 1), "post-install")
    assert ground.carry(ground.plan(*bodies)).exit == 1
    assert ground.plan(*bodies).changes == ()
    desired = RenderedRevision(*split_hooks(map(object_of, bodies)))
    (change,) = check_hooks(ground.question, desired, desired, ground.known())
    assert change.verb is Verb.CHANGE
    assert "runs again: it did not end well when it ran last" in change.notes
    good = configmap(space, a="1"), hook(configmap(space, "smoke"), "post-install")
    assert ground.carry(ground.plan(*good)).exit == 0
    desired = RenderedRevision(*split_hooks(map(object_of, good)))
    (change,) = check_hooks(ground.question, desired, desired, ground.known())
    assert change.verb is Verb.UNCHANGED
