"""The proxy of caged programs, with real programs and with hostile ones, over sockets on loopback."""

import ipaddress
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from bot.cage.policy import NetworkMode
from bot.cage.proxy import proxy as proxy_module
from bot.cage.proxy.dialing import is_own_address
from tests.cage.proxied import (
    OK,
    Served,
    answering,
    echoing,
    proxying,
    read_exactly,
    read_head,
    serving,
)

PATH = os.environ["PATH"]
NOT_ALLOWED = "is not allowed for `db`; the operator may add it to CAGE__HOSTS"


def curl(served: Served, *words: str) -> "subprocess.CompletedProcess[str]":
    argv = ["curl", "--silent", "--show-error", "--max-time", "60", "--proxy", served.url, *words]
    return subprocess.run(argv, capture_output=True, text=True, env={"PATH": PATH}, check=False)


def get(url: str, *lines: str) -> bytes:
    return "\r\n".join((f"GET {url} HTTP/1.1", *lines, "", "")).encode()


def own_address() -> str:
    """An address of this machine that is not loopback; empty when it has none. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
        except OSError:
            return ""
        address: str = probe.getsockname()[0]
        return "" if address.startswith("127.") else address


@pytest.mark.parametrize("words", [(), ("--proxytunnel",)])
def test_curl_reaches_what_is_listed(words: tuple[str, ...]) -> None:
    with (
        answering() as server,
        proxying([f"vault.internal:{server.port}"], {"vault.internal": [["127.0.0.1"]]}) as served,
    ):
        assert curl(served, *words, f"http://vault.internal:{server.port}/v1/x?y=1").stdout == "ok"
        assert server.heads[0].startswith(b"GET /v1/x?y=1 HTTP/1.1\r\nHost: vault.internal:")
        assert served.refusals == []


@pytest.mark.parametrize("words", [(), ("--proxytunnel",)])
def test_curl_is_told_what_is_refused_and_so_is_the_log_once(words: tuple[str, ...]) -> None:
    with answering() as server, proxying() as served:
        for _ in range(2):
            shown = curl(served, *words, "--verbose", f"http://127.0.0.1:{server.port}/")
            assert f"403 `127.0.0.1:{server.port}` {NOT_ALLOWED}" in shown.stderr
        curl(served, *words, "http://vault.internal:8200/")
        assert served.refusals == [f"`127.0.0.1:{server.port}` {NOT_ALLOWED}", f"`vault.internal:8200` {NOT_ALLOWED}"]
        assert (server.connections, served.look_ups) == (0, [])


def test_what_cannot_be_reached_is_said_with_the_reason_and_is_no_refusal() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with proxying([f"gone.example:{port}"], {"gone.example": [["127.0.0.1"]]}) as served:
        answer = served.send(get(f"http://gone.example:{port}/"))
        assert answer.startswith(
            f"HTTP/1.1 502 `gone.example:{port}` cannot be reached: Connection refused\r\n".encode()
        )
        answer = served.send(b"CONNECT nowhere.example:443 HTTP/1.1\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 502 `nowhere.example:443` cannot be reached: Name or service not known\r\n")
        assert served.refusals == []


def test_a_name_is_looked_up_once_and_the_address_that_was_judged_is_the_one_that_is_used() -> None:
    with answering(OK) as inner, answering(OK.replace(b"ok", b"no"), "127.0.0.2", inner.port) as other:
        rules, names = [f"127.0.0.1:{inner.port}"], {"rebind.example": [["127.0.0.1"], ["127.0.0.2"]]}
        with proxying(rules, names) as served:
            assert served.send(get(f"http://rebind.example:{inner.port}/")).endswith(b"ok")
            assert b" 403 " in served.send(get(f"http://rebind.example:{inner.port}/"))
            assert served.look_ups == ["rebind.example"] * 2
        assert other.connections == 0


def test_every_address_of_a_name_is_judged_and_only_the_allowed_are_tried() -> None:
    with answering() as inner, answering(OK.replace(b"ok", b"no"), "127.0.0.2", inner.port) as other:
        with proxying([f"127.0.0.1:{inner.port}"], {"many.example": [["127.0.0.2", "::1", "127.0.0.1"]]}) as served:
            assert served.send(get(f"http://many.example:{inner.port}/")).endswith(b"ok")
        assert other.connections == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "::1", "0.0.0.0", "169.254.169.254", "10.0.0.1"])
def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    with proxying(names={"evil.example": [[address]]}) as served:
        assert b" 403 " in served.send(b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n")
        assert served.refusals == [f"`evil.example:443` {NOT_ALLOWED}"]


def test_an_address_of_this_machine_is_refused_though_its_network_is_listed() -> None:
    address = own_address()
    if not address:
        pytest.skip("this machine has no address but loopback")
    with proxying(["0.0.0.0/0"]) as served:
        assert b" 403 " in served.send(f"CONNECT {address}:9 HTTP/1.1\r\n\r\n".encode())
    with proxying([f"{address}:9"]) as served:
        assert b" 502 " in served.send(f"CONNECT {address}:9 HTTP/1.1\r\n\r\n".encode())


def test_an_address_of_this_machine_is_known_in_each_form() -> None:
    address = own_address()
    if not address:
        pytest.skip("this machine has no address but loopback")
    number = int(ipaddress.IPv4Address(address))
    ways = (0xFFFF << 32 | number, 0x2002 << 112 | number << 80 | 1, 0x64FF9B << 96 | number)
    assert all(is_own_address(ipaddress.IPv6Address(way)) for way in ways)
    assert is_own_address(ipaddress.IPv4Address(address))
    assert not is_own_address(ipaddress.IPv4Address("198.51.100.1"))


def test_in_mode_listed_nothing_else_is_even_looked_up() -> None:
    with proxying(["vault.example"], mode=NetworkMode.LISTED) as served:
        assert b" 403 " in served.send(b"CONNECT secret.of.evil.example:443 HTTP/1.1\r\n\r\n")
        assert served.look_ups == []


def test_refusals_without_end_are_told_with_an_end() -> None:
    with proxying() as served:
        for number in range(proxy_module.MAX_REFUSALS + 5):
            served.send(f"CONNECT h{number}.internal:1 HTTP/1.1\r\n\r\n".encode())
        assert len(served.refusals) == proxy_module.MAX_REFUSALS + 1
        assert served.refusals[-1] == "more destinations were not allowed; they are not listed here"


def test_a_request_with_another_host_goes_to_the_one_that_was_judged() -> None:
    with (
        answering() as server,
        proxying([f"good.internal:{server.port}"], {"good.internal": [["127.0.0.1"]]}) as served,
    ):
        served.send(
            get(f"http://good.internal:{server.port}/", "Host: evil.example", "Proxy-Authorization: Basic eA==")
        )
        assert server.heads == [
            f"GET / HTTP/1.1\r\nHost: good.internal:{server.port}\r\nConnection: close\r\n\r\n".encode()
        ]


@pytest.mark.parametrize(
    "body",
    [
        (b"Content-Length: 3\r\n\r\nabc", b"Content-Length: 3", b"abc"),
        (b"Transfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nX: y\r\n\r\n", b"chunked", b"3\r\nabc\r\n0\r\n\r\n"),
        (b"A: b\r\n\r\n", b"A: b", b""),
    ],
)
def test_nothing_behind_the_body_reaches_the_server(body: tuple[bytes, bytes, bytes]) -> None:
    sent, header, seen = body
    heard: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        heard.append(read_head(connection) + read_exactly(connection, len(seen)))
        connection.settimeout(0.5)
        try:
            heard.append(connection.recv(100))
        except TimeoutError:
            heard.append(b"silence")
        connection.sendall(OK)

    with serving(talk) as server, proxying([f"127.0.0.1:{server.port}"]) as served:
        request = f"POST http://127.0.0.1:{server.port}/ HTTP/1.1\r\n".encode() + sent
        assert served.send(request + get("http://169.254.169.254/")).count(b"HTTP/1.1 200") == 1
        assert header in heard[0]
        assert heard[0].endswith(b"\r\n\r\n" + seen)
        assert heard[1] == b"silence"


def test_a_large_body_and_a_large_answer_pass_whole(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "body").write_bytes(content)

    def talk(connection: socket.socket) -> None:
        head = read_head(connection)
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = int(re.findall(rb"Content-Length: (\d+)", head)[0])
        body = read_exactly(connection, length)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + body + body)

    with serving(talk) as server, proxying([f"127.0.0.1:{server.port}"]) as served:
        url, answer = f"http://127.0.0.1:{server.port}/", tmp_path / "answer"
        shown = curl(served, "--dump-header", "-", "--output", str(answer), "--data-binary", f"@{tmp_path}/body", url)
        assert (shown.returncode, shown.stderr) == (0, "")
        heads = ["HTTP/1.1 100 Continue", "", "HTTP/1.1 200 OK", "Connection: close", "", ""]
        assert shown.stdout.split("\n") == heads
        assert answer.read_bytes() == content * 2


def test_an_answer_that_comes_before_the_body_is_read_is_passed_on() -> None:
    with answering(b"HTTP/1.1 413 Too large\r\n\r\nno") as server, proxying([f"127.0.0.1:{server.port}"]) as served:
        request = f"POST http://127.0.0.1:{server.port}/ HTTP/1.1\r\nContent-Length: 1000000\r\n\r\nabc"
        assert served.send(request.encode()) == b"HTTP/1.1 413 Too large\r\nConnection: close\r\n\r\nno"


@pytest.mark.parametrize(
    "words", [b"SSH-2.0-x\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\n", b"A: " + b"x" * 100_000 + b"\r\n\r\n"]
)
def test_a_server_that_does_not_speak_http_is_told(words: bytes) -> None:
    with answering(words) as server, proxying([f"127.0.0.1:{server.port}"]) as served:
        answer = served.send(get(f"http://127.0.0.1:{server.port}/"))
        assert answer.startswith(b"HTTP/1.1 502 the server did not answer in HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "request_bytes",
    [
        *(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"\x16\x03\x01\x02\x00\r\n\r\n", b"\r\n\r\n", b"x" * 100 + b"\r\n\r\n"),
        *(b"GET http://h.example/ HTTP/1.1\nHost: h\n\r\n\r\n", b"GET http://good@127.0.0.1/ HTTP/1.1\r\n\r\n"),
        b"POST http://127.0.0.1/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_what_is_no_clear_request_is_answered_and_closed(request_bytes: bytes) -> None:
    with proxying() as served:
        assert served.send(request_bytes).startswith(b"HTTP/1.1 400 ")


def test_headers_without_end_are_cut_off() -> None:
    with proxying() as served:
        line = b"A: " + b"x" * 1000 + b"\r\n"
        assert served.send(get("http://h.example/")[:-2] + line * 100).startswith(b"HTTP/1.1 431 ")


def test_a_program_that_never_ends_its_headers_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy_module, "HEAD_SECONDS", 0.2)
    with proxying() as served:
        assert served.send(b"GET http://h.example/ HTTP/1.1\r\n") == b""


def test_a_bad_chunk_ends_the_request() -> None:
    with echoing() as server, proxying([f"127.0.0.1:{server.port}"]) as served:
        request = f"POST http://127.0.0.1:{server.port}/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        for body in (b"zz\r\nabc\r\n", b"1\r\nabc\r\n0\r\n\r\n"):
            assert b"HTTP/1.1 400 a chunk " in served.send(request.encode() + body)
