"""Which sections are shown how far, so that a comment stays within what its host takes. Called by `page`.

In this order, and no further than needed: the attributes of what is plainly created or destroyed (largest project
first), whole objects, drift, whole sections (least risk first). Whatever goes is counted where it went.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bot.templates.groups import Group
from bot.templates.sections import Section, section

# No section is smaller; one with less room than LEAST tells nothing that its row in the table does not.
SMALLEST = 150
LEAST = 1200
BETWEEN = 2


@dataclass(frozen=True, slots=True)
class Fitted:
    """Sections that are shown, and how many projects have theirs left out."""

    sections: tuple[Markup, ...]
    left_out: int


def fit(groups: Sequence[Group], room: int) -> Fitted:
    """As much of every group as the room (in bytes) allows."""
    some = groups[: max(0, room) // SMALLEST]
    full = [section(group, room) for group in some]
    found = full if _fits(full, room) else _bare(some, full, room)
    if not _fits(found, room):
        found = _shared(some, full, found, room)
    shown = tuple(one.text for one in found if one)
    untold = [group for group, one in zip(some, found, strict=True) if one is None] + list(groups[len(some) :])
    return Fitted(shown, sum(len(group.projects) for group in untold))


def _fits(sections: Sequence[Section | None], room: int) -> bool:
    return all(one and one.whole for one in sections) and _wanted(sections, room) <= room


def _wanted(sections: Sequence[Section | None], room: int) -> int:
    return sum(_size(one, room) for one in sections)


def _size(one: Section | None, room: int) -> int:
    """What the section would take; one that had to leave something out would take all."""
    return one.size + BETWEEN if one and one.whole else room + 1


def _bare(groups: Sequence[Group], full: Sequence[Section | None], room: int) -> list[Section | None]:
    """The largest sections without the attributes of what is plain, one by one until all fit."""
    found = list(full)
    for index in sorted(range(len(groups)), key=lambda index: -_size(full[index], room)):
        found[index] = section(groups[index], room, full=False)
        if _fits(found, room):
            break
    return found


def _shared(
    groups: Sequence[Group], full: Sequence[Section | None], bare: Sequence[Section | None], room: int
) -> list[Section | None]:
    """To each its share of the room: small ones stay as they are, large ones get as much as each other."""
    first = _share([_size(one, room) for one in full], room)
    best = [one if _size(one, room) <= first else other for one, other in zip(full, bare, strict=True)]
    sizes = [_size(one, room) for one in best]
    shown = len(groups)
    while shown and _share(sizes[:shown], room) < min(LEAST, max(sizes[:shown])):
        shown -= 1
    share = _share(sizes[:shown], room)
    found = [
        one if size <= share else section(group, share - BETWEEN, full=False)
        for group, one, size in zip(groups[:shown], best, sizes, strict=False)
    ]
    return [*found, *[None] * (len(groups) - shown)]


def _share(sizes: Sequence[int], room: int) -> int:
    """The largest share such that all together take no more than the room, where each takes at most its size."""
    left, share = room, 0
    for count, size in zip(range(len(sizes), 0, -1), sorted(sizes), strict=True):
        share = left // count
        if size > share:
            return share
        left -= size
    return max(sizes, default=0)
