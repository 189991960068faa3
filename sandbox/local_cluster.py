"""Finds a cluster on this machine for the demo: a context that only a local cluster has, or the one that was named.

Called by `gitops-bot demo`. Nothing is asked of any other cluster, whatever the kubeconfig holds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from bot.core.errors import Refused

LOCAL = re.compile(r"(kind-.+|k3d-.+|minikube|docker-desktop|rancher-desktop|colima(-.+)?)")
MINIKUBE, MINIKUBE_NETWORK = "minikube", "192.168."  # of the networks that it makes on Linux
RENDERED_ONLY = "what is rendered is compared, no more (--context NAME uses a cluster)"
LOOPBACK = ("127.0.0.1", "localhost", "::1", "0.0.0.0", "kubernetes.docker.internal")


@dataclass(frozen=True, slots=True)
class LocalCluster:
    """A context of a kubeconfig that the demo may change."""

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


@dataclass(frozen=True, slots=True)
class ClusterSearch:
    """A cluster that the demo may change, if there is one, and a sentence about it or about why there is none."""

    cluster: LocalCluster | None
    message: str


def find_cluster(environment: Mapping[str, str], context_name: str | None) -> ClusterSearch:
    """The named context, else the current one if it is a local cluster's. Raises Refused where a named one is not."""
    home = Path(environment.get("HOME") or "/nonexistent")
    kubeconfig = Path((environment.get("KUBECONFIG") or str(home / ".kube" / "config")).split(":")[0])
    if not kubeconfig.is_file():
        if context_name:
            raise Refused(f"there is no kubeconfig {kubeconfig} with a context {context_name}")
        return ClusterSearch(None, f"there is no kubeconfig, so {RENDERED_ONLY}")
    content = yaml.safe_load(kubeconfig.read_text()) or {}
    contexts = {
        str(named_context.get("name")): named_context.get("context") or {}
        for named_context in content.get("contexts") or ()
    }
    if context_name and context_name not in contexts:
        raise Refused(f"{kubeconfig} has no context {context_name} (it has: {', '.join(contexts) or 'none'})")
    context = context_name or str(content.get("current-context") or "")
    if refusal := "" if context_name else _local_refusal(content, contexts, context):
        return ClusterSearch(None, f"{refusal} and is left alone: {RENDERED_ONLY}")
    return ClusterSearch(
        LocalCluster(kubeconfig, context), f"the project hello is applied to the cluster of context {context}"
    )


def _local_refusal(content: Mapping[str, Any], contexts: Mapping[str, Any], current: str) -> str:
    """Why the current context is not one of this machine; empty when it is."""
    if not LOCAL.fullmatch(current):
        return f"context {current} is not a local cluster's" if current else "no context is the current one"
    servers = {
        str(named_cluster.get("name")): str(named_cluster.get("cluster", {}).get("server"))
        for named_cluster in content.get("clusters") or ()
    }
    host = urlsplit(servers.get(str(contexts.get(current, {}).get("cluster")), "")).hostname
    if host in LOOPBACK or (current == MINIKUBE and str(host).startswith(MINIKUBE_NETWORK)):
        return ""
    return f"context {current} leads to {host}, which is not this machine,"
