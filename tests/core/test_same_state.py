"""Places that have one state."""

import pytest

from bot.core.same_state import group_places, others_with_state, with_same_state

STATES = {
    "a:default": frozenset({"1"}),
    "b:default": frozenset({"1", "2"}),
    "c:default": frozenset({"2"}),
    "d:default": frozenset({"3"}),
    "e:default": frozenset[str](),
    "f:default": frozenset[str](),
}
GROUPS = (("a:default", "b:default", "c:default"),)


def test_places_that_share_a_state_are_together_also_through_others() -> None:
    assert group_places(STATES) == GROUPS


def test_two_are_a_group_and_one_is_none() -> None:
    states = {"a:default": frozenset({"1"}), "b:default": frozenset({"1"}), "c:default": frozenset({"2"})}
    assert group_places(states) == (("a:default", "b:default"),)


def test_places_without_a_state_of_their_own_share_none() -> None:
    assert group_places({"e:default": frozenset(), "f:default": frozenset()}) == ()


@pytest.mark.parametrize(
    ("place", "others"), [("a:default", ("b:default", "c:default")), ("d:default", ()), ("unknown", ())]
)
def test_the_others_of_a_place(place: str, others: tuple[str, ...]) -> None:
    assert others_with_state(GROUPS, place) == others
    assert with_same_state(GROUPS, [place]) == {place, *others}
