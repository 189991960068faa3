"""A room to be confined to, for root and for an ordinary user; and stages for tests that need one of their own."""

from collections.abc import Iterator

import pytest

from tests.cage.launching import USERS, Room, room_of
from tests.e2e.conftest import stages  # noqa: F401  # a fixture


@pytest.fixture(params=USERS)
def room(request: pytest.FixtureRequest) -> Iterator[Room]:
    """Folders, and the user who is confined to two of them."""
    with room_of(request.param) as room:
        yield room
