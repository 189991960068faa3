"""ConfigMaps and Secrets that generators name by their content: the new one and the old one are one change.

Called by `plan_content`, on what is shown only: the apply creates the one and deletes the other. Pure.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.kube.objects.kube_object import ObjectRef
from bot.kube.objects.object_changes import ObjectChange, Verb
from bot.kube.plan.field_diff import GENERATED_KINDS

WORKLOAD_KINDS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})

_GENERATED_NAME = re.compile(r"(.+)-[0-9a-z]{10}")

NameStem = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class GeneratedRename:
    """`workloads` name the new object and restart for it, `users` are other objects that name it."""

    old: ObjectChange
    new: ObjectChange
    workloads: tuple[ObjectRef, ...] = ()
    users: tuple[ObjectRef, ...] = ()

    def __str__(self) -> str:
        rolls = [f"rolls {_list_refs(self.workloads)}"] if self.workloads else []
        return ", ".join(["renamed", *rolls, *([f"used by {_list_refs(self.users)}"] if self.users else [])])


def pair_renames(changes: Sequence[ObjectChange]) -> tuple[GeneratedRename, ...]:
    """Pair one deleted with one created object; what could be paired in more than one way is left alone."""
    old, new = _group_by_stem(changes, Verb.DELETE), _group_by_stem(changes, Verb.CREATE)
    pairs = [(old[stem][0], new[stem][0]) for stem in new if len(new[stem]) == len(old.get(stem, ())) == 1]
    users = _users(changes, {pair[1].ref.name for pair in pairs})
    return tuple(
        _rename(deleted, created, users[deleted.ref.namespace, created.ref.name]) for deleted, created in pairs
    )


def _group_by_stem(changes: Sequence[ObjectChange], verb: Verb) -> Mapping[NameStem, list[ObjectChange]]:
    by_stem: dict[NameStem, list[ObjectChange]] = defaultdict(list)
    for change in changes:
        match = _GENERATED_NAME.fullmatch(change.ref.name)
        if (
            match
            and change.verb is verb
            and change.ref.kind in GENERATED_KINDS
            and not (change.ref.group or change.confirm)
        ):
            by_stem[change.ref.group, change.ref.kind, change.ref.namespace, match[1]].append(change)
    return dict(by_stem)


def _users(changes: Sequence[ObjectChange], names: set[str]) -> Mapping[tuple[str, str], list[ObjectRef]]:
    """By namespace and name, who names it."""
    users: dict[tuple[str, str], list[ObjectRef]] = defaultdict(list)
    for change in changes if names else ():
        if change.send is None or change.verb is Verb.DELETE or change.ref.kind in GENERATED_KINDS:
            continue
        for name in names.intersection(_string_leaves(change.send)):
            users[change.ref.namespace, name].append(change.ref)
    return users


def _string_leaves(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping | list):
        for child in node.values() if isinstance(node, Mapping) else node:
            yield from _string_leaves(child)


def _rename(deleted: ObjectChange, created: ObjectChange, users: Sequence[ObjectRef]) -> GeneratedRename:
    workloads = tuple(ref for ref in users if ref.kind in WORKLOAD_KINDS)
    return GeneratedRename(deleted, created, workloads, tuple(ref for ref in users if ref.kind not in WORKLOAD_KINDS))


def _list_refs(refs: Sequence[ObjectRef], limit: int = 5) -> str:
    remainder = [f"{len(refs) - limit} more"] if len(refs) > limit else []
    return ", ".join([*map(str, refs[:limit]), *remainder])
