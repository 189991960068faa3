"""Plain Kubernetes manifests. Found by `wiring`; what they hold goes through `bot.kube`."""

from collections.abc import Callable, Mapping

from bot.kube.cluster.clusters import SECTION, Clusters
from bot.kube.keys import KEYS
from bot.kube.tool import KubeTool
from bot.tools.manifests.build import Manifests

__all__ = ["KEYS", "tool"]


def tool(section: Callable[[str], Mapping[str, object]]) -> KubeTool:
    """The tool with the operator's clusters (`KUBERNETES__…`)."""
    return KubeTool(Manifests(), Clusters.of(section(SECTION)))
