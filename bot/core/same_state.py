"""Places that have one state: what one of them plans is done to what the other manages.

Called with what tools say of where states are, in the base and in the merge result; a place may have several there.
"""

from collections.abc import Iterable, Mapping

SameState = tuple[tuple[str, ...], ...]


def group_places(locations: Mapping[str, frozenset[str]]) -> SameState:
    """Groups of places that share a location, each sorted; who shares none with another is in no group."""
    leaders: dict[str, str] = {place: place for place in locations}

    def leader(place: str) -> str:
        while leaders[place] != place:
            place = leaders[place]
        return place

    owners: dict[str, str] = {}
    for place in sorted(locations):
        for location in locations[place]:
            leaders[leader(place)] = leader(owners.setdefault(location, place))
    groups: dict[str, list[str]] = {}
    for place in sorted(locations):
        groups.setdefault(leader(place), []).append(place)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def with_same_state(groups: SameState, places: Iterable[str]) -> frozenset[str]:
    """The places, and those that have the state of one of them."""
    chosen = frozenset(places)
    return chosen.union(*(group for group in groups if not chosen.isdisjoint(group)))


def others_with_state(groups: SameState, place: str) -> tuple[str, ...]:
    """The other places that have this place's state."""
    return tuple(sorted(with_same_state(groups, {place}) - {place}))
