"""A line to Gitea that fails as told: it stands between the host under test and the server, one for each test."""

import http.client
import http.server
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from urllib.parse import quote, unquote, urlsplit

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
OWN = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})
TIMEOUT_SECONDS = 60
MOMENT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)")
SINCE = re.compile(r"(?<=since=)20\d\d-\d\d-\d\dT\d\d%3A\d\d%3A\d\dZ")


@dataclass
class Fault:
    """Answer so instead, some times; `after` lets the request take effect first."""

    status: int
    times: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = ""
    path: str = ""
    after: bool = False

    def hits(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in ("", method) and bool(re.search(self.path, path))


@dataclass
class Proxy:
    """`shift` is what the forge's clock is ahead, in all that passes."""

    url: str
    shift: timedelta = timedelta()
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)

    def writes(self) -> list[str]:
        """Methods of the requests that may change something, since the last look. Git's own are left out."""
        found = [method for method, path in self.requests if method in UNSAFE and path.startswith("/api/")]
        self.requests.clear()
        return found

    def fault(self, method: str, path: str) -> Fault | None:
        self.requests.append((method, path))
        for fault in self.faults:
            if fault.hits(method, path):
                fault.times -= 1
                return fault
        return None


def moved(by: timedelta, found: re.Match[str]) -> str:
    """A moment in the same form, moved."""
    moment = datetime.fromisoformat(unquote(found[0])) + by
    text = moment.isoformat(timespec="seconds").replace("+00:00", "Z")
    return quote(text) if "%" in found[0] else text


@contextmanager
def proxied(server: str) -> Iterator[Proxy]:
    there = urlsplit(server)
    line = Proxy("")

    class Passes(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fault = line.fault(self.command, self.path.partition("?")[0])
            if not fault or fault.after:
                status, headers, content = self.passed(body)
            if fault:
                status, headers, content = fault.status, dict(fault.headers), b'{"message": "as told"}'
            self.send_response_only(status)
            self.send_header("Date", format_datetime(datetime.now(UTC) + line.shift, usegmt=True))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def passed(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            host, port = there.hostname or "", there.port
            with closing(http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)) as upstream:
                named = {key: value for key, value in self.headers.items() if key.lower() not in OWN}
                try:
                    upstream.request(self.command, SINCE.sub(partial(moved, -line.shift), self.path), body, named)
                    got = upstream.getresponse()
                    read = got.read()
                    headers = {k: v for k, v in got.getheaders() if k.lower() not in OWN}
                except OSError:
                    return http.HTTPStatus.BAD_GATEWAY, {}, b""
            if line.shift and "json" in headers.get("Content-Type", ""):
                read = MOMENT.sub(partial(moved, line.shift), read.decode()).encode()
            return got.status, headers, read

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815  # http.server's names

        def log_message(self, format: str, *words: object) -> None:
            """Say nothing."""

    server_here = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Passes)
    thread = threading.Thread(target=server_here.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    line.url = f"http://127.0.0.1:{server_here.server_port}"
    try:
        yield line
    finally:
        server_here.shutdown()
        server_here.server_close()
        thread.join()
