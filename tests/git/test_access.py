"""Git reaches the forge with a token that stands in no environment, no argument and no file (R1 of what was found)."""

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.errors import Refused, Transient
from bot.git import Mirror
from bot.git.access import access_to
from bot.ports import Remote, basic_authorization
from tests.git.children import descendants, open_memory, readable
from tests.git.http_forge import HttpForge
from tests.git.upstream import ENV, Upstream

HEADER = basic_authorization("x-access-token", "a-token-of-the-forge").get_secret_value()
SECRETS = (b"a-token-of-the-forge", HEADER.removeprefix("Basic ").encode())


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    made = Upstream(tmp_path)
    made.commit(a="1\n")
    made.git("config", "http.receivepack", "true")
    return made


@pytest.fixture
def forge(upstream: Upstream) -> Iterator[HttpForge]:
    with HttpForge(upstream.path / ".git") as made:
        yield made


def mirror_of(forge: HttpForge, path: Path) -> Mirror:
    return Mirror(path, Remote(forge.url, basic_authorization("x-access-token", "a-token-of-the-forge")))


def test_every_request_of_a_fetch_and_a_push_has_the_token_and_none_is_made_twice(
    upstream: Upstream, forge: HttpForge, tmp_path: Path
) -> None:
    mirror = mirror_of(forge, tmp_path / "http.git")
    mirror.fetch("refs/heads/main")
    commit = mirror.resolve("refs/heads/main")
    mirror.push(commit, "ours")
    assert {request.authorization for request in forge.requests} == {HEADER}
    assert [f"{request.method} {request.path.rpartition('/')[2]}" for request in forge.requests] == [
        "GET refs?service=git-upload-pack",
        "POST git-upload-pack",
        "POST git-upload-pack",
        "GET refs?service=git-receive-pack",
        "POST git-receive-pack",
    ]
    assert upstream.git("rev-parse", "ours") == commit


@pytest.mark.parametrize("command", ["fetch", "push"])
def test_while_git_speaks_with_the_forge_no_process_shows_the_token(
    upstream: Upstream, forge: HttpForge, tmp_path: Path, command: str
) -> None:
    mirror = mirror_of(forge, tmp_path / "http.git")
    mirror.fetch("refs/heads/main")
    commit = mirror.resolve("refs/heads/main")
    forge.asked.clear()
    forge.answering.clear()
    work = {"fetch": lambda: mirror.fetch("refs/heads/main"), "push": lambda: mirror.push(commit, "ours")}[command]
    thread = threading.Thread(target=work)
    thread.start()
    assert forge.asked.wait(30)
    gits = [pid for pid in descendants(os.getpid()) if b"git-remote-http" in readable(pid)]
    seen = b"".join(map(readable, descendants(os.getpid())))
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    forge.answering.set()
    thread.join()
    assert gits
    assert not [secret for secret in SECRETS for text in (seen, *files) if secret in text]


def test_what_git_is_told_cannot_be_written_and_is_gone_when_it_has_ended(forge: HttpForge, tmp_path: Path) -> None:
    remote = Remote(forge.url, basic_authorization("x-access-token", "a-token-of-the-forge"))
    with access_to(remote) as access:
        (descriptor,) = access.fds
        for write in (lambda: os.pwrite(descriptor, b"x", 0), lambda: os.ftruncate(descriptor, 0)):
            with pytest.raises(PermissionError):
                write()
    mirror_of(forge, tmp_path / "http.git").fetch("refs/heads/main")
    assert not open_memory(os.getpid())


def test_local_git_has_no_token_and_may_speak_with_nobody(upstream: Upstream, forge: HttpForge, tmp_path: Path) -> None:
    mirror = mirror_of(forge, tmp_path / "http.git")
    mirror.fetch("refs/heads/main")
    with mirror.tree(mirror.resolve("refs/heads/main")) as tree:
        assert tree.read("a") == b"1\n"
        (git,) = [pid for pid in descendants(os.getpid()) if b"cat-file" in readable(pid)]
        assert b"GIT_ALLOW_PROTOCOL=\0" in readable(git)
        assert b"GIT_CONFIG_GLOBAL=/dev/null\0" in readable(git)
        assert not open_memory(git)


def test_a_redirect_to_elsewhere_gets_no_request_and_is_told(upstream: Upstream, tmp_path: Path) -> None:
    with (
        HttpForge(upstream.path / ".git") as thief,
        HttpForge(upstream.path / ".git", elsewhere=thief.address) as forge,
    ):
        mirror = mirror_of(forge, tmp_path / "http.git")
        with pytest.raises(Transient, match="the forge sends git elsewhere"):
            mirror.fetch("refs/heads/main")
        assert not thief.requests


def test_a_redirect_within_the_forge_to_another_repository_gets_no_token(upstream: Upstream, tmp_path: Path) -> None:
    with HttpForge(upstream.path / ".git") as forge:
        forge.elsewhere = f"{forge.address}/another"
        with pytest.raises(Transient, match="the forge sends git elsewhere"):
            mirror_of(forge, tmp_path / "http.git").fetch("refs/heads/main")
        assert len(forge.requests) == 1


@pytest.mark.parametrize("url", ["git://127.0.0.1:9/acme/infra.git", "ext::touch owned", "ftp://127.0.0.1/x", "x::y"])
def test_no_other_protocol_is_spoken(tmp_path: Path, url: str) -> None:
    mirror = Mirror(tmp_path / "mirror.git", Remote(url))
    with pytest.raises(Refused, match="https://"):
        mirror.fetch("refs/heads/main")
    assert not list(tmp_path.rglob("owned"))


def test_a_remote_does_not_print_its_token() -> None:
    remote = Remote("https://forge.example/x.git", basic_authorization("x-access-token", "a-token-of-the-forge"))
    assert not [secret for secret in SECRETS if secret.decode() in f"{remote!r}{remote}"]


@pytest.mark.parametrize("name", ["plain", 'with "quotes"', "back\\slash", "two words # and a sign; so"])
def test_certificates_are_read_from_the_file_that_is_named_however_it_is_called(tmp_path: Path, name: str) -> None:
    remote = Remote("https://127.0.0.1:9/acme/infra.git", ca_file=tmp_path / name)
    with access_to(remote) as access:
        command = ["git", "config", "--file", access.env["GIT_CONFIG_GLOBAL"], "--list"]
        listed = subprocess.run(command, env=ENV, pass_fds=access.fds, capture_output=True, text=True, check=True)
    assert listed.stdout == f"http.https://127.0.0.1:9/acme/infra.git.sslcainfo={tmp_path / name}\n"
