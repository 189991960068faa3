"""What else an apply does: hooks at their time, fields taken over from others; and what it never says."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import ObjectRef
from bot.kube.objects.object_changes import ChangeCause, Verb
from bot.kube.options import HealthOptions
from tests.kube.bodies import hook, job
from tests.kube.carrying import Ground, there
from tests.kube.planning import configmap
from tests.rig.access import Access

PLANTED = "hunter2-planted-here"


@pytest.fixture
def ground(api: Cluster, cluster: Access, namespace: str, tmp_path: Path) -> Ground:
    return Ground(api, cluster.kubeconfig, tmp_path, namespace)


def test_hooks_run_by_weight_around_the_objects_and_go_as_their_policy_says(ground: Ground) -> None:
    space = ground.namespace
    carried = ground.apply(
        configmap(space, a="1"),
        hook(configmap(space, "second"), "pre-install", 5, "hook-succeeded"),
        hook(configmap(space, "first"), "pre-install,pre-upgrade", -5),
        hook(configmap(space, "last"), "post-install"),
        hook(configmap(space, "test"), "test"),
        hook(configmap(space, "upgrade"), "pre-upgrade"),
    )
    order = [result.ref.rpartition("/")[2] for result in carried.results.results]
    assert order == ["first", "second", "settings", "last"]
    assert [there(ground, name) for name in ("first", "second", "last", "test", "upgrade")] == [
        True,
        False,
        True,
        False,
        False,
    ]
    assert ground.members() == {"ConfigMap/settings"}


def test_upgrade_hooks_run_once_something_was_applied_before(ground: Ground) -> None:
    space = ground.namespace
    hooks = (hook(configmap(space, "install"), "pre-install"), hook(configmap(space, "upgrade"), "pre-upgrade"))
    ground.apply(configmap(space, a="1"), hooks[0])
    ground.apply(configmap(space, a="2"), *hooks)
    assert there(ground, "upgrade")


def test_a_failing_hook_ends_the_apply_before_any_object(ground: Ground) -> None:
    work = ground.plan(configmap(ground.namespace, a="1"), hook(job(ground.namespace, "migrate", 1), "pre-install"))
    carried = ground.carry(work)
    assert carried.exit == 1
    assert "DeadlineExceeded" in carried.results.results[0].message
    assert not there(ground, "settings")


def test_an_interrupt_is_heard_while_a_hook_is_waited_for(ground: Ground) -> None:
    waits = hook(job(ground.namespace, "migrate", 600), "pre-install")
    ground.health = HealthOptions(timeout=600, stable=0)
    child = ground.begin(ground.plan(configmap(ground.namespace, a="1"), waits))
    assert child.stdout
    assert "waiting" in child.stdout.readline()
    child.send_signal(signal.SIGINT)
    carried = ground.ended(child)
    assert carried.exit == 4
    assert not there(ground, "settings")


def test_fields_of_a_manager_that_is_taken_over_go_when_they_leave_git(ground: Ground, cluster: Access) -> None:
    space, body = ground.namespace, {}
    body = configmap(space, a="1", b="1")
    subprocess.run(
        ["kubectl", "--kubeconfig", str(cluster.kubeconfig), "apply", "-f", "-"],
        input=json.dumps(body),
        text=True,
        check=True,
        capture_output=True,
    )
    ground.managers = ("kubectl-client-side-apply",)
    ground.before = (body,)
    work = ground.plan(configmap(space, a="2"))
    (one,) = work.changes
    assert one.verb is Verb.CHANGE
    assert one.takes == ("kubectl-client-side-apply",)
    assert {(change.path, change.new, change.cause) for change in one.fields if change.path.startswith("data")} == {
        ("data.a", "2", ChangeCause.YOURS),
        ("data.b", None, ChangeCause.YOURS),
    }
    assert ground.carry(work).exit == 0
    live = ground.api.get("v1", ObjectRef("", "ConfigMap", space, "settings")).body
    assert live["data"] == {"a": "2"}


def test_secrets_are_in_no_line_of_an_apply_that_fails(ground: Ground) -> None:
    space = ground.namespace
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "door", "namespace": space},
        "stringData": {"password": PLANTED},
        "immutable": True,
    }
    ground.apply(secret, configmap(space, a="1"))
    work = ground.plan({**secret, "stringData": {"password": f"{PLANTED}-2"}}, configmap(space, a=PLANTED))
    carried = ground.carry(work)
    shown = carried.output + (ground.directory / "results.json").read_text()
    assert carried.exit in (0, 3)
    assert PLANTED not in shown
