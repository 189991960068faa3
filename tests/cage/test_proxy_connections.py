"""Connections of the proxy: tunnels, forwarded ports, how many there are, and how they end."""

import socket
import subprocess
import sys
import threading

import pytest

from bot.cage.policy import NetworkMode
from bot.cage.proxy import proxy as proxy_module
from bot.cage.proxy import wire
from bot.cage.proxy.destinations import Destinations
from bot.cage.proxy.proxy import Proxy
from tests.cage.proxied import (
    Served,
    answering,
    echoing,
    no_faults,
    proxying,
    read_all,
    read_exactly,
    read_head,
    serving,
)


def get(url: str, *lines: str) -> bytes:
    return "\r\n".join((f"GET {url} HTTP/1.1", *lines, "", "")).encode()


def test_a_tunnel_carries_bytes_both_ways_and_each_side_may_end_first() -> None:
    with (
        echoing() as server,
        proxying([f"127.0.0.1:{server.port}"]) as served,
        served.tunnel(f"127.0.0.1:{server.port}") as connection,
    ):
        connection.sendall(b"hello")
        assert read_exactly(connection, 5) == b"hello"
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection) == b"bye"


def test_what_is_sent_with_the_request_for_a_tunnel_goes_through_it() -> None:
    with echoing() as server, proxying([f"127.0.0.1:{server.port}"]) as served, served.connect() as connection:
        connection.sendall(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\nContent-Length: 2\r\n\r\nearly".encode())
        read_head(connection)
        assert read_exactly(connection, 5) == b"early"


def test_a_side_that_is_silent_after_the_other_has_ended_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "HALF_CLOSED_SECONDS", 0.2)

    def talk(connection: socket.socket) -> None:
        while connection.recv(100):
            pass
        is_ended.wait(120)

    is_ended = threading.Event()
    with serving(talk) as server, proxying([f"127.0.0.1:{server.port}"]) as served:
        with served.tunnel(f"127.0.0.1:{server.port}") as connection:
            connection.shutdown(socket.SHUT_WR)
            assert read_all(connection) == b""
        is_ended.set()


def test_a_program_that_does_not_read_holds_the_server_up_and_takes_no_memory() -> None:
    sizes: list[int] = []
    is_full = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.settimeout(1)
        chunk, size = bytes(65536), 0
        try:
            while size < 200_000_000:
                size += connection.send(chunk)
        except TimeoutError:
            sizes.append(size)
        is_full.set()

    with (
        serving(talk) as server,
        proxying([f"127.0.0.1:{server.port}"]) as served,
        served.tunnel(f"127.0.0.1:{server.port}"),
    ):
        assert is_full.wait(60)
    assert sizes
    assert sizes[0] < 50_000_000


def test_a_listener_has_so_many_connections_at_once_and_more_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy_module, "MAX_CONNECTIONS", 3)
    with echoing() as server, proxying([f"127.0.0.1:{server.port}"]) as served:
        request = f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n\r\n".encode()
        open_tunnels = [served.tunnel(f"127.0.0.1:{server.port}") for _ in range(3)]
        with served.connect() as waiting:
            waiting.sendall(request)
            waiting.settimeout(0.5)
            with pytest.raises(TimeoutError):
                waiting.recv(1)
            open_tunnels.pop().close()
            waiting.settimeout(60)
            assert read_head(waiting).startswith(b"HTTP/1.1 200 ")
        for tunnel in open_tunnels:
            tunnel.close()


def test_closing_ends_all_connections_and_the_listener_and_may_be_repeated() -> None:
    with echoing() as server, proxying([f"127.0.0.1:{server.port}"]) as served:
        tunnels = [served.tunnel(f"127.0.0.1:{server.port}") for _ in range(3)]
        idle = served.connect()
        served.closer.close()
        served.closer.close()
        for connection in (*tunnels, idle):
            with connection:
                assert read_all(connection) == b""
        with pytest.raises(ConnectionRefusedError):
            served.connect()


