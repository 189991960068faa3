"""Objects of other projects in the same cluster: whose one is, and what is said of taking it. Called by the dry-run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.errors import ToolFailed
from bot.kube.cluster.client import Cluster
from bot.kube.cluster.inventory import ID_LABEL, PROJECT_ANNOTATION, label_of
from bot.kube.objects.body import Body
from bot.kube.objects.normalization import MEMBER_LABEL

INVENTORY_REFUSAL = "is an inventory, which nobody but the bot writes"
TAKEOVER_HINT = "take it out there first, or `allow: [conflicts]` on the base branch lets this project have it"


def is_inventory(body: Body) -> bool:
    """Tell whether an object is the record of what is a project's."""
    return body.get("kind") == "ConfigMap" and ID_LABEL in _labels(body)


@dataclass(frozen=True, slots=True)
class Takeover:
    """What is to be said of an object that is another's: why it may not become ours without leave, or a note.

    `sibling` is the place of the other project where that is of our own repository: from there it moves.
    """

    refusal: str = ""
    notes: tuple[str, ...] = ()
    sibling: str = ""


def takeover_from(cluster: Cluster, live: Body, label: str, project: str) -> Takeover:
    """Tell whose an object is; an empty Takeover where it is ours or nobody's.

    Projects of one repository may take objects from each other, as when a file is moved, and say so.
    """
    owner_label = _labels(live).get(MEMBER_LABEL)
    if owner_label is None or owner_label == label:
        return Takeover()
    owner = _find_project(cluster, owner_label)
    if owner and owner.split(" ")[:2] == project.split(" ")[:2]:
        place = owner.split(" ", 2)[2].removesuffix(":default")
        return Takeover(notes=(f"moves from `{place}`, which gives it up",), sibling=place)
    owner_text = f"another project{f' ({owner})' if owner else ''}"
    return Takeover(f"belongs to {owner_text}: {TAKEOVER_HINT}", (f"is taken from {owner_text}, which loses it",))


def rival_refusal(rivals: Sequence[str]) -> str:
    """Say that an object is declared more than once."""
    names = ", ".join(f"`{name}`" for name in rivals)
    return f"is declared by {names} too: let one project have it, and take it out of the others"


def _find_project(cluster: Cluster, label: str) -> str:
    """By the inventory that has this label for its id; a label is made of the project's name, so none can be forged."""
    try:
        inventories = cluster.metadata("v1", "ConfigMap", None, f"{ID_LABEL}={label}")
    except ToolFailed:
        return ""
    projects = ((meta.annotations.get(PROJECT_ANNOTATION, ""), meta.ref.namespace) for meta in inventories)
    return next((name for name, namespace in projects if label_of(name, namespace) == label), "")


def _labels(body: Body) -> Mapping[str, Any]:
    labels = (body.get("metadata") or {}).get("labels")
    return labels if isinstance(labels, Mapping) else {}
