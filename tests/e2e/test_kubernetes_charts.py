"""What a plan says of a chart whose rendering is not the same each time, seen from the pull request."""

from pathlib import Path

import pytest
from kubernetes import client

from tests.e2e.acting import applied, approved, begin, plan_comment, propose, pull_main
from tests.e2e.conftest import Shared
from tests.rig.access import Access
from tests.staging import Stage

CONFIGURATION = """\
version: 1
defaults: {cluster: rig}
projects:
  - dir: chart
    kubernetes: {namespace: SPACE}
    health: {timeout: 20s, stable: 1s}
"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: door}
data: {fixed: Zml4ZWQ=, password: {{ randAlphaNum 16 | b64enc | quote }}}
"""
MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  labels: {team: a, team: b}
data:
  image: {{ .Values.image }}
  kept: {{ lookup "v1" "Secret" .Release.Namespace "door" | empty | ternary "no" "yes" | quote }}
"""
CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 0.1.0\n",
    "chart/values.yaml": "image: one\n",
    "chart/templates/door.yaml": SECRET,
    "chart/templates/settings.yaml": MAP,
}
DRAWN = "drawn anew by each rendering: data.password"
KEEPS = "namespace: SPACE, ignore: [{kind: Secret, name: door, pointers: [/data/password]}]"


@pytest.fixture
def stage(shared_with_cluster: Shared) -> Stage:
    return shared_with_cluster.anew()


@pytest.fixture
def clone(stage: Stage, namespace: str) -> Path:
    return begin(stage, {"gitops.yaml": CONFIGURATION.replace("SPACE", namespace)})


def test_a_plan_says_what_is_drawn_what_is_looked_up_in_vain_and_which_key_is_there_twice(
    stage: Stage, clone: Path, namespace: str
) -> None:
    number = propose(stage, clone, CHART, "bring-up")
    stage.wait_for_comment(number, "What blocks the apply")
    comment = plan_comment(stage, number)
    assert f"{DRAWN}; to keep what the cluster has" in comment
    assert "templates ask for Secret" in comment.replace("`", "")
    assert f"{namespace}/door" in comment
    assert "the key team is there twice: the last one counts" in comment


def test_a_drawn_value_is_said_to_change_with_any_pull_request_and_stays_where_it_is_ignored(
    stage: Stage, clone: Path, cluster: Access, namespace: str
) -> None:
    applied(stage, propose(stage, clone, CHART, "bring-up"))
    pull_main(stage, clone)
    first = password(cluster, namespace)
    number = propose(stage, clone, {"chart/values.yaml": "image: two\n"}, "another-image")
    stage.wait_for_comment(number, "What blocks the apply")
    assert DRAWN in plan_comment(stage, number)
    keeping = CONFIGURATION.replace("namespace: SPACE", KEEPS).replace("SPACE", namespace)
    number = propose(stage, clone, {"chart/values.yaml": "image: two\n", "gitops.yaml": keeping}, "keeping")
    approved(stage, number)
    assert DRAWN not in plan_comment(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)
    assert password(cluster, namespace) == first


def password(cluster: Access, namespace: str) -> str:
    with cluster.client() as api:
        return str(client.CoreV1Api(api).read_namespaced_secret("door", namespace).data["password"])