def test_closing_one_listener_leaves_the_others_of_the_same_proxy_alone() -> None:
    proxy, listeners = Proxy(), [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    with no_faults(), echoing() as server:
        rules = Destinations.of(NetworkMode.LISTED, [f"127.0.0.1:{server.port}"])
        first, second = (proxy.serve(listener, rules, print) for listener in listeners)
        served = Served(listeners[1].getsockname()[1], second, [], [])
        with served.tunnel(f"127.0.0.1:{server.port}") as connection:
            first.close()
            connection.sendall(b"hello")
            assert read_exactly(connection, 5) == b"hello"
        second.close()
        proxy.close()


IN_A_NETWORK_OF_ITS_OWN = """
import fcntl, socket, struct, sys
control = socket.socket(fileno=int(sys.argv[1]))
listener = socket.create_server(("127.0.0.1", 0))
fcntl.ioctl(listener, 0x8914, struct.pack("16sh14x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
socket.send_fds(control, [b"x"], [listener.fileno()])
port = listener.getsockname()[1]
listener.close()
control.recv(1)
for request in sys.argv[2:]:
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.sendall(request.encode() + b"\\r\\n\\r\\n")
        print(connection.makefile().read().splitlines()[0], flush=True)
"""


def test_a_program_in_a_network_of_its_own_reaches_ours_through_its_listener_alone() -> None:
    ours, theirs = socket.socketpair()
    with no_faults(), answering() as server, ours, theirs:
        requests = [f"GET http://127.0.0.1:{server.port}/ HTTP/1.1", "CONNECT 127.0.0.1:9 HTTP/1.1"]
        program = [sys.executable, "-I", "-S", "-c", IN_A_NETWORK_OF_ITS_OWN, str(theirs.fileno()), *requests]
        argv = ["unshare", "--user", "--map-root-user", "--net", *program]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, pass_fds=[theirs.fileno()]) as caged:
            theirs.close()
            _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
            if not descriptors:
                pytest.skip("namespaces cannot be made here")
            proxy = Proxy()
            rules = Destinations.of(NetworkMode.LISTED, [f"127.0.0.1:{server.port}"])
            closer = proxy.serve(socket.socket(fileno=descriptors[0]), rules, print)
            ours.sendall(b"x")
            output, _ = caged.communicate(timeout=60)
        closer.close()
        proxy.close()
    assert output.splitlines() == [
        "HTTP/1.1 200 OK",
        "HTTP/1.1 403 `127.0.0.1:9` is not allowed; the operator may add it to CAGE__HOSTS",
    ]


def test_nothing_runs_before_the_first_listener_is_served() -> None:
    before = threading.active_count()
    Proxy()
    assert threading.active_count() == before


def test_a_slow_look_up_holds_up_nobody_else() -> None:
    asked, go_on = threading.Event(), threading.Event()

    def resolve(host: str, port: int) -> list[tuple[str, int]]:
        if host == "slow.example":
            asked.set()
            go_on.wait(120)
        return [("127.0.0.1", port)]

    proxy, listener = Proxy(resolve=resolve), socket.create_server(("127.0.0.1", 0))
    with no_faults(), answering() as server:
        rules = Destinations.of(NetworkMode.INTERNET, [f"127.0.0.1:{server.port}"])
        closer = proxy.serve(listener, rules, print)
        served = Served(listener.getsockname()[1], closer, [], [])
        with served.connect() as waiting:
            waiting.sendall(get(f"http://slow.example:{server.port}/"))
            assert asked.wait(60)
            assert served.send(get(f"http://quick.example:{server.port}/")).endswith(b"ok")
            go_on.set()
            assert read_all(waiting).endswith(b"ok")
        closer.close()
        proxy.close()


def test_a_port_is_forwarded_to_its_target_whatever_its_address() -> None:
    proxy, listener = Proxy(), socket.create_server(("127.0.0.1", 0))
    with no_faults(), echoing() as server:
        closer = proxy.forward(listener, ("localhost", server.port))
        with socket.create_connection(listener.getsockname(), 60) as connection:
            connection.sendall(b"hello")
            assert read_exactly(connection, 5) == b"hello"
            closer.close()
            assert read_all(connection) == b""
        proxy.close()


def test_a_forwarded_port_whose_target_is_gone_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    proxy, listener = Proxy(), socket.create_server(("127.0.0.1", 0))
    with no_faults():
        closer = proxy.forward(listener, ("127.0.0.1", port))
        with socket.create_connection(listener.getsockname(), 60) as connection:
            assert read_all(connection) == b""
        closer.close()
        proxy.close()
