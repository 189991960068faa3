"""ConfigMaps and Secrets that generators name by their content: the new one and the old one are one change.

Called by `show`, on what is shown only: the apply creates the one and deletes the other. Pure.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.kube.objects.model import Ref
from bot.kube.objects.outcomes import Outcome, Verb
from bot.kube.plan.fields import GENERATED

ROLLED = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})

_GENERATED = re.compile(r"(.+)-[0-9a-z]{10}")

Stem = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Rename:
    """`rolls` are the workloads that name the new object and restart for it, `used` other objects that name it."""

    old: Outcome
    new: Outcome
    rolls: tuple[Ref, ...] = ()
    used: tuple[Ref, ...] = ()

    def __str__(self) -> str:
        rolls = [f"rolls {_named(self.rolls)}"] if self.rolls else []
        return ", ".join(["renamed", *rolls, *([f"used by {_named(self.used)}"] if self.used else [])])


def renames(outcomes: Sequence[Outcome]) -> tuple[Rename, ...]:
    """Pairs of one deleted and one created object; what could be paired in more than one way is left alone."""
    old, new = _by_stem(outcomes, Verb.DELETE), _by_stem(outcomes, Verb.CREATE)
    pairs = [(old[stem][0], new[stem][0]) for stem in new if len(new[stem]) == len(old.get(stem, ())) == 1]
    users = _users(outcomes, {pair[1].ref.name for pair in pairs})
    return tuple(_rename(gone, made, users[gone.ref.namespace, made.ref.name]) for gone, made in pairs)


def _by_stem(outcomes: Sequence[Outcome], verb: Verb) -> Mapping[Stem, list[Outcome]]:
    found: dict[Stem, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        match = _GENERATED.fullmatch(one.ref.name)
        if match and one.verb is verb and one.ref.kind in GENERATED and not (one.ref.group or one.confirm):
            found[one.ref.group, one.ref.kind, one.ref.namespace, match[1]].append(one)
    return dict(found)


def _users(outcomes: Sequence[Outcome], names: set[str]) -> Mapping[tuple[str, str], list[Ref]]:
    """By namespace and name, who names it."""
    found: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    for one in outcomes if names else ():
        if one.send is None or one.verb is Verb.DELETE or one.ref.kind in GENERATED:
            continue
        for name in names.intersection(_texts(one.send)):
            found[one.ref.namespace, name].append(one.ref)
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _rename(old: Outcome, new: Outcome, users: Sequence[Ref]) -> Rename:
    rolls = tuple(ref for ref in users if ref.kind in ROLLED)
    return Rename(old, new, rolls, tuple(ref for ref in users if ref.kind not in ROLLED))


def _named(refs: Sequence[Ref], most: int = 5) -> str:
    more = [f"{len(refs) - most} more"] if len(refs) > most else []
    return ", ".join([*map(str, refs[:most]), *more])
