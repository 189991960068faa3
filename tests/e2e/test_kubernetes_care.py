"""What careful people expect of applies to a cluster, seen from the pull request."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from kubernetes import client

from bot.kube.cluster.client import Cluster
from tests.e2e.acting import applied, approved, begin, bots_comments, plan_comment, propose, pull_main
from tests.e2e.clustered import WEB, clustered
from tests.e2e.conftest import Shared
from tests.rig.access import Access
from tests.rig.kubelet import Kubelet, cannot_pull
from tests.staging import Stage

CONFIGURATION = """\
version: 1
defaults:
  cluster: rig
  prune: {most: 100}
projects:
  - dir: maps
    tool: manifests
    kubernetes: {namespace: SPACE}
    health: {timeout: 20s, stable: 1s}
"""
GENERATED = """\
version: 1
defaults: {cluster: rig, prune: {most: 100}}
projects:
  - dir: app
    kubernetes: {namespace: SPACE}
    health: {timeout: 20s, stable: 1s}
"""
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {a: VALUE}\n"


def config_map(name: str = "settings", value: str = "one") -> str:
    return MAP.replace("NAME", name).replace("VALUE", value)


def generated(level: str) -> dict[str, str]:
    """A kustomization with a ConfigMap that gets its name from its content, and a workload that reads it."""
    reads = "envFrom: [{configMapRef: {name: conf}}]"
    web = WEB.replace("spec:\n", "spec:\n  replicas: 0\n", 1).replace("image: none", f"image: none, {reads}")
    kustomization = f"resources: [web.yaml]\nconfigMapGenerator: [{{name: conf, literals: [LEVEL={level}]}}]\n"
    return {"app/kustomization.yaml": kustomization, "app/web.yaml": web}


@pytest.fixture
def stage(shared_with_cluster: Shared) -> Stage:
    return shared_with_cluster.anew()


def repository(stage: Stage, namespace: str, **files: str) -> Path:
    """A repository whose one project is applied to the namespace."""
    clone = begin(stage, {"gitops.yaml": CONFIGURATION.replace("SPACE", namespace)})
    number = propose(stage, clone, {f"maps/{name}.yaml": text for name, text in files.items()}, "bring-up")
    applied(stage, number)
    pull_main(stage, clone)
    return clone


def test_a_namespace_goes_only_when_it_is_named(stage: Stage, cluster: Access, namespace: str) -> None:
    name = f"old-{uuid.uuid4().hex[:10]}"
    space = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"
    clone = repository(stage, namespace, space=space, settings=config_map())
    number = propose(stage, clone, {"maps/space.yaml": None}, "without")
    approved(stage, number)
    assert f"Namespace/{name} would go, with all that is in it" in plan_comment(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "was not carried out", f"/apply --confirm Namespace/{name}")
    stage.alice.comment(stage.repo, number, f"/apply --confirm Namespace/{name}")
    stage.wait_for_merge(number)
    with cluster.client() as api:
        assert name not in {one.metadata.name for one in client.CoreV1Api(api).list_namespace().items}


def test_a_generated_object_under_a_new_name_is_one_change_with_what_it_rolls(
    stage: Stage, cluster: Access, namespace: str
) -> None:
    clone = begin(stage, {"gitops.yaml": GENERATED.replace("SPACE", namespace)})
    applied(stage, propose(stage, clone, generated("info"), "bring-up"))
    pull_main(stage, clone)
    number = propose(stage, clone, generated("debug"), "louder")
    plan = stage.wait_for_comment(number, "What blocks the apply")
    assert "renamed, rolls Deployment" in plan
    assert "to delete" not in plan
    applied(stage, number)
    with cluster.client() as api:
        core = client.CoreV1Api(api)
        kept = [
            one for one in core.list_namespaced_config_map(namespace).items if one.metadata.name.startswith("conf-")
        ]
    assert [one.data for one in kept] == [{"LEVEL": "debug"}]


def test_an_object_that_cannot_be_told_blocks_the_apply_with_its_reason(stage: Stage, namespace: str) -> None:
    clone = repository(stage, namespace, settings=config_map())
    broken = config_map("broken").replace("data: {a: one}", "data: {not allowed: x}")
    number = propose(stage, clone, {"maps/settings.yaml": config_map(value="two"), "maps/broken.yaml": broken})
    approved(stage, number)
    comment = plan_comment(stage, number)
    assert f"❌ `maps`: nobody can tell what becomes of ConfigMap {namespace}/broken: is not valid: data" in comment
    assert "a: one → two" in comment.replace("data.a", "a")


def test_a_live_change_after_the_plan_refuses_the_apply_and_names_the_object(
    stage: Stage, cluster: Access, namespace: str
) -> None:
    clone = repository(stage, namespace, settings=config_map(), other=config_map("other"))
    number = propose(stage, clone, {"maps/settings.yaml": config_map(value="two")})
    approved(stage, number)
    with cluster.client() as api:
        core = client.CoreV1Api(api)
        core.patch_namespaced_config_map("settings", namespace, {"data": {"b": "by hand"}})
        stage.alice.comment(stage.repo, number, "/apply")
        stage.wait_for_comment(number, "Apply failed", f"ConfigMap {namespace}/settings changed since the plan")
        assert core.read_namespaced_config_map("settings", namespace).data == {"a": "one", "b": "by hand"}


def test_drift_made_by_hand_is_shown_apart_from_the_pull_requests_own_change(
    stage: Stage, cluster: Access, namespace: str
) -> None:
    clone = repository(stage, namespace, settings=config_map())
    with cluster.client() as api:
        by_hand = {"data": {"a": "by hand"}}
        client.CoreV1Api(api).patch_namespaced_config_map("settings", namespace, by_hand)
    number = propose(stage, clone, {"maps/settings.yaml": config_map().replace("one}", "one, b: new}")})
    approved(stage, number)
    comment = plan_comment(stage, number)
    assert "your change" in comment
    assert "existing drift that this overwrites" in comment
    assert "unknown action" not in comment
    name = f"ConfigMap/{namespace}/settings"
    assert f"what others changed in {name} would be overwritten" in comment
    assert len(bots_comments(stage, number)) == 1
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_comment(number, "was not carried out", f"/apply --confirm {name}")
    stage.alice.comment(stage.repo, number, f"/apply --confirm {name}")
    stage.wait_for_merge(number)
    assert data_of(cluster, namespace, "settings") == {"a": "one", "b": "new"}


def applied_as_shown(stage: Stage, number: int) -> str:
    """Approve, apply and merge; the plan comment as it was before."""
    approved(stage, number)
    comment = plan_comment(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)
    return comment


def data_of(cluster: Access, namespace: str, name: str) -> dict[str, str]:
    with cluster.client() as api:
        return dict(client.CoreV1Api(api).read_namespaced_config_map(name, namespace).data)


def test_drift_made_by_hand_on_what_a_pull_request_leaves_alone_is_shown_and_stays(
    stage: Stage, cluster: Access, namespace: str
) -> None:
    clone = repository(stage, namespace, settings=config_map(), other=config_map("other"))
    with cluster.client() as api:
        by_hand = {"data": {"a": "by hand"}}
        client.CoreV1Api(api).patch_namespaced_config_map("settings", namespace, by_hand)
    number = propose(stage, clone, {"maps/other.yaml": config_map("other", "two")})
    comment = applied_as_shown(stage, number)
    assert "1 object changed outside of manifests" in comment
    assert "data.a: one → by hand" in comment
    assert data_of(cluster, namespace, "settings") == {"a": "by hand"}


def test_what_another_tool_applies_is_a_conflict_until_the_base_branch_lets_it_be_taken(
    stage: Stage, cluster: Access, namespace: str
) -> None:
    clone = repository(stage, namespace, settings=config_map())
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": namespace}}
    other = Cluster.open("rig", cluster.kubeconfig, manager="argocd")
    assert other.apply({**body, "data": {"a": "theirs"}}, dry_run=False, force=True).ok
    number = propose(stage, clone, {"maps/settings.yaml": config_map(value="two")})
    comment = stage.wait_for_comment(number, "1 in conflict", "is in conflict: owned by someone else: data.a by argocd")
    assert "`allow: [conflicts]` on the base branch" in comment
    assert "unknown action" not in comment
    assert "nobody can tell" not in comment
    allowing = CONFIGURATION.replace("SPACE", namespace).replace("cluster: rig", "cluster: rig\n  allow: [conflicts]")
    stage.alice.git(clone, "checkout", "--quiet", "main")
    stage.alice.push(clone, {"gitops.yaml": allowing}, "main", "Allow it")
    stage.alice.comment(stage.repo, number, "/plan")
    stage.wait_for_comment(number, "taken over from argocd")
    applied(stage, number)
    assert data_of(cluster, namespace, "settings") == {"a": "two"}


def test_with_differ_kubectl_the_plan_shows_what_kubectl_diff_tells_and_applies_it(
    stage: Stage, namespace: str
) -> None:
    clone = begin(
        stage,
        {"gitops.yaml": CONFIGURATION.replace("{namespace: SPACE}", f"{{namespace: {namespace}, differ: kubectl}}")},
    )
    applied(stage, propose(stage, clone, {"maps/settings.yaml": config_map()}, "bring-up"))
    pull_main(stage, clone)
    number = propose(stage, clone, {"maps/settings.yaml": config_map(value="two")})
    approved(stage, number)
    assert "data.a: one → two" in plan_comment(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)


def test_a_workload_that_does_not_come_up_fails_the_apply_with_the_reason(
    stage: Stage, cluster: Access, namespace: str
) -> None:
    clone = repository(stage, namespace, settings=config_map())
    number = propose(stage, clone, {"maps/web.yaml": WEB})
    approved(stage, number)
    with Kubelet(cluster, namespace, cannot_pull("web")):
        stage.alice.comment(stage.repo, number, "/apply")
        comment = stage.wait_for_comment(number, "Apply failed", "ImagePullBackOff")
    assert "1 created, 1 unhealthy" in comment
    stage.wait_for_status(number, "gitops-bot/apply", "failure")


def test_a_workload_that_did_not_come_up_stays_red_until_an_apply_sees_it_healthy(
    stage: Stage, cluster: Access, namespace: str
) -> None:
    clone = repository(stage, namespace, settings=config_map())
    number = propose(stage, clone, {"maps/web.yaml": WEB})
    approved(stage, number)
    with Kubelet(cluster, namespace, cannot_pull("web")):
        stage.alice.comment(stage.repo, number, "/apply")
        stage.wait_for_comment(number, "1 to become healthy", "was applied and is not healthy")
        stage.wait_for_status(number, "gitops-bot/apply", "failure")
    with cluster.client() as api:
        client.CoreV1Api(api).delete_collection_namespaced_pod(namespace)
    approved(stage, number)
    with Kubelet(cluster, namespace):
        stage.alice.comment(stage.repo, number, "/apply")
        stage.wait_for_merge(number)
    assert "nothing was changed; healthy after" in "".join(bots_comments(stage, number))


def test_a_change_of_a_hook_alone_is_shown_and_runs(stage: Stage, cluster: Access, namespace: str) -> None:
    chart = {
        "chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 0.1.0\n",
        "chart/templates/map.yaml": config_map(),
    }
    hook = config_map("told").replace(
        "name: told}", "name: told, annotations: {helm.sh/hook: 'pre-install,pre-upgrade'}}"
    )
    options = f"kubernetes: {{namespace: {namespace}}}\n    health: {{timeout: 20s, stable: 1s}}"
    listed = f"version: 1\ndefaults: {{cluster: rig}}\nprojects:\n  - dir: chart\n    {options}\n"
    clone = begin(stage, {"gitops.yaml": listed})
    applied(stage, propose(stage, clone, chart | {"chart/templates/hook.yaml": hook}, "bring-up"))
    pull_main(stage, clone)
    number = propose(stage, clone, {"chart/templates/hook.yaml": hook.replace("a: one", "a: two")})
    comment = applied_as_shown(stage, number)
    assert "hook: runs pre-install, pre-upgrade" in comment
    assert "data.a: one → two" in comment
    assert data_of(cluster, namespace, "told") == {"a": "two"}


def test_an_apply_to_a_cluster_outlives_the_bot_and_is_told_after_the_restart(
    stages: Callable[..., Stage], cluster: Access, namespace: str, tmp_path: Path
) -> None:
    stage = stages(**clustered(cluster, tmp_path))
    clone = repository(stage, namespace, settings=config_map())
    number = propose(stage, clone, {"maps/web.yaml": WEB})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: list(stage.data.glob("applies/*/tool")))
    with cluster.client() as api:
        apps = client.AppsV1Api(api)
        stage.wait_for("the workload", lambda: apps.list_namespaced_deployment(namespace).items)
    stage.kill_bot()
    with Kubelet(cluster, namespace):
        stage.start_bot()
        stage.wait_for_merge(number)
    stage.wait_for_comment(number, "Applied", "1 created; healthy after")
