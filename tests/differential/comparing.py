"""Holds two sets of objects against each other, field by field, and says which differences nobody foresaw. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tests.differential.reading import Objects

ABSENT = "(absent)"
EVERY_SHAPE = "*"


@dataclass(frozen=True, slots=True)
class Found:
    """One field of one object; `field` is empty where only one side has the object at all."""

    key: str
    field: str
    theirs: object
    ours: object

    @property
    def equal(self) -> bool:
        return (type(self.theirs), self.theirs) == (type(self.ours), self.ours)

    def __str__(self) -> str:
        return f"{self.key} {self.field or '(whole)'}: theirs {self.theirs!r}, ours {self.ours!r}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One that is foreseen, with the reason. `objects` and `field` are globs; a field's are all fields below it.

    `shapes` are those that need it: in each it must be met, or the row is taken out. What is `drawn` may be equal by
    chance: it is enough that the field is there. `fault` is the number of a fault of the bot, for what is no difference
    by design.
    """

    objects: str
    field: str
    reason: str
    shapes: tuple[str, ...] = (EVERY_SHAPE,)
    fault: str = ""
    drawn: bool = False

    def concerns(self, shape: str) -> bool:
        return bool({shape, EVERY_SHAPE}.intersection(self.shapes))

    def covers(self, found: Found) -> bool:
        if not fnmatchcase(found.key, self.objects):
            return False
        return not self.field or fnmatchcase(found.field, self.field) or fnmatchcase(found.field, f"{self.field}.*")


def fields(theirs: Objects, ours: Objects) -> tuple[Found, ...]:
    """Every field that one or both have."""
    return tuple(found for key in sorted({*theirs, *ours}) for found in _of_object(key, theirs.get(key), ours.get(key)))


def unforeseen(found: Iterable[Found], rows: Sequence[Difference]) -> tuple[Found, ...]:
    return tuple(one for one in found if not one.equal and not any(row.covers(one) for row in rows))


def idle(found: Sequence[Found], rows: Iterable[Difference]) -> tuple[Difference, ...]:
    """Rows that nothing needs."""
    unequal = [one for one in found if not one.equal]
    return tuple(row for row in rows if not any(row.covers(one) for one in (found if row.drawn else unequal)))


def _of_object(key: str, theirs: Any, ours: Any) -> Iterator[Found]:
    if theirs is None or ours is None:
        sides = (ABSENT if side is None else "(there)" for side in (theirs, ours))
        yield Found(key, "", *sides)
        return
    one, other = dict(_leaves(theirs, "")), dict(_leaves(ours, ""))
    for field in sorted({*one, *other}):
        yield Found(key, field, one.get(field, ABSENT), other.get(field, ABSENT))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """`spec.ports.0.name` and its value; of what is empty the emptiness. Dots in names are left as they are."""
    if isinstance(value, Mapping) and value:
        for key, below in value.items():
            yield from _leaves(below, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for number, below in enumerate(value):
            yield from _leaves(below, f"{path}.{number}")
    else:
        yield path, value
