"""Which sections are shown how far, so that a comment stays within what its host takes. Called by `page`.

In this order, and no further than needed: the attributes of what is plainly created or destroyed (largest project
first), whole objects, drift, whole sections (least risk first). Whatever goes is counted where it went.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bot.templates.groups import ProjectGroup
from bot.templates.sections import RenderedSection, render_section

# No section is smaller; one with less room than MIN_SHARE_BYTES tells nothing that its row in the table does not.
MIN_SECTION_BYTES = 150
MIN_SHARE_BYTES = 1200
SEPARATOR_BYTES = 2


@dataclass(frozen=True, slots=True)
class FittedSections:
    """Sections that are shown, and how many projects have theirs left out."""

    sections: tuple[Markup, ...]
    omitted_projects: int


def fit_sections(groups: Sequence[ProjectGroup], room: int) -> FittedSections:
    """Render as much of every group as the room (in bytes) allows."""
    candidates = groups[: max(0, room) // MIN_SECTION_BYTES]
    full = [render_section(group, room) for group in candidates]
    sections = full if _fits(full, room) else _collapse_largest(candidates, full, room)
    if not _fits(sections, room):
        sections = _share_room(candidates, full, sections, room)
    texts = tuple(section.text for section in sections if section)
    omitted = [group for group, section in zip(candidates, sections, strict=True) if section is None] + list(
        groups[len(candidates) :]
    )
    return FittedSections(texts, sum(len(group.projects) for group in omitted))


def _fits(sections: Sequence[RenderedSection | None], room: int) -> bool:
    return all(section and section.complete for section in sections) and _total_size(sections, room) <= room


def _total_size(sections: Sequence[RenderedSection | None], room: int) -> int:
    return sum(_size(section, room) for section in sections)


def _size(section: RenderedSection | None, room: int) -> int:
    """What the section would take; one that had to leave something out would take all."""
    return section.size + SEPARATOR_BYTES if section and section.complete else room + 1


def _collapse_largest(
    groups: Sequence[ProjectGroup], full: Sequence[RenderedSection | None], room: int
) -> list[RenderedSection | None]:
    """The largest sections without the attributes of what is plain, one by one until all fit."""
    sections = list(full)
    for index in sorted(range(len(groups)), key=lambda index: -_size(full[index], room)):
        sections[index] = render_section(groups[index], room, full=False)
        if _fits(sections, room):
            break
    return sections


def _share_room(
    groups: Sequence[ProjectGroup],
    full: Sequence[RenderedSection | None],
    bare: Sequence[RenderedSection | None],
    room: int,
) -> list[RenderedSection | None]:
    """To each its share of the room: small ones stay as they are, large ones get as much as each other."""
    first_share = _fair_share([_size(section, room) for section in full], room)
    preferred = [
        section if _size(section, room) <= first_share else bare_section
        for section, bare_section in zip(full, bare, strict=True)
    ]
    sizes = [_size(section, room) for section in preferred]
    count = len(groups)
    while count and _fair_share(sizes[:count], room) < min(MIN_SHARE_BYTES, max(sizes[:count])):
        count -= 1
    share = _fair_share(sizes[:count], room)
    sections = [
        section if size <= share else render_section(group, share - SEPARATOR_BYTES, full=False)
        for group, section, size in zip(groups[:count], preferred, sizes, strict=False)
    ]
    return [*sections, *[None] * (len(groups) - count)]


def _fair_share(sizes: Sequence[int], room: int) -> int:
    """The largest share such that all together take no more than the room, where each takes at most its size."""
    remaining, share = room, 0
    for count, size in zip(range(len(sizes), 0, -1), sorted(sizes), strict=True):
        share = remaining // count
        if size > share:
            return share
        remaining -= size
    return max(sizes, default=0)
