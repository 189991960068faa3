"""What is left of an object's earlier shape, and must go beside what is sent. Called by the trial of an apply. Pure.

A server-side apply removes what its manager has applied before. It leaves a server's defaults, and what a manager wrote
that is only taken over. A null removes a field of one value; what holds others must become ours first.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.kube.objects.body import Body
from bot.kube.objects.pointers import escape_step
from bot.kube.plan.field_tree import FieldNode
from bot.kube.plan.managed_fields import FieldOwner, owned_fields

_ITEM = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Clearance:
    """`send` has nulls for some fields that go; `pointers` lead to others."""

    send: Body
    pointers: tuple[str, ...] = ()


def clear_leftovers(
    send: Body, live: Body, refused: Sequence[str], may_take: Callable[[FieldOwner], bool]
) -> Clearance:
    """Clear each live field that is not sent, at or beside a refused path.

    Only fields that nobody owns, or whose owners' may be taken.
    """
    places = {_holder(path) for path in refused} | {_ITEM.sub("", path) for path in refused}
    pointers: list[str] = []

    def is_leftover(node: FieldNode) -> bool:
        is_refused = bool({_holder(node.path), _ITEM.sub("", node.path)} & places)
        return is_refused and all(may_take(owned.owner) for owned in node.owned)

    def clear(node: FieldNode, pointer: str | None) -> Any:
        """`pointer` is None within a list, whose items no pointer names for good."""
        _, sent, live_value = node.versions
        if isinstance(sent, list) and isinstance(live_value, list):
            cleared_items = {id(child.versions[1]): clear(child, None) for child in node.children()}
            return [cleared_items.get(id(item), item) for item in sent]
        if not isinstance(sent, Mapping) or not isinstance(live_value, Mapping):
            return sent
        cleared: dict[str, Any] = {}
        for child in node.children():
            key = child.steps[-1]
            child_pointer = None if pointer is None else f"{pointer}/{escape_step(key)}"
            if key in sent:
                cleared[key] = clear(child, child_pointer)
            elif is_leftover(child) and not isinstance(child.versions[2], Mapping | list):
                cleared[key] = None
            elif is_leftover(child) and child_pointer is not None:
                pointers.append(child_pointer)
        return {**sent, **cleared}

    root = FieldNode((None, {**send}, {**live}), owned=owned_fields(live))
    return Clearance(clear(root, ""), tuple(pointers))


def _holder(path: str) -> str:
    """What a field stands in, items without their names: of `spec.containers[0].env` it is `spec.containers`."""
    return _ITEM.sub("", path).rpartition(".")[0]
