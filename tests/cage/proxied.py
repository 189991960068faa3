"""A proxy on loopback with servers behind it, for tests: real sockets, and a resolver that says what the test says."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from bot.cage.policy import NetworkMode
from bot.cage.proxy.destinations import Destinations
from bot.cage.proxy.proxy import Closer, Proxy
from bot.cage.proxy.upstream import NO_UPSTREAM, Upstream

WAIT_SECONDS = 60.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Talk = Callable[[socket.socket], None]


@dataclass
class Server:
    """A TCP server: `talk` has each connection to itself. `heads` are what `answering` read."""

    port: int
    heads: list[bytes] = field(default_factory=list)
    connections: int = 0


@contextmanager
def serving(talk: Talk, host: str = "127.0.0.1", port: int = 0) -> Iterator[Server]:
    listener = socket.create_server((host, port))
    server = Server(listener.getsockname()[1])

    def attend(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(WAIT_SECONDS)
            talk(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                server.connections += 1
                threading.Thread(target=attend, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@contextmanager
def answering(answer: bytes = OK, host: str = "127.0.0.1", port: int = 0) -> Iterator[Server]:
    """A server that reads one head, gives the answer and closes."""
    heads: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        heads.append(read_head(connection))
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    with serving(talk, host, port) as server:
        server.heads = heads
        yield server


@contextmanager
def echoing() -> Iterator[Server]:
    """A server that says again what it hears, and "bye" when it has heard all."""

    def talk(connection: socket.socket) -> None:
        while chunk := connection.recv(65536):
            connection.sendall(chunk)
        connection.sendall(b"bye")

    with serving(talk) as server:
        yield server


@dataclass
class Served:
    """A proxy that serves: its port, what it refused, what it looked up, and how it is closed."""

    port: int
    closer: Closer
    refusals: list[str]
    look_ups: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), WAIT_SECONDS)

    def send(self, request: bytes) -> bytes:
        """Send it and return all that comes back."""
        with self.connect() as connection:
            connection.sendall(request)
            return read_all(connection)

    def tunnel(self, destination: str) -> socket.socket:
        """Open a tunnel."""
        connection = self.connect()
        connection.sendall(f"CONNECT {destination} HTTP/1.1\r\n\r\n".encode())
        assert read_head(connection).startswith(b"HTTP/1.1 200 ")
        return connection


@contextmanager
def proxying(
    hosts: Sequence[str] = (),
    names: dict[str, list[list[str]]] | None = None,
    mode: NetworkMode = NetworkMode.INTERNET,
    upstream: Upstream = NO_UPSTREAM,
) -> Iterator[Served]:
    """Serve with these rules. `names` are the addresses of names: for each look-up the next, the last again and again.

    A fault of the proxy's own, or one that reached its loop, is an error at the end.
    """
    look_ups: list[str] = []

    def resolve(host: str, port: int) -> list[tuple[str, int]]:
        look_ups.append(host)
        answers = (names or {}).get(host)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(address, port) for address in (answers.pop(0) if len(answers) > 1 else answers[0])]

    proxy, refusals = Proxy(upstream, resolve), list[str]()
    listener = socket.create_server(("127.0.0.1", 0))
    with no_faults():
        closer = proxy.serve(listener, Destinations.of(mode, hosts, "db"), refusals.append)
        try:
            yield Served(listener.getsockname()[1], closer, refusals, look_ups)
        finally:
            closer.close()
            proxy.close()


@contextmanager
def no_faults() -> Iterator[None]:
    """Whatever the proxy or its loop logs as an error is one."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = records.append  # type: ignore[method-assign]  # where records go
    loggers = [logging.getLogger(name) for name in ("asyncio", "bot.cage.proxy.listener")]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
    assert not [record.getMessage() for record in records]


def read_head(connection: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            break
        head += byte
    return head


def read_exactly(connection: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size and (chunk := connection.recv(size - len(content))):
        content += chunk
    return content


def read_all(connection: socket.socket) -> bytes:
    chunks = []
    with suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            chunks.append(chunk)
    return b"".join(chunks)
