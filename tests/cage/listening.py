"""Services that answer whoever comes with the mark: over TCP, UDP, abstract sockets and sockets that have a path."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path


class Listeners:
    """Sockets that are answered, each by a thread, until `close`."""

    def __init__(self, mark: str) -> None:
        self._answer, self._sockets = f"{mark}\n".encode(), list[socket.socket]()
        self.received: list[bytes] = []

    def tcp(self, host: str = "127.0.0.1") -> str:
        """Listen on a free port; the address."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return _address(self._stream(socket.socket(family, socket.SOCK_STREAM), (host, 0)))

    def udp(self, host: str = "127.0.0.1") -> str:
        """Answer datagrams on a free port; the address."""
        return _address(self._datagrams(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), (host, 0)))

    def unix(self, path: Path) -> str:
        """Listen on a path that everybody may connect to; the path."""
        self._stream(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), str(path))
        path.chmod(0o777)
        return str(path)

    def abstract(self, name: str) -> str:
        """Listen on an abstract name, and for datagrams on a second one; the name."""
        self._stream(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), f"\0{name}")
        self._datagrams(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), f"\0{name}-datagrams")
        return name

    def close(self) -> None:
        """Nobody is answered from now on."""
        for listener in self._sockets:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _stream(self, listener: socket.socket, address: tuple[str, int] | str) -> socket.socket:
        listener.bind(address)
        listener.listen(64)
        return self._serve(listener, self._answer_streams)

    def _datagrams(self, listener: socket.socket, address: tuple[str, int] | str) -> socket.socket:
        listener.bind(address)
        return self._serve(listener, self._answer_datagrams)

    def _serve(self, listener: socket.socket, answer: Callable[[socket.socket], None]) -> socket.socket:
        self._sockets.append(listener)
        threading.Thread(target=answer, args=(listener,), daemon=True).start()
        return listener

    def _answer_streams(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(2)
                    connection.sendall(self._answer)

    def _answer_datagrams(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                datagram, sender = listener.recvfrom(4096)
                if not datagram:
                    return
                self.received.append(datagram)
                if sender:
                    with contextlib.suppress(OSError):
                        listener.sendto(self._answer, sender)


def machine_address() -> str:
    """An address of this machine that is not loopback; empty where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("192.0.2.1", 9))  # sends nothing: only the route is looked up
        except OSError:
            return ""
        return str(asking.getsockname()[0])


def has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as listener:
        listener.bind(("::1", 0))
        return True
    return False


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@contextlib.contextmanager
def listening(mark: str) -> Iterator[Listeners]:
    listeners = Listeners(mark)
    try:
        yield listeners
    finally:
        listeners.close()
