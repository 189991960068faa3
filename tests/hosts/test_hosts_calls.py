"""How the GitHub host behaves on the wire, on bad days. Rate limits and retries as GitHub's documents ask."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from bot.core.errors import Refused, Transient
from bot.core.pull import Repository
from bot.hosts.github import host
from bot.ports import Host
from tests.hosts.signed import REPOSITORY, SECTION

INFRA = Repository("github:7", "acme/infra", "main", private=True)


@dataclass
class Line:
    """A server that answers as told, the last answer for ever. `asked` is what came."""

    url: str = ""
    answers: list[tuple[int, dict[str, str], object]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def line() -> Iterator[Line]:
    told = Line()

    class Answers(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            told.asked.append(f"{self.command} {self.path.partition('?')[0]}")
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, content = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = answer  # noqa: N815  # http.server's names

        def log_message(self, format: str, *words: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/api/v3"
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


def github(line: Line) -> Host:
    return host(SECTION | {"api_url": line.url}, ["acme/*"])


def test_a_secondary_limit_names_its_time(line: Line) -> None:
    line.answers = [(403, {"Retry-After": "61"}, {"message": "You have exceeded a secondary rate limit"})]
    with pytest.raises(Transient) as raised:
        github(line).repository("acme/infra")
    assert raised.value.after == 61
    assert len(line.asked) == 1


def test_a_spent_limit_is_waited_for_until_the_hour_that_github_names(line: Line) -> None:
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 300)}
    line.answers = [(403, spent, {"message": "API rate limit exceeded for user ID 1."})]
    with pytest.raises(Transient) as raised:
        github(line).repository("acme/infra")
    assert 290 < (raised.value.after or 0) <= 300


def test_too_many_requests_are_transient(line: Line) -> None:
    line.answers = [(429, {"Retry-After": "7"}, {"message": "slow down"})]
    with pytest.raises(Transient) as raised:
        github(line).react(INFRA, 1, "eyes")
    assert raised.value.after == 7
    assert line.asked == ["POST /api/v3/repos/acme/infra/issues/comments/1/reactions"]


def test_reading_is_not_held_up_by_a_limit(line: Line) -> None:
    line.answers = [(429, {"Retry-After": "2"}, {"message": "slow down"})]
    with pytest.raises(Transient):
        github(line).repository("acme/infra")
    assert len(line.asked) == 1


def test_what_is_forbidden_is_refused_in_githubs_words(line: Line) -> None:
    line.answers = [(403, {}, {"message": "Resource not accessible by personal access token"})]
    with pytest.raises(Refused, match="Resource not accessible"):
        github(line).repository("acme/infra")


def test_a_token_that_github_does_not_take_is_named(line: Line) -> None:
    line.answers = [(401, {}, {"message": "Bad credentials"})]
    with pytest.raises(Refused, match="GITHUB__TOKEN"):
        github(line).whoami()


def test_reading_is_tried_again(line: Line) -> None:
    line.answers = [(502, {}, {}), (503, {}, {}), (200, {}, REPOSITORY)]
    assert github(line).repository("acme/infra").name == "acme/infra"
    assert len(line.asked) == 3


def test_reading_is_given_up_as_transient(line: Line) -> None:
    line.answers = [(502, {}, {"message": "Server Error"})]
    with pytest.raises(Transient, match="502"):
        github(line).repository("acme/infra")
    assert len(line.asked) == 4


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_post_is_never_sent_twice(line: Line, status: int) -> None:
    line.answers = [(status, {}, {"message": "Server Error"})]
    with pytest.raises(Transient):
        github(line).react(INFRA, 1, "eyes")
    assert len(line.asked) == 1


def test_nobody_on_the_line_is_transient() -> None:
    with pytest.raises(Transient, match="cannot be reached"):
        host(SECTION | {"api_url": "http://127.0.0.1:1/api/v3"}, ["acme/*"]).repository("acme/infra")


@pytest.mark.parametrize("body", [b"<html>please sign in</html>", b'{"id": 7, "full_na', b"[{"])
def test_an_answer_that_is_no_json_is_transient(line: Line, body: bytes) -> None:
    line.answers = [(200, {"Content-Type": "text/html"}, body)]
    with pytest.raises(Transient):
        github(line).repository("acme/infra")
