"""A forward proxy as careless as can be: it connects to whatever it is asked for."""

import contextlib
import socket
import threading
from collections.abc import Iterator

LONGEST_HEAD = 65536


@contextlib.contextmanager
def careless_proxy() -> Iterator[str]:
    """Its address, as HTTPS_PROXY has it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    """Say that it was done: whoever is asked for, the attempt is what counts."""
    with connection, contextlib.suppress(OSError):
        connection.settimeout(5)
        if connection.recv(LONGEST_HEAD):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
