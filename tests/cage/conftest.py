"""A room to be confined to, for root and for an ordinary user; and stages for tests that need one of their own."""

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.cage.launching import USERS, Room, room_of
from tests.e2e.conftest import stages  # noqa: F401  # a fixture


@pytest.fixture(params=USERS)
def room(request: pytest.FixtureRequest) -> Iterator[Room]:
    """Folders, and the user who is confined to two of them."""
    with room_of(request.param) as room:
        yield room


@pytest.fixture
def port() -> Iterator[int]:
    """A TCP port of this machine where somebody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_greet, args=(server,), daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def _greet(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.sendall(b"hello")
