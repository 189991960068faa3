"""The proxy between Terraform and what is beyond: the operator's own proxy, a state at a listed host."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from bot.cage.policy import NetworkMode
from bot.cage.proxy.upstream import Upstream
from tests.cage.proxied import (
    Served,
    answering,
    proxying,
    read_exactly,
    read_head,
    serving,
)

PATH = os.environ["PATH"]
NOT_ALLOWED = "is not allowed for `db`; the operator may add it to CAGE__HOSTS"


def get(url: str, *lines: str) -> bytes:
    return "\r\n".join((f"GET {url} HTTP/1.1", *lines, "", "")).encode()


def test_the_operators_own_proxy_is_asked_by_name_with_its_credentials() -> None:
    with answering(b"HTTP/1.1 200 ok\r\n\r\nthrough") as outer:
        upstream = Upstream.of({"HTTPS_PROXY": f"http://us%40er:pass@127.0.0.1:{outer.port}"})
        with proxying(names={"127.0.0.1": [["127.0.0.1"]]}, upstream=upstream) as served:
            answer = served.send(b"CONNECT example.com:443 HTTP/1.1\r\n\r\n")
            assert answer == b"HTTP/1.1 200 Connection established\r\n\r\nthrough"
            assert outer.heads == [
                b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n"
                b"Proxy-Authorization: Basic dXNAZXI6cGFzcw==\r\n\r\n"
            ]
            assert b" 403 " in served.send(b"CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n")
            assert b" 403 " in served.send(b"CONNECT vault.internal:443 HTTP/1.1\r\n\r\n")
            assert served.look_ups == ["127.0.0.1"]


def test_a_plain_request_goes_to_the_operators_proxy_whole_and_alone() -> None:
    with answering() as outer:
        upstream = Upstream.of({"http_proxy": f"127.0.0.1:{outer.port}"})
        with proxying(names={"127.0.0.1": [["127.0.0.1"]]}, upstream=upstream) as served:
            assert served.send(get("http://example.com/x") + get("http://169.254.169.254/")).endswith(b"ok")
            head = b"GET http://example.com:80/x HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n"
            assert outer.heads == [head]


def test_what_the_operators_proxy_refuses_is_told() -> None:
    with answering(b"HTTP/1.1 407 no\r\nContent-Length: 0\r\n\r\n") as outer:
        upstream = Upstream.of({"HTTPS_PROXY": f"http://127.0.0.1:{outer.port}"})
        with proxying(names={"127.0.0.1": [["127.0.0.1"]]}, upstream=upstream) as served:
            answer = served.send(b"CONNECT example.com:443 HTTP/1.1\r\n\r\n")
            sentence = (
                f"`example.com:443` cannot be reached: the operator's proxy 127.0.0.1:{outer.port}: it answered 407"
            )
            assert answer.startswith(f"HTTP/1.1 502 {sentence}\r\n".encode())


def terraform(directory: Path, served: Served, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        "PATH": PATH,
        "HOME": str(directory),
        "TF_CLI_CONFIG_FILE": "/dev/null",
        "CHECKPOINT_DISABLE": "1",
        "HTTP_PROXY": served.url,
        "HTTPS_PROXY": served.url,
    }
    return subprocess.run(
        ["terraform", *words, "-no-color"], cwd=directory, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(not shutil.which("terraform"), reason="no terraform on PATH")
def test_terraform_tells_the_sentence_of_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'terraform {\n  backend "http" { address = "http://vault.internal:8200/state" }\n}\n'
    )
    with proxying() as served:
        shown = terraform(tmp_path, served, "init")
        assert shown.returncode == 1
        assert served.refusals == [f"`vault.internal:8200` {NOT_ALLOWED}"]
    (tmp_path / "main.tf").write_text('module "x" {\n  source = "https://modules.internal/x.zip"\n}\n')
    with proxying() as served:
        shown = terraform(tmp_path, served, "init")
        assert f"`modules.internal:443` {NOT_ALLOWED}" in " ".join(shown.stderr.replace("│", " ").split())


@pytest.mark.skipif(not shutil.which("terraform"), reason="no terraform on PATH")
def test_terraform_keeps_its_state_at_a_listed_host(tmp_path: Path) -> None:
    states: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        head = read_head(connection)
        length = int((re.findall(rb"(?i)content-length: (\d+)", head) or [b"0"])[0])
        body = read_exactly(connection, length) if length else b""
        if head.startswith(b"POST"):
            states.append(body)
        answer = states[-1] if states else b""
        status = b"200 OK" if states else b"404 Not Found"
        connection.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(answer)) + answer)

    with serving(talk) as server:
        address = f"http://state.internal:{server.port}/state"
        (tmp_path / "main.tf").write_text(
            f'terraform {{\n  backend "http" {{ address = "{address}" }}\n}}\n'
            'resource "terraform_data" "x" {\n  input = "kept"\n}\n'
        )
        rules, names = [f"state.internal:{server.port}"], {"state.internal": [["127.0.0.1"]]}
        with proxying(rules, names, mode=NetworkMode.LISTED) as served:
            for words in (("init",), ("apply", "-auto-approve")):
                shown = terraform(tmp_path, served, *words)
                assert shown.returncode == 0, shown.stderr
            assert served.refusals == []
    assert b'"kept"' in states[-1]
