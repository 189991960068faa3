"""Kubernetes projects without a cluster: two renderings held against each other, and said to be no more than that."""

from bot.demo.stage import Stage
from tests.e2e.acting import begin, propose

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {level: LEVEL}\n"
KUSTOMIZATION = "resources: [map.yaml]\n"


def test_without_a_cluster_the_difference_of_what_is_rendered_is_shown(stage: Stage) -> None:
    clone = begin(stage, {"shop/kustomization.yaml": KUSTOMIZATION, "shop/map.yaml": MAP.replace("LEVEL", "info")})
    number = propose(stage, clone, {"shop/map.yaml": MAP.replace("LEVEL", "debug")})
    stage.status(number, "gitops-bot/plan", "success")
    comment = stage.comment_with(number, "Plan for `shop`")
    assert "## Plan for `shop` · 1 rendered difference\n" in comment
    assert "no cluster is configured" in comment
    assert "data.level: info → debug" in comment
    assert "changes nothing" not in comment
