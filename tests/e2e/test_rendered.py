"""Kubernetes projects without a cluster: two renderings held against each other, and said to be no more than that."""

import os
from collections.abc import Callable
from pathlib import Path

from tests.e2e.acting import begin, propose
from tests.shell.calling import write
from tests.staging import Stage

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {level: LEVEL}\n"
KUSTOMIZATION = "resources: [map.yaml]\n"
# Renders only once another one has begun beside it, and gives up after half a minute alone.
MEETING = """\
#!/bin/sh
PATH=PROGRAMS
test "$1" = version && echo v5.0.0 && exit
mine=$(mktemp -p HERE)
for _ in $(seq 300); do
    test "$(ls HERE | wc -l)" -gt 1 && break
    sleep 0.1
done
test "$(ls HERE | wc -l)" -gt 1 || { rm "$mine"; echo "was alone" >&2; exit 1; }
kubectl kustomize "$2"
"""


def test_without_a_cluster_the_difference_of_what_is_rendered_is_shown(stage: Stage) -> None:
    clone = begin(stage, {"shop/kustomization.yaml": KUSTOMIZATION, "shop/map.yaml": MAP.replace("LEVEL", "info")})
    number = propose(stage, clone, {"shop/map.yaml": MAP.replace("LEVEL", "debug")})
    stage.wait_for_status(number, "gitops-bot/plan", "success")
    comment = stage.wait_for_comment(number, "Plan for `shop`")
    assert "## Plan for `shop` · 1 rendered difference\n" in comment
    assert "no cluster is configured" in comment
    assert "data.level: info → debug" in comment
    assert "changes nothing" not in comment


def test_base_and_head_are_rendered_side_by_side(stages: Callable[..., Stage], tmp_path: Path) -> None:
    here, path = tmp_path / "meeting", os.environ["PATH"]
    here.mkdir()
    script = MEETING.replace("HERE", str(here)).replace("PROGRAMS", path)
    programs = write(tmp_path / "programs", {"kustomize": script})
    (programs / "kustomize").chmod(0o755)
    stage = stages({"CAGE__WRITE": str(here)}, path=f"{programs}:{path}")
    clone = begin(stage, {"shop/kustomization.yaml": KUSTOMIZATION, "shop/map.yaml": MAP.replace("LEVEL", "info")})
    number = propose(stage, clone, {"shop/map.yaml": MAP.replace("LEVEL", "debug")})
    assert "data.level: info → debug" in stage.wait_for_comment(number, "Plan for `shop`")
    assert len(list(here.iterdir())) == 2
