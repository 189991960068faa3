"""Ways in which a pull request might change a cluster more than its plan comment says."""

from collections.abc import Callable

import pytest
from kubernetes import client

from tests.e2e.acting import applied, approved, begin, plan_comment, propose, pull_main
from tests.e2e.conftest import Shared
from tests.rig.access import Access
from tests.staging import Stage

CONFIGURATION = """\
version: 1
defaults: {CLUSTER}
projects:
  - dir: api
    kubernetes: {namespace: SPACE}
    helm: {release: api, values: [VALUES.yaml]}
    health: {timeout: 20s, stable: 1s}
"""
CHART = {
    "api/Chart.yaml": "apiVersion: v2\nname: api\nversion: 0.1.0\n",
    "api/calm.yaml": "level: calm\n",
    "api/loud.yaml": "level: loud\n",
    "api/templates/map.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {level: "{{ .Values.level }}"}
""",
}
HOOK = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: theirs, annotations: {helm.sh/hook: "pre-install,pre-upgrade"}}
"""
TEST = HOOK.replace("theirs", "try").replace("pre-install,pre-upgrade", "test")


@pytest.fixture
def stage(shared_with_cluster: Shared) -> Stage:
    return shared_with_cluster.anew()


def configuration(values: str, space: str = "default", rules: str = "cluster: rig") -> str:
    return CONFIGURATION.replace("CLUSTER", rules).replace("SPACE", space).replace("VALUES", values)


def test_a_pull_request_that_only_names_other_values_shows_what_that_changes(stage: Stage, namespace: str) -> None:
    clone = begin(stage, {"gitops.yaml": configuration("calm", namespace)})
    applied(stage, propose(stage, clone, CHART, "bring-up"))
    pull_main(stage, clone)
    number = propose(stage, clone, {"gitops.yaml": configuration("loud", namespace)}, "loud")
    approved(stage, number)
    assert "data.level: calm → loud" in plan_comment(stage, number)


def test_without_a_cluster_other_values_are_seen_too(stage: Stage) -> None:
    clone = begin(stage, {"gitops.yaml": configuration("calm", rules="require: [approval]"), **CHART})
    number = propose(stage, clone, {"gitops.yaml": configuration("loud", rules="require: [approval]")}, "loud")
    stage.wait_for_comment(number, "data.level: calm → loud", "no cluster is configured")


def test_a_hook_that_would_take_the_place_of_anothers_object_blocks_the_apply(
    stage: Stage, cluster: Access, namespace: str
) -> None:
    with cluster.client() as its:
        client.CoreV1Api(its).create_namespaced_config_map(
            namespace, {"metadata": {"name": "theirs"}, "data": {"a": "1"}}
        )
    clone = begin(stage, {"gitops.yaml": configuration("calm", namespace)})
    files = {**CHART, "api/templates/hook.yaml": HOOK, "api/templates/try.yaml": TEST}
    number = propose(stage, clone, files, "hooked")
    shown = stage.wait_for_comment(number, "What blocks the apply")
    assert "is there, and was not made by a hook" in shown
    assert "Hooks that no apply runs: ConfigMap " in shown
    stage.bob.approve(stage.repo, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "nobody can tell what becomes of ConfigMap")
    with cluster.client() as its:
        assert client.CoreV1Api(its).read_namespaced_config_map("theirs", namespace).data == {"a": "1"}


def test_an_inventory_that_somebody_forged_neither_breaks_the_plan_nor_hides_a_change(
    stage: Stage, cluster: Access, namespace: str
) -> None:
    clone = begin(stage, {"gitops.yaml": configuration("calm", namespace)})
    applied(stage, propose(stage, clone, CHART, "bring-up"))
    pull_main(stage, clone)
    with cluster.client() as its:
        core = client.CoreV1Api(its)
        maps = core.list_namespaced_config_map("gitops-bot").items
        spaces = "applyset.kubernetes.io/additional-namespaces"
        mine = next(one for one in maps if (one.metadata.annotations or {}).get(spaces) == namespace)
        core.patch_namespaced_config_map(mine.metadata.name, "gitops-bot", {"data": {"commit": "--output=/tmp/forged"}})
    number = propose(stage, clone, {"api/calm.yaml": "level: louder\n"}, "louder")
    approved(stage, number)
    assert "data.level: calm → louder" in plan_comment(stage, number)


def test_a_repository_that_may_not_use_a_cluster_neither_plans_nor_applies_there(
    stages: Callable[..., Stage], cluster: Access
) -> None:
    settings = {
        "KUBERNETES__CLUSTERS__RIG__KUBECONFIG": str(cluster.kubeconfig),
        "KUBERNETES__CLUSTERS__RIG__APPLY_KUBECONFIG": str(cluster.kubeconfig),
        "KUBERNETES__CLUSTERS__RIG__REPOS": "somebody/else",
    }
    stage = stages(settings)
    rules = {"gitops.yaml": "version: 1\ndefaults: {cluster: rig}\nprojects: [{dir: maps, tool: manifests}]\n"}
    clone = begin(stage, rules)
    number = propose(stage, clone, {"maps/hook.yaml": HOOK.partition(", annotations")[0] + "}\n"})
    stage.wait_for_comment(number, f"the operator does not let {stage.repo} use the cluster `rig`")
    stage.wait_for_status(number, "gitops-bot/plan", "failure")
