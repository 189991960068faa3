"""Takes objects over from the field managers that an operator names, as `kubectl apply --server-side` does its own.

Fields that `helm` or `kubectl-client-side-apply` wrote would stay when they leave Git, for another is their owner. So
before an object is first applied, ownership is rewritten (client-go's csaupgrade). Called by the differ, which shows
what goes with it, and by the apply, which sends the patches. Nothing here changes a cluster.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.kube.cluster.client import Cluster
from bot.kube.cluster.clusters import MANAGER
from bot.kube.cluster.leftover_fields import fields_at, without_fields
from bot.kube.cluster.responses import ApiResponse
from bot.kube.objects.body import Body
from bot.kube.objects.kube_object import object_of
from bot.kube.objects.pointers import escape_step

Fields = Mapping[str, Any]  # a tree of FieldsV1, see `managed_fields`
Owner = Mapping[str, Any]  # an entry of managedFields
Operation = dict[str, Any]

APPLY = "Apply"

_SERVER_KEYS = ("apiVersion", "kind", "metadata", "status")
_METADATA_FIELDS = ("labels", "annotations", "finalizers", "ownerReferences")
_ALWAYS_KEPT: Fields = {"f:metadata": {}}


def adopted_managers(live: Body, managers: Sequence[str], ours: str = MANAGER) -> tuple[str, ...]:
    """Return those of the managers that own something of the object itself, in the order they were named."""
    names = {str(owner.get("manager")) for owner in _managed_fields(live) if _is_adopted(owner, managers, ours)}
    return tuple(dict.fromkeys(name for name in managers if name in names))


def migration_patch(
    live: Body, managers: Sequence[str], ours: str = MANAGER, clears: Sequence[str] = ()
) -> list[Operation] | None:
    """Build the JSON patch that makes ours what the managers have, and what the pointers of `clears` lead to.

    None where there is nothing of that. It fails with 409 when the object has changed since: a `test` would be answered
    as an invalid request.
    """
    owners = _managed_fields(live)
    target = _target_owner(owners, managers, ours)
    if target is None and clears:
        target = {"manager": ours, "operation": APPLY, "apiVersion": live["apiVersion"], "fieldsType": "FieldsV1"}
        owners.append(target)
    if target is None:
        return None
    claimed = _union(fields_at(live, pointer) for pointer in clears)
    union = {
        **target,
        "manager": ours,
        "operation": APPLY,
        "fieldsV1": _union(tree for tree in (_fields_after_migration(owners, managers, ours), claimed) if tree),
    }
    remaining = [owner for owner in owners if owner is target or not _is_adopted(owner, managers, ours)]
    migrated = [union if owner is target else _without_claimed(owner, claimed) for owner in remaining]
    return [
        {"op": "replace", "path": "/metadata/managedFields", "value": migrated},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
    ]


def dry_run_migrated(
    cluster: Cluster, result: Body, live: Body, rendered: Body, managers: Sequence[str]
) -> ApiResponse:
    """Ask the server what an apply after the migration will leave: `result`, a dry-run of the apply, without what
    becomes ours and is not rendered, tried once more for the defaults that come in its place.
    """
    target = object_of(rendered)
    desired = drop_adopted(result, live, rendered, managers)
    return cluster.patch(target.api_version, target.ref, transition_patch(live, desired), dry_run=True)


def drop_adopted(
    result: Body, live: Body, rendered: Body, managers: Sequence[str], ours: str = MANAGER
) -> dict[str, Any]:
    """Drop from a dry-run's result what the apply will remove once the managers' fields are ours.

    `result` must be the server's answer with its managedFields. What is removed has no defaults yet: trying a
    `transition_patch` asks the server for those, without which every default would look like a field that goes.
    """
    untouched = [owner for owner in _managed_fields(result) if not _is_adopted(owner, managers, ours)]
    kept_trees = [_ALWAYS_KEPT, *(owner.get("fieldsV1") or {} for owner in untouched)]
    if rendered.get("kind") == "Secret" and rendered.get("stringData"):
        kept_trees.append({"f:data": {f"f:{key}": {} for key in rendered["stringData"]}})
    owned = _fields_after_migration(_managed_fields(live), managers, ours)
    return dict(_prune_fields(result, owned, _union(kept_trees)))


def transition_patch(live: Body, desired: Body) -> list[Operation]:
    """Build the JSON patch that turns the live object into the desired: tried, it shows what the server makes of it."""
    live_fields, desired_fields = _desired_fields(live), _desired_fields(desired)
    removals = [{"op": "remove", "path": path} for path in live_fields if path not in desired_fields]
    return [*removals, *({"op": "add", "path": path, "value": value} for path, value in desired_fields.items())]


def _without_claimed(owner: Owner, claimed: Fields) -> Owner:
    """What nobody else is to hold on to."""
    return {**owner, "fieldsV1": without_fields(owner.get("fieldsV1") or {}, claimed)} if claimed else owner


def _desired_fields(body: Body) -> dict[str, Any]:
    """By pointer, what somebody means by an object: not its status, nor what the server keeps of it."""
    fields = {_pointer(key): value for key, value in body.items() if key not in _SERVER_KEYS}
    metadata = {f"/metadata/{key}": body["metadata"][key] for key in _METADATA_FIELDS if key in body["metadata"]}
    return fields | metadata


def _pointer(key: str) -> str:
    return f"/{escape_step(key)}"


def _managed_fields(body: Body) -> list[Owner]:
    return list((body.get("metadata") or {}).get("managedFields") or ())


def _is_adopted(owner: Owner, managers: Sequence[str], ours: str) -> bool:
    """Never of a subresource: who writes a status or scales goes on doing so."""
    return owner.get("manager") in managers and not owner.get("subresource") and not _is_ours(owner, ours)


def _is_ours(owner: Owner, ours: str) -> bool:
    return owner.get("manager") == ours and owner.get("operation") == APPLY and not owner.get("subresource")


def _target_owner(owners: Sequence[Owner], managers: Sequence[str], ours: str) -> Owner | None:
    """The entry that becomes, or already is, what we have applied: ours, else the latest of theirs."""
    adopted = [owner for owner in owners if _is_adopted(owner, managers, ours)]
    adopted.sort(key=lambda owner: str(owner.get("time")))
    return next((owner for owner in owners if _is_ours(owner, ours)), adopted[-1]) if adopted else None


def _fields_after_migration(owners: Sequence[Owner], managers: Sequence[str], ours: str) -> Fields:
    """All that is ours afterwards. Fields named in the words of another API version are nobody's, as with kubectl."""
    target = _target_owner(owners, managers, ours)
    if target is None:
        return {}
    merged = (owner for owner in owners if owner is target or _is_adopted(owner, managers, ours))
    same_version = (owner for owner in merged if owner.get("apiVersion") == target.get("apiVersion"))
    return _union(owner.get("fieldsV1") or {} for owner in same_version)


