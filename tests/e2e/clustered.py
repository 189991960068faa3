"""A bot that has the real cluster, for tests of Kubernetes projects."""

import os
from pathlib import Path
from typing import Any

from tests.rig.access import Access
from tests.rig.build import find

TOKEN = "opens-the-pages-of-tests"
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


def clustered(cluster: Access, directory: Path) -> dict[str, Any]:
    """Its `settings` and its PATH: `rig` is its cluster's name; Helm is found; TOKEN opens its pages."""
    programs = directory / "programs"
    programs.mkdir()
    (programs / "helm").symlink_to(find("helm") or "no-helm")
    settings = {
        "SERVER__TOKEN": TOKEN,
        "KUBERNETES__CLUSTERS__RIG__KUBECONFIG": str(cluster.kubeconfig),
        "KUBERNETES__CLUSTERS__RIG__APPLY_KUBECONFIG": str(cluster.kubeconfig),
        "KUBERNETES__CLUSTERS__RIG__MANAGERS": "kubectl-client-side-apply",
    }
    return {"settings": settings, "path": f"{programs}:{os.environ['PATH']}"}
