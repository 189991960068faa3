"""The story of the demo on a real Gitea, with real Terraform and a real Kubernetes API server."""

import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from sandbox import scenes
from sandbox.story import Story
from tests.gitea.running import Place
from tests.gitea.stage import GiteaStage
from tests.rig.access import Access

SWEEP_EVERY = "10m"  # so that only webhooks make it go on
WEB = """\
  - dir: web
    cluster: rig
    apply: merge
    health: {timeout: 20s, stable: 1s}
"""


def web(space: str, image: str = "web:1") -> dict[str, str]:
    """A Kubernetes project: a namespace and a workload without pods."""
    name, tag = image.split(":")
    return {
        "web/kustomization.yaml": f"""\
namespace: {space}
resources: [namespace.yaml, web.yaml]
images: [{{name: web, newName: {name}, newTag: "{tag}"}}]
""",
        "web/namespace.yaml": f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {space}}}\n",
        "web/web.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
""",
    }


@pytest.fixture
def space(cluster: Access) -> Iterator[str]:
    """The name of a namespace that does not exist yet; gone after the test."""
    name = f"web-{uuid.uuid4().hex[:10]}"
    yield name
    with cluster.client() as its:
        core = client.CoreV1Api(its)
        if name in {one.metadata.name for one in core.list_namespace().items}:
            core.delete_namespace(name)


@pytest.fixture
def stage(place: Place, cluster: Access, tmp_path: Path) -> Iterator[GiteaStage]:
    settings = {
        "SWEEP_EVERY": SWEEP_EVERY,
        "KUBERNETES__CLUSTERS__RIG__KUBECONFIG": str(cluster.kubeconfig),
        "KUBERNETES__CLUSTERS__RIG__APPLY_KUBECONFIG": str(cluster.kubeconfig),
    }
    with GiteaStage(place, tmp_path / "stage", settings) as own:
        yield own


def resources(stage: GiteaStage) -> Mapping[str, Any]:
    """What Terraform's states hold, by project and address. Ids are new where something was replaced."""
    return {
        f"{path.parent.name}: {row.get('module', '')}.{row['type']}.{row['name']}": [
            {key: instance["attributes"].get(key) for key in ("input", "triggers_replace")}
            for instance in row["instances"]
        ]
        for path in stage.data.glob("state/*/*/**/terraform.tfstate")
        for row in json.loads(path.read_text())["resources"]
    }


def image(cluster: Access, space: str) -> str:
    with cluster.client() as its:
        return str(
            client.AppsV1Api(its).read_namespaced_deployment("web", space).spec.template.spec.containers[0].image
        )


def test_what_was_pushed_planned_approved_applied_and_merged_on_gitea_is_rolled_back(
    stage: GiteaStage, cluster: Access, space: str
) -> None:
    files = scenes.example_files()
    files |= web(space) | {"gitops.yaml": files["gitops.yaml"] + WEB}
    clone = scenes.bring_up(stage, files)
    first = resources(stage)
    assert len(first) > 3
    assert image(cluster, space) == "web:1"

    stage.alice.push(clone, scenes.change_shop(files) | web(space, "web:2"), "new-cart", "Ship cart 2.1.0")
    number = stage.alice.open_pull(stage.repo, "new-cart", "main", "Ship cart 2.1.0")
    plan = stage.wait_for_comment(number, "What blocks the apply")
    assert "cart:2.1.0" in plan
    assert "web:2" in plan
    scenes.approve_and_apply(stage, number)
    merged = stage.wait_for_merge(number)
    stage.wait_for_comment(number, "Applied", "Merged as")
    assert resources(stage) != first
    assert image(cluster, space) == "web:2"
    assert stage.alice.api("GET", f"/repos/{stage.repo}/branches/main")["commit"]["id"] == merged["merge_commit_sha"]

    stage.alice.comment(stage.repo, number, "/rollback")
    (revert,) = stage.wait_for("the revert pull request", lambda: stage.alice.pulls(stage.repo))
    stage.wait_for_comment(number, revert["html_url"])
    assert revert["user"]["login"] == stage.bot.login
    assert resources(stage) != first
    scenes.approve_and_apply(stage, revert["number"])
    stage.wait_for_merge(revert["number"])
    stage.wait_for_comment(revert["number"], "Applied", "Merged as")
    assert resources(stage) == first
    assert image(cluster, space) == "web:1"
    stage.wait_for("the locks to be free", lambda: not scenes.has_locks(stage))


def test_the_story_of_the_demo_is_played_on_gitea(stage: GiteaStage) -> None:
    Story(stage, print).play()
