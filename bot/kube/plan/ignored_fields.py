"""Which fields of an object are not ours to send: those that rules ignore, and those that are others'.

Called by the dry-run of an object. Pure.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from bot.kube.cluster.clusters import MANAGER
from bot.kube.objects.body import Body
from bot.kube.objects.kube_object import KubeObject
from bot.kube.objects.pointers import drop_fields, pointer_steps
from bot.kube.options import IgnoreRule
from bot.kube.plan.managed_fields import ForeignField, foreign_fields, last_owners


def ignored_fields(
    ignore: Sequence[IgnoreRule], desired: KubeObject, live: Body
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return pointers of fields that are not ours to send, and notes on those that we would have sent."""
    rules = [rule for rule in ignore if _rule_matches(rule, desired)]
    managers = tuple(name for rule in rules for name in rule.managers)
    foreign = foreign_fields(live, managers)
    pointers = [pointer for rule in rules for pointer in rule.pointers]
    pointers += [field.pointer for field in foreign]
    notes = [
        _foreign_note(field) for field in foreign if drop_fields(desired.body, [field.pointer]) != dict(desired.body)
    ]
    return tuple(dict.fromkeys(pointers)), tuple(notes)


def keep_own_fields(body: Body, live: Body, ignored: Sequence[str]) -> Body:
    """Send what we alone own of the ignored fields as it is: to leave it out would remove it."""
    own_pointers = {pointer for pointer, owner in last_owners(live).items() if owner.name == MANAGER and owner.by_apply}
    return _copy_fields(body, live, [pointer for pointer in ignored if pointer in own_pointers])


def _rule_matches(rule: IgnoreRule, desired: KubeObject) -> bool:
    kinds = (desired.ref.kind, f"{desired.ref.kind}.{desired.ref.group}")
    return rule.kind in ("", *kinds) and (not rule.name or fnmatchcase(desired.ref.name, rule.name))


def _foreign_note(foreign: ForeignField) -> str:
    return f"{foreign.pointer.lstrip('/').replace('/', '.')} is left to {foreign.owner}"


def _copy_fields(body: Body, live: Body, pointers: Sequence[str]) -> Body:
    """With the live object's values of top-level paths of plain keys."""
    merged: Any = body
    for pointer in pointers:
        merged = _copy_field(merged, live, pointer_steps(pointer))
    return dict(merged)


def _copy_field(body: Any, live: Any, steps: Sequence[str]) -> Any:
    if not isinstance(body, Mapping) or not isinstance(live, Mapping) or steps[0] not in live:
        return body
    if len(steps) == 1:
        return {**body, steps[0]: live[steps[0]]}
    return {**body, steps[0]: _copy_field(body.get(steps[0], {}), live[steps[0]], steps[1:])}
