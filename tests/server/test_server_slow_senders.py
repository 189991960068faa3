"""Whoever sends slowly, or never to the end, holds up nobody else and fills no disk."""

import contextlib
import socket
from collections.abc import Iterator

from bot.server.serve import LARGEST_BODY, LARGEST_UNFINISHED
from tests.server.house import House

BEGUN = b"POST /webhooks/forge HTTP/1.1\r\nHost: bot\r\n"
MANY = 500
PATIENCE_SECONDS = 60


@contextlib.contextmanager
def connections(house: House, count: int) -> Iterator[list[socket.socket]]:
    """So many connections to the server, closed at the end."""
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(socket.create_connection(("127.0.0.1", house.server.port), PATIENCE_SECONDS))
            for _ in range(count)
        ]


def is_closed(connection: socket.socket) -> bool:
    """Wait for the server to say something; true where it closed the connection instead."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_many_that_never_end_their_headers_hold_up_nobody(house: House) -> None:
    with connections(house, MANY) as slow:
        for connection in slow:
            with contextlib.suppress(ConnectionError):
                connection.sendall(BEGUN)
        for _ in range(3):
            assert house.get("/healthz").text == "ok\n"
        assert is_closed(slow[0])


def test_one_that_never_ends_its_headers_is_dropped(house: House) -> None:
    with connections(house, 1) as [slow]:
        slow.sendall(BEGUN)
        slow.settimeout(1)
        assert any(_is_closed_after_one_more(slow) for _ in range(PATIENCE_SECONDS))


def _is_closed_after_one_more(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"X")
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_one_that_sends_nothing_at_all_is_dropped_when_others_come(house: House) -> None:
    with connections(house, MANY) as silent:
        assert house.get("/healthz").text == "ok\n"
        assert is_closed(silent[0])


def test_bodies_that_never_end_are_dropped_before_they_fill_the_disk(house: House) -> None:
    almost_all = b"x" * (LARGEST_BODY - 2)
    count = LARGEST_UNFINISHED // LARGEST_BODY + 2
    with connections(house, count) as senders:
        for sender in senders:
            with contextlib.suppress(ConnectionError):
                sender.sendall(BEGUN + f"Content-Length: {LARGEST_BODY - 1}\r\n\r\n".encode())
                sender.sendall(almost_all)
        assert is_closed(senders[0])
        assert house.get("/healthz").text == "ok\n"


def test_a_body_that_comes_in_pieces_is_taken(house: House) -> None:
    with connections(house, 1) as [sender]:
        sender.sendall(BEGUN + b"Content-Length: 4\r\n\r\n")
        for _ in range(4):
            sender.sendall(b"x")
        assert sender.recv(12) == b"HTTP/1.1 401"
