"""A stage whose bot has the real cluster, for tests of Kubernetes projects."""

import os
from collections.abc import Callable
from pathlib import Path

from bot.demo.stage import Stage
from tests.rig.access import Access
from tests.rig.build import find

TOKEN = "opens-the-pages-of-tests"


def clustered(stages: Callable[..., Stage], cluster: Access, directory: Path) -> Stage:
    """`rig` is its cluster's name; Helm is on its PATH; TOKEN opens its pages."""
    programs = directory / "programs"
    programs.mkdir()
    (programs / "helm").symlink_to(find("helm") or "no-helm")
    settings = {
        "SERVER__TOKEN": TOKEN,
        "KUBERNETES__CLUSTERS__RIG__KUBECONFIG": str(cluster.kubeconfig),
        "KUBERNETES__CLUSTERS__RIG__APPLY_KUBECONFIG": str(cluster.kubeconfig),
        "KUBERNETES__CLUSTERS__RIG__MANAGERS": "kubectl-client-side-apply",
    }
    return stages(settings, path=f"{programs}:{os.environ['PATH']}")
