"""Listening sockets that are made inside a network namespace and served from outside of it. Used by the launcher."""

import _socket

BACKLOG = 128


def hand_out(addresses: list[tuple[str, int]], control: int) -> list[str]:
    """Listen on each, hand all sockets out over the Unix socket `control`, and return where they listen.

    One message: the sockets as SCM_RIGHTS, in this order, and their addresses (`127.0.0.1:4711`) a line each. Both
    ends are closed here afterwards. Raises OSError.
    """
    sockets = [_listen(address) for address in addresses]
    places = [_text(socket.getsockname()) for socket in sockets]
    descriptors = b"".join(socket.fileno().to_bytes(4, "little") for socket in sockets)
    door = _socket.socket(fileno=control)
    door.sendmsg(["\n".join(places).encode()], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, descriptors)])
    for socket in (*sockets, door):
        socket.close()
    return places


def _listen(address: tuple[str, int]) -> _socket.socket:
    family = _socket.AF_INET6 if ":" in address[0] else _socket.AF_INET
    socket = _socket.socket(family, _socket.SOCK_STREAM)
    socket.bind(address)
    socket.listen(BACKLOG)
    return socket


def _text(address: tuple[str, int]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
