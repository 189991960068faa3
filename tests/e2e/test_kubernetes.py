"""Terraform, kustomize and Helm in one pull request: planned, approved, applied, merged and taken back."""

import base64
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from kubernetes import client

from tests.e2e.acting import (
    ONE,
    applied,
    approved,
    begin,
    bots_comments,
    left,
    plan_comment,
    propose,
    pull_main,
    state_of,
)
from tests.e2e.clustered import clustered
from tests.rig.access import Access
from tests.staging import Stage

CONFIGURATION = """\
version: 1
defaults:
  cluster: rig
projects:
  - dir: net
  - dir: shop
    depends_on: [net]
    health: {timeout: 20s, stable: 1s}
  - dir: api
    depends_on: [shop]
    kubernetes: {namespace: SPACE}
    helm: {release: api, values: [prod.yaml]}
    health: {timeout: 20s, stable: 1s}
"""
PLANTED = "hunter2-never-to-be-seen"


def shop(space: str, image: str = "web:1") -> dict[str, str]:
    """A namespace, a workload without pods, a generated ConfigMap, and a Secret."""
    return {
        "shop/kustomization.yaml": f"""\
namespace: {space}
resources: [namespace.yaml, web.yaml, secret.yaml]
images: [{{name: web, newName: "{image.split(":")[0]}", newTag: "{image.split(":")[1]}"}}]
configMapGenerator: [{{name: settings, literals: ["LEVEL=info"]}}]
""",
        "shop/namespace.yaml": f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {space}}}\n",
        "shop/web.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web
          envFrom: [{configMapRef: {name: settings}}]
""",
        "shop/secret.yaml": f"""\
apiVersion: v1
kind: Secret
metadata: {{name: door}}
stringData: {{password: {PLANTED}}}
""",
    }


def api(port: int = 80) -> dict[str, str]:
    return {
        "api/Chart.yaml": "apiVersion: v2\nname: api\nversion: 0.1.0\n",
        "api/values.yaml": "port: 1\n",
        "api/prod.yaml": f"port: {port}\n",
        "api/templates/service.yaml": """\
apiVersion: v1
kind: Service
metadata: {name: "{{ .Release.Name }}"}
spec:
  selector: {app: web}
  ports: [{port: {{ .Values.port }}}]
""",
    }


@pytest.fixture
def space(cluster: Access) -> Iterator[str]:
    """The name of a namespace that does not exist yet."""
    name = f"shop-{uuid.uuid4().hex[:10]}"
    yield name
    with cluster.client() as its:
        core = client.CoreV1Api(its)
        if name in {one.metadata.name for one in core.list_namespace().items}:
            core.delete_namespace(name)


@pytest.fixture
def stage(stages: Callable[..., Stage], cluster: Access, tmp_path: Path) -> Stage:
    return stages(**clustered(cluster, tmp_path))


def repository(space: str) -> dict[str, str]:
    return {"gitops.yaml": CONFIGURATION.replace("SPACE", space)}


def objects(cluster: Access, space: str) -> Mapping[str, object]:
    """What is in the namespace of what the projects make, by kind and name."""
    with cluster.client() as its:
        core, apps = client.CoreV1Api(its), client.AppsV1Api(its)
        maps = [one for one in core.list_namespaced_config_map(space).items if one.metadata.name != "kube-root-ca.crt"]
        found = {f"ConfigMap {one.metadata.name.rpartition('-')[0]}": one.data for one in maps}
        found |= {f"Service {o.metadata.name}": o.spec.ports[0].port for o in core.list_namespaced_service(space).items}
        found |= {f"Secret {one.metadata.name}": one.data for one in core.list_namespaced_secret(space).items}
        images = {
            f"Deployment {one.metadata.name}": one.spec.template.spec.containers[0].image
            for one in apps.list_namespaced_deployment(space).items
        }
        return found | images


def test_terraform_kustomize_and_helm_go_through_one_pull_request_and_back(
    stage: Stage, cluster: Access, space: str
) -> None:
    clone = begin(stage, repository(space))
    number = propose(stage, clone, {"net/main.tf": ONE, **shop(space), **api()}, "bring-up")
    applied(stage, number)
    first = objects(cluster, space)
    assert first == {
        "ConfigMap settings": {"LEVEL": "info"},
        "Service api": 80,
        "Secret door": {"password": base64.b64encode(PLANTED.encode()).decode()},
        "Deployment web": "web:1",
    }
    pull_main(stage, clone)
    change = propose(stage, clone, {"net/main.tf": ONE.replace("1", "2"), **shop(space, "web:2"), **api(81)}, "newer")
    approved(stage, change)
    shown = plan_comment(stage, change)
    assert "web:2" in shown
    assert "Deployment" in shown
    stage.alice.comment(stage.repo, change, "/apply")
    stage.wait_for_merge(change)
    assert objects(cluster, space) == first | {"Service api": 81, "Deployment web": "web:2"}
    stage.alice.comment(stage.repo, change, "/rollback")
    opened = stage.wait_for("the revert pull request", lambda: stage.alice.pulls(stage.repo))
    applied(stage, int(opened[0]["number"]))
    assert objects(cluster, space) == first
    assert '"1"' in state_of(stage, "net")
    _nowhere(stage, (number, change, int(opened[0]["number"])))


def _nowhere(stage: Stage, numbers: tuple[int, ...]) -> None:
    """The planted secret is in no comment and in no file that the bot left."""
    forms = (PLANTED, base64.b64encode(PLANTED.encode()).decode())
    said = "\n".join(body for number in numbers for body in bots_comments(stage, number))
    assert not any(form in said for form in forms)
    files = {path: content for path, content in left(stage).items() if "mirrors" not in path.parts}
    assert files
    log = stage.directory / "bot.log"
    for path, content in (files | {log: log.read_bytes()}).items():
        assert not any(form.encode() in content for form in forms), path
