"""Fields that must go together with the change of their neighbours, though nobody has applied them.

A server-side apply removes only what its manager has applied before. A server's defaults are nobody's: they stay when
what they belong to is exchanged, as the parameters of a rolling update when the strategy becomes another, and the
server refuses that. So they are made the manager's own first. Called by the dry-run and by the apply. Pure; pointers
are of plain keys.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.kube.objects.body import Body
from bot.kube.objects.pointers import pointer_steps

Fields = Mapping[str, Any]


def fields_at(live: Body, pointer: str) -> dict[str, Any]:
    """Return the tree of FieldsV1 of what is at a pointer; empty where nothing is."""
    steps = pointer_steps(pointer)
    node: Any = live
    for step in steps:
        node = node.get(step) if isinstance(node, Mapping) else None
    if node is None:
        return {}
    tree = _tree_of(node)
    for step in reversed(steps):
        tree = {f"f:{step}": tree}
    return tree


def without_fields(tree: Fields, claimed: Fields) -> dict[str, Any]:
    """Return a tree of FieldsV1 without what is claimed, as `fields_at` gives that."""
    remaining: dict[str, Any] = {}
    for step, below in tree.items():
        claimed_below = claimed.get(step)
        if claimed_below is None or (not below and claimed_below and "." not in claimed_below):
            remaining[step] = below
        elif claimed_below and "." not in claimed_below and (kept := without_fields(below, claimed_below)):
            remaining[step] = kept
    return remaining


def with_live_holders(body: Body, live: Body, clears: Sequence[str]) -> dict[str, Any]:
    """Return the body with what holds these fields as it is: so much can be tried by an apply."""
    return _with_holders(body, clears, lambda steps: _at(live, steps))


def with_cleared_holders(result: Body, body: Body, live: Body, clears: Sequence[str]) -> dict[str, Any]:
    """Return the result with what holds these fields as an apply of the body will leave it, without them."""
    keys = {pointer: tuple(pointer_steps(pointer)) for pointer in clears}

    def holder(steps: tuple[str, ...]) -> Any:
        cleared = {path[-1] for path in keys.values() if path[:-1] == steps}
        kept = {key: child for key, child in _at(live, steps).items() if key not in cleared}
        return _overlay(kept, _at(body, steps))

    return _with_holders(result, clears, holder)


def _with_holders(body: Body, clears: Sequence[str], holder: Any) -> dict[str, Any]:
    changed: Any = body
    for steps in {tuple(pointer_steps(pointer)[:-1]) for pointer in clears}:
        changed = _set(changed, steps, holder(steps))
    return dict(changed)


def _tree_of(node: Any) -> dict[str, Any]:
    if not isinstance(node, Mapping):
        return {}
    return {".": {}, **{f"f:{key}": _tree_of(child) for key, child in node.items()}}


def _overlay(below: Any, above: Any) -> Any:
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    return {**below, **{key: _overlay(below.get(key), child) for key, child in above.items()}}


def _at(body: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        body = body[step]
    return body


def _set(body: Any, steps: Sequence[str], child: Any) -> Any:
    if not steps:
        return child
    return {**body, steps[0]: _set(body[steps[0]], steps[1:], child)}
