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
from bot.kube.cluster.responses import Answer
from bot.kube.objects.model import object_of

Body = Mapping[str, Any]
Fields = Mapping[str, Any]  # a tree of FieldsV1, see `managed`
Operation = dict[str, Any]

APPLY = "Apply"

_SERVERS = ("apiVersion", "kind", "metadata", "status")
_MARKS = ("labels", "annotations", "finalizers", "ownerReferences")
_ALWAYS: Fields = {"f:metadata": {}}


def adopts(live: Body, managers: Sequence[str], ours: str = MANAGER) -> tuple[str, ...]:
    """Those of the managers that own something of the object itself, in the order they were named."""
    found = {str(entry.get("manager")) for entry in _entries(live) if _is_taken(entry, managers, ours)}
    return tuple(dict.fromkeys(name for name in managers if name in found))


def migrated(live: Body, managers: Sequence[str], ours: str = MANAGER) -> list[Operation] | None:
    """The JSON patch that makes the managers' fields ours; None where they have none.

    It fails with 409 when the object has changed since: a `test` would be answered as an invalid request.
    """
    entries = _entries(live)
    target = _target(entries, managers, ours)
    if target is None:
        return None
    union = {**target, "manager": ours, "operation": APPLY, "fieldsV1": _owned_after(entries, managers, ours)}
    kept = [union if one is target else one for one in entries if one is target or not _is_taken(one, managers, ours)]
    return [
        {"op": "replace", "path": "/metadata/managedFields", "value": kept},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
    ]


def foreseen(cluster: Cluster, result: Body, live: Body, rendered: Body, managers: Sequence[str]) -> Answer:
    """What an apply after the migration will leave, told by the server before it: the result of a dry-run of the apply
    without what becomes ours and is not rendered, tried once more for the defaults that come in its place.
    """
    its = object_of(rendered)
    wanted = without_adopted(result, live, rendered, managers)
    return cluster.patch(its.api_version, its.ref, completing(live, wanted), dry_run=True)


def without_adopted(
    result: Body, live: Body, rendered: Body, managers: Sequence[str], ours: str = MANAGER
) -> dict[str, Any]:
    """A dry-run's result without what the apply will remove once the managers' fields are ours.

    `result` must be the server's answer with its managedFields. What is removed has no defaults yet: `completing` asks
    the server for those, without which every default would look like a field that goes.
    """
    left = [entry for entry in _entries(result) if not _is_taken(entry, managers, ours)]
    kept = [_ALWAYS, *(entry.get("fieldsV1") or {} for entry in left)]
    if rendered.get("kind") == "Secret" and rendered.get("stringData"):
        kept.append({"f:data": {f"f:{key}": {} for key in rendered["stringData"]}})
    return dict(_reduced(result, _owned_after(_entries(live), managers, ours), _united(kept)))


def completing(live: Body, wanted: Body) -> list[Operation]:
    """The JSON patch that turns the live object into the wanted one: tried, it tells what the server makes of that."""
    there, meant = _meant(live), _meant(wanted)
    gone = [{"op": "remove", "path": path} for path in there if path not in meant]
    return [*gone, *({"op": "add", "path": path, "value": value} for path, value in meant.items())]


def _meant(body: Body) -> dict[str, Any]:
    """By pointer, what somebody means by an object: not its status, nor what the server keeps of it."""
    fields = {_pointer(key): value for key, value in body.items() if key not in _SERVERS}
    marks = {f"/metadata/{key}": body["metadata"][key] for key in _MARKS if key in body["metadata"]}
    return fields | marks


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _entries(body: Body) -> list[Mapping[str, Any]]:
    return list((body.get("metadata") or {}).get("managedFields") or ())


def _is_taken(entry: Mapping[str, Any], managers: Sequence[str], ours: str) -> bool:
    """Never of a subresource: who writes a status or scales goes on doing so."""
    return entry.get("manager") in managers and not entry.get("subresource") and not _is_ours(entry, ours)


def _is_ours(entry: Mapping[str, Any], ours: str) -> bool:
    return entry.get("manager") == ours and entry.get("operation") == APPLY and not entry.get("subresource")


def _target(entries: Sequence[Mapping[str, Any]], managers: Sequence[str], ours: str) -> Mapping[str, Any] | None:
    """The entry that becomes, or already is, what we have applied: ours, else the latest of theirs."""
    taken = sorted((one for one in entries if _is_taken(one, managers, ours)), key=lambda one: str(one.get("time")))
    return next((one for one in entries if _is_ours(one, ours)), taken[-1]) if taken else None


def _owned_after(entries: Sequence[Mapping[str, Any]], managers: Sequence[str], ours: str) -> Fields:
    """All that is ours afterwards. Fields named in the words of another API version are nobody's, as with kubectl."""
    target = _target(entries, managers, ours)
    if target is None:
        return {}
    alike = (one for one in entries if one is target or _is_taken(one, managers, ours))
    return _united(one.get("fieldsV1") or {} for one in alike if one.get("apiVersion") == target.get("apiVersion"))


def _united(trees: Iterable[Fields]) -> Fields:
    whole: Fields = {}
    for tree in trees:
        whole = _both(whole, tree) if whole else tree
    return whole


def _both(one: Fields, other: Fields) -> Fields:
    if not one or not other:  # owned as a whole, and perhaps also in part
        return {".": {}, **one, **other} if one or other else {}
    shared = {key: _both(one[key], other[key]) for key in one if key in other}
    return {**one, **other, **shared}


def _reduced(value: Any, last: Fields, kept: Fields) -> Any:
    """The value without what is in the one tree, by structured-merge-diff's rules of pruning, and not in the other."""
    for step, below in last.items():
        place = _place(value, step)
        if step == "." or place is None:
            continue
        if _is_member(step, below) and not (step in kept and _is_member(step, kept[step])):
            value = _without(value, place)
        else:
            value = _with(value, place, _reduced(value[place], below, kept.get(step, {})))
    return value


def _is_member(step: str, below: Fields) -> bool:
    """Whether a tree has the thing itself, not only something in it: fields with a name come with what is in them."""
    return not below or "." in below or step.startswith("f:")


def _place(value: Any, step: str) -> Any:
    """The key or the number of what a step leads to; None where it is not there."""
    kind, _, rest = step.partition(":")
    if kind == "f":
        return rest if isinstance(value, Mapping) and rest in value else None
    if not isinstance(value, list) or kind not in ("k", "v"):
        return None
    wanted = json.loads(rest)
    return next((place for place, item in enumerate(value) if _is(item, wanted, keyed=kind == "k")), None)


def _is(item: Any, wanted: Any, *, keyed: bool) -> bool:
    if not keyed:
        return bool(item == wanted)
    return isinstance(item, Mapping) and all(item.get(key) == value for key, value in wanted.items())


def _without(value: Any, place: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: item for key, item in value.items() if key != place}
    return [item for number, item in enumerate(value) if number != place]


def _with(value: Any, place: Any, item: Any) -> Any:
    if isinstance(value, Mapping):
        return {**value, place: item}
    return [item if number == place else one for number, one in enumerate(value)]
