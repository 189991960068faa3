"""Helm charts in the repository. Found by `wiring`; what they render goes through `bot.kube`."""

from collections.abc import Callable, Mapping

from bot.kube.cluster.clusters import SECTION, Clusters
from bot.kube.keys import KEYS
from bot.kube.tool import KubeTool
from bot.tools.helm.build import Helm
from bot.tools.helm.settings import HelmSettings

__all__ = ["KEYS", "tool"]


def tool(section: Callable[[str], Mapping[str, object]]) -> KubeTool:
    """The tool with the operator's settings (`HELM__…`, and the clusters' `KUBERNETES__…`)."""
    return KubeTool(Helm(HelmSettings.of(section("helm"))), Clusters.of(section(SECTION)))
