"""Kustomize: overlays and bases. Found by `wiring`; what it renders goes through `bot.kube`."""

from collections.abc import Callable, Mapping

from bot.kube.cluster.clusters import SECTION, Clusters
from bot.kube.keys import KEYS
from bot.kube.tool import KubeTool
from bot.tools.kustomize.build import Kustomize
from bot.tools.kustomize.settings import KustomizeSettings

__all__ = ["KEYS", "tool"]


def tool(section: Callable[[str], Mapping[str, object]]) -> KubeTool:
    """The tool with the operator's settings (`KUSTOMIZE__…`, and the clusters' `KUBERNETES__…`)."""
    return KubeTool(Kustomize(KustomizeSettings.of(section("kustomize"))), Clusters.of(section(SECTION)))
