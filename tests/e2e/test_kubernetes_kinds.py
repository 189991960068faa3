"""Kinds that a pull request brings, seen from this one and from later ones."""

import uuid
from collections.abc import Iterator

import pytest

from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import ObjectRef
from tests.e2e.acting import applied, approved, begin, plan_comment, propose, pull_main
from tests.e2e.clustered import GROUP
from tests.e2e.conftest import Shared
from tests.rig.access import Access
from tests.staging import Stage

CONFIGURATION = """\
version: 1
defaults: {cluster: rig, prune: {most: 100}}
projects:
  - {dir: kinds, tool: manifests, health: {stable: 1s}}
  - {dir: ships, tool: manifests, kubernetes: {namespace: SPACE}, health: {stable: 1s}DEPENDS}
"""


@pytest.fixture
def stage(shared_with_cluster: Shared) -> Stage:
    return shared_with_cluster.anew()


@pytest.fixture
def kind(cluster: Access) -> Iterator[str]:
    """The name of a kind that nobody has yet."""
    name = f"Ship{uuid.uuid4().hex[:8]}"
    yield name
    admin, version = Cluster.open("rig", cluster.kubeconfig), "apiextensions.k8s.io/v1"
    ref = ObjectRef("apiextensions.k8s.io", "CustomResourceDefinition", "", f"{name.lower()}s.{GROUP}")
    live = admin.get(version, ref)
    if live.ok:
        admin.delete(version, ref, uid=live.body["metadata"]["uid"], dry_run=False)


def definition(kind: str, scope: str = "Namespaced") -> str:
    singular = kind.lower()
    names = f"{{kind: {kind}, listKind: {kind}List, singular: {singular}, plural: {singular}s}}"
    crew = "{type: object, properties: {crew: {type: integer}}}"
    return f"""\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {singular}s.{GROUP}}}
spec:
  group: {GROUP}
  scope: {scope}
  names: {names}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {crew}}}}}}}
"""


def ship(kind: str, crew: object = 3) -> str:
    return f"apiVersion: {GROUP}/v1\nkind: {kind}\nmetadata: {{name: argo}}\nspec: {{crew: {crew}}}\n"


def configuration(namespace: str, *, depends: bool) -> dict[str, str]:
    depends_on = ", depends_on: [kinds]" if depends else ""
    return {"gitops.yaml": CONFIGURATION.replace("SPACE", namespace).replace("DEPENDS", depends_on)}


def test_an_object_of_a_kind_that_an_earlier_pull_request_brought_is_planned_and_applied(
    stage: Stage, cluster: Access, namespace: str, kind: str
) -> None:
    clone = begin(stage, configuration(namespace, depends=False))
    applied(stage, propose(stage, clone, {"kinds/ship.yaml": definition(kind)}, "kind"))
    pull_main(stage, clone)
    number = propose(stage, clone, {"ships/argo.yaml": ship(kind)}, "ship")
    approved(stage, number)
    comment = plan_comment(stage, number)
    assert "1 to create" in comment
    assert "offline" not in comment
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)
    ref = ObjectRef(GROUP, kind, namespace, "argo")
    live = Cluster.open("rig", cluster.kubeconfig).get(f"{GROUP}/v1", ref)
    assert live.body["spec"] == {"crew": 3}
    pull_main(stage, clone)
    wrong = propose(stage, clone, {"ships/argo.yaml": ship(kind, "many")}, "wrong")
    stage.wait_for_comment(wrong, "is not valid: ", "spec.crew")


def test_an_object_of_the_clusters_whose_kind_another_project_brings_is_planned_without_a_namespace(
    stage: Stage, cluster: Access, namespace: str, kind: str
) -> None:
    clone = begin(stage, configuration(namespace, depends=True))
    files = {"kinds/ship.yaml": definition(kind, "Cluster"), "ships/argo.yaml": ship(kind)}
    number = propose(stage, clone, files)
    approved(stage, number)
    comment = plan_comment(stage, number)
    assert f"+ {kind} argo" in comment
    assert "validated offline, by the definition in this pull request" in comment
    assert f"namespace: {namespace}" not in comment
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)
    live = Cluster.open("rig", cluster.kubeconfig).get(f"{GROUP}/v1", ObjectRef(GROUP, kind, "", "argo"))
    assert live.body["spec"] == {"crew": 3}


def test_a_kind_that_another_project_brings_later_is_told_with_the_way_out(
    stage: Stage, namespace: str, kind: str
) -> None:
    clone = begin(stage, configuration(namespace, depends=False))
    files = {"kinds/ship.yaml": definition(kind), "ships/argo.yaml": ship(kind)}
    number = propose(stage, clone, files)
    stage.wait_for_comment(number, f"does not know the kind {kind}", "`depends_on: [kinds]` has that applied first")
    stage.alice.push(clone, configuration(namespace, depends=True), "change", "Depend on it")
    stage.wait_for_comment(number, "2 to create", "validated offline")
