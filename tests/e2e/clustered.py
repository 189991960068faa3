"""A bot that has the real cluster, for tests of Kubernetes projects."""

import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.kube.access.rbac_manifests import APPLIER, PLANNER, applier_manifests, planner_manifests
from bot.kube.cluster.client import Cluster
from tests.kube.identities import Account, guarded, kubeconfig_of, new_names
from tests.rig.access import Access
from tests.rig.build import find
from tests.sandbox.running import until
from tests.staging import Stage

TOKEN = "opens-the-pages-of-tests"
GROUP = "crew.example"  # of the custom resources that the identities may speak of
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: none}]}
"""


def documented_identities(cluster: Access, directory: Path) -> tuple[Path, Path]:
    """Kubeconfigs of a planner and an applier as `gitops-bot cluster planner --secrets '*'` makes them; they stay."""
    names = new_names(secrets=("*",), groups=(GROUP,))
    admin = Cluster.open("rig", cluster.kubeconfig)
    for manifest in (*planner_manifests(names), *applier_manifests(names)):
        answer = admin.apply(manifest, dry_run=False)
        assert answer.ok, answer.message
    plans, applies = (kubeconfig_of(cluster, names, account, directory) for account in (PLANNER, APPLIER))
    until(lambda: guarded(Account(names, plans, Cluster.open("rig", plans, timeout=10), admin)))
    return plans, applies


def clustered(cluster: Access, directory: Path) -> dict[str, Any]:
    """Its `settings` and its PATH: `rig` is its cluster's name; Helm is found; TOKEN opens its pages."""
    programs = directory / "programs"
    programs.mkdir()
    (programs / "helm").symlink_to(find("helm") or "no-helm")
    plans, applies = documented_identities(cluster, directory)
    settings = {
        "SERVER__TOKEN": TOKEN,
        "KUBERNETES__CLUSTERS__RIG__KUBECONFIG": str(plans),
        "KUBERNETES__CLUSTERS__RIG__APPLY_KUBECONFIG": str(applies),
        "KUBERNETES__CLUSTERS__RIG__MANAGERS": "kubectl-client-side-apply",
    }
    return {"settings": settings, "path": f"{programs}:{os.environ['PATH']}"}


def page(stage: Stage, path: str) -> Iterator[str]:
    """A page's lines, as they come."""
    request = urllib.request.Request(stage.bot_url + path, headers={"Authorization": f"Bearer {TOKEN}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as answer:
        yield from (line.decode() for line in answer)
