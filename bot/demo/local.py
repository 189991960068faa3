"""Finds a cluster on this machine for the demo: a context that only a local cluster has, or the one that was named.

Called by `gitops-bot demo`. Nothing is asked of any other cluster, whatever the kubeconfig holds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from bot.core.errors import Refused

LOCAL = re.compile(r"(kind-.+|k3d-.+|minikube|docker-desktop|rancher-desktop|colima(-.+)?)")
LOOPBACK = ("127.0.0.1", "localhost", "::1", "0.0.0.0", "kubernetes.docker.internal")


@dataclass(frozen=True, slots=True)
class LocalCluster:
    kubeconfig: Path
    context: str

    @property
    def settings(self) -> dict[str, str]:
        """The bot's. One identity plans and applies: on one's own machine that is nobody else's."""
        own = {
            "KUBECONFIG": str(self.kubeconfig),
            "CONTEXT": self.context,
            "APPLY_KUBECONFIG": str(self.kubeconfig),
            "APPLY_CONTEXT": self.context,
        }
        return {f"KUBERNETES__CLUSTERS__LOCAL__{key}": value for key, value in own.items()}


def found(environment: Mapping[str, str], named: str | None) -> LocalCluster | None:
    """The named context, else the current one if it is a local cluster's. Raises Refused where a named one is not."""
    home = Path(environment.get("HOME") or "/nonexistent")
    kubeconfig = Path((environment.get("KUBECONFIG") or str(home / ".kube" / "config")).split(":")[0])
    if not kubeconfig.is_file():
        if named:
            raise Refused(f"there is no kubeconfig {kubeconfig} with a context {named}")
        return None
    content = yaml.safe_load(kubeconfig.read_text()) or {}
    contexts = {str(one.get("name")): one.get("context") or {} for one in content.get("contexts") or ()}
    if named:
        if named not in contexts:
            raise Refused(f"{kubeconfig} has no context {named} (it has: {', '.join(contexts) or 'none'})")
        return LocalCluster(kubeconfig, named)
    current = str(content.get("current-context") or "")
    servers = {str(one.get("name")): str(one.get("cluster", {}).get("server")) for one in content.get("clusters") or ()}
    server = servers.get(str(contexts.get(current, {}).get("cluster")), "")
    local = LOCAL.fullmatch(current) and urlsplit(server).hostname in LOOPBACK
    return LocalCluster(kubeconfig, current) if local else None
