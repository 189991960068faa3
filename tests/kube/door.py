"""A door before the real API server, over plain HTTP, that misbehaves as it is told to."""

import contextlib
import http.server
import json
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

import yaml

from tests.rig.access import Access

ENDED = "credentials for cluster rig were refused: they are wrong or have expired, and the operator must renew them"

Visit = http.server.BaseHTTPRequestHandler
Spoil = Callable[[Visit], None]


class Door:
    """Use it in a `with`.

    `spoil` are answers given instead of the server's, one a question; `rule` is asked for one at every other question.
    `takes` are the tokens it lets in, each as the server's admin. Answers come `late`, by so many seconds. `asked` is
    all that was asked, `granted` all that was answered well.
    """

    def __init__(self, cluster: Access) -> None:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _visits(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._far, self._token = cluster.url, cluster.token
        self._open = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=ssl._create_unverified_context())
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.spoil: list[Spoil] = []
        self.rule: Callable[[str], Spoil | None] = lambda asked: None
        self.takes = {cluster.token}
        self.asked: list[str] = []
        self.granted: list[str] = []
        self.late = 0.0
        self.closing = threading.Event()

    def __enter__(self) -> "Door":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def kubeconfig(self, directory: Path, user: Mapping[str, object] | None = None) -> Path:
        """One that leads here, with the admin's token or as another user says who they are."""
        return kubeconfig(directory, self.url, user or {"token": self._token})

    def serve(self, visit: Visit) -> None:
        body = visit.rfile.read(int(visit.headers.get("Content-Length") or 0))
        asked = f"{visit.command} {visit.path}"
        self.asked.append(asked)
        if spoil := self.spoil.pop(0) if self.spoil else self.rule(asked):
            spoil(visit)
            return
        self.closing.wait(self.late)
        token = visit.headers.get("Authorization", "").removeprefix("Bearer ")
        headers = dict(visit.headers) | {"Authorization": f"Bearer {self._token if token in self.takes else 'old'}"}
        request = urllib.request.Request(self._far + visit.path, body or None, headers, method=visit.command)
        try:
            answered = self._open.open(request)
        except urllib.error.HTTPError as error:
            answered = error
        answer(answered.status, answered.read())(visit)
        if answered.status < 400:
            self.granted.append(asked)

    def trickle(self, seconds: float) -> Spoil:
        """A body without end, a byte each so many seconds."""

        def say(visit: Visit) -> None:
            visit.send_response(200)
            visit.send_header("Content-Length", str(1 << 20))
            visit.end_headers()
            with contextlib.suppress(OSError):
                while not self.closing.wait(seconds):
                    visit.wfile.write(b" ")

        return say


def _visits(door: Door) -> type[Visit]:
    class Handler(Visit):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            door.serve(self)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815  # the server's names

        def log_message(self, *words: object) -> None: ...

    return Handler


def answer(status: int, body: bytes = b"{}", **headers: str) -> Spoil:
    def say(visit: Visit) -> None:
        visit.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            visit.send_header(name.replace("_", "-"), value)
        visit.end_headers()
        visit.wfile.write(body)

    return say


def status(code: int, reason: str, message: str, **metadata: str) -> Spoil:
    """A refusal as the API server writes it."""
    words = {"status": "Failure", "message": message, "reason": reason, "code": code, "metadata": metadata}
    return answer(code, json.dumps({"kind": "Status", "apiVersion": "v1", **words}).encode())


def hang_up(visit: Visit) -> None:
    visit.close_connection = True
    visit.connection.close()


def kubeconfig(directory: Path, url: str, user: Mapping[str, object]) -> Path:
    """One cluster at an address, without a certificate to go by, and one user."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "door",
        "clusters": [{"name": "rig", "cluster": {"server": url}}],
        "users": [{"name": "somebody", "user": dict(user)}],
        "contexts": [{"name": "door", "context": {"cluster": "rig", "user": "somebody"}}],
    }
    path = directory / "door.kubeconfig"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content))
    return path