def _union(trees: Iterable[Fields]) -> Fields:
    union: Fields = {}
    for tree in trees:
        union = _merge_trees(union, tree) if union else tree
    return union


def _merge_trees(first: Fields, second: Fields) -> Fields:
    if not first or not second:  # owned as a whole, and perhaps also in part
        return {".": {}, **first, **second} if first or second else {}
    shared = {key: _merge_trees(first[key], second[key]) for key in first if key in second}
    return {**first, **second, **shared}


def _prune_fields(value: Any, owned: Fields, kept_tree: Fields) -> Any:
    """The value without what is in the one tree, by structured-merge-diff's rules of pruning, and not in the other."""
    for step, below in owned.items():
        location = _locate_step(value, step)
        if step == "." or location is None:
            continue
        if _is_member(step, below) and not (step in kept_tree and _is_member(step, kept_tree[step])):
            value = _remove_at(value, location)
        else:
            value = _replace_at(value, location, _prune_fields(value[location], below, kept_tree.get(step, {})))
    return value


def _is_member(step: str, below: Fields) -> bool:
    """Whether a tree has the thing itself, not only something in it: fields with a name come with what is in them."""
    return not below or "." in below or step.startswith("f:")


def _locate_step(value: Any, step: str) -> Any:
    """The key or the number of what a step leads to; None where it is not there."""
    kind, _, rest = step.partition(":")
    if kind == "f":
        return rest if isinstance(value, Mapping) and rest in value else None
    if not isinstance(value, list) or kind not in ("k", "v"):
        return None
    selector = json.loads(rest)
    return next((index for index, item in enumerate(value) if _matches(item, selector, by_key=kind == "k")), None)


def _matches(item: Any, selector: Any, *, by_key: bool) -> bool:
    if not by_key:
        return bool(item == selector)
    return isinstance(item, Mapping) and all(item.get(key) == value for key, value in selector.items())


def _remove_at(value: Any, location: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: item for key, item in value.items() if key != location}
    return [item for index, item in enumerate(value) if index != location]


def _replace_at(value: Any, location: Any, item: Any) -> Any:
    if isinstance(value, Mapping):
        return {**value, location: item}
    return [item if index == location else element for index, element in enumerate(value)]
