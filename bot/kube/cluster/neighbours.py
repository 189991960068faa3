"""Objects of other projects in the same cluster: whose one is, and what is said of taking it. Called by `asking`."""

from collections.abc import Mapping
from typing import Any

from bot.core.errors import ToolFailed
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.inventory import ID_LABEL, PROJECT, label_of
from bot.kube.objects.normalized import MEMBER_LABEL

Body = Mapping[str, Any]

PARENT = "is an inventory, which nobody but the bot writes"
WAY = "take it out there first, or `allow: [conflicts]` on the base branch lets this project have it"


def is_parent(body: Body) -> bool:
    """Whether an object is the record of what is a project's."""
    return body.get("kind") == "ConfigMap" and ID_LABEL in _labels(body)


def taken_from(cluster: Cluster, live: Body, label: str, project: str) -> tuple[str, tuple[str, ...]]:
    """Why an object may not become ours without leave, and the note when it does; nothing where it is nobody's.

    Projects of one repository may take objects from each other, as when a directory is moved, and say so.
    """
    other = _labels(live).get(MEMBER_LABEL)
    if other is None or other == label:
        return "", ()
    whose = _project_of(cluster, other)
    named = f"another project{f' ({whose})' if whose else ''}"
    foreign = not whose or whose.split(" ")[:2] != project.split(" ")[:2]
    return f"belongs to {named}: {WAY}" if foreign else "", (f"is taken from {named}, which loses it",)


def _project_of(cluster: Cluster, label: str) -> str:
    """By the inventory that has this label for its id; a label is made of the project's name, so none can be forged."""
    try:
        parents = cluster.metadata("v1", "ConfigMap", None, f"{ID_LABEL}={label}")
    except ToolFailed:
        return ""
    named = ((one.annotations.get(PROJECT, ""), one.ref.namespace) for one in parents)
    return next((name for name, space in named if label_of(name, space) == label), "")


def _labels(body: Body) -> Mapping[str, Any]:
    labels = (body.get("metadata") or {}).get("labels")
    return labels if isinstance(labels, Mapping) else {}
