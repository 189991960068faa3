"""What an apply may come across that nobody is to see. Called by `apply_child`."""

from collections.abc import Mapping
from typing import Any

from bot.core.errors import ToolFailed
from bot.kube.apply.artifact import ApplyArtifact
from bot.kube.cluster.client import Cluster


def secret_bodies(artifact: ApplyArtifact) -> list[Mapping[str, Any]]:
    """Everything in the artifact that may hold what nobody is to see."""
    sent_bodies = [change.send for change in artifact.changes if change.send]
    return [*sent_bodies, *(hook.kube_object.body for hook in artifact.hooks), *artifact.secrets]


def live_secrets(cluster: Cluster, artifact: ApplyArtifact) -> list[Mapping[str, Any]]:
    """Those of the namespaces that are worked in, as they are now, since a pod's log may hold any of them."""
    namespaces = sorted({change.ref.namespace for change in artifact.changes} - {""})
    lists = cluster.map_concurrently(lambda namespace: _list_secrets(cluster, namespace), namespaces)
    return [body for bodies in lists for body in bodies]


def _list_secrets(cluster: Cluster, namespace: str) -> tuple[Mapping[str, Any], ...]:
    """None where the identity that applies may not list them."""
    try:
        secrets = cluster.list("v1", "Secret", namespace)
    except ToolFailed:
        return ()
    return tuple({**body, "kind": "Secret"} for body in secrets)
