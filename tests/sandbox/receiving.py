"""Somebody who receives webhooks."""

import contextlib
import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

SECRET = "shh"


@dataclass
class Received:
    event: str
    id: str
    payload: dict[str, Any]
    signed: bool


@dataclass
class Receiver:
    url: str = ""
    status: int = 200
    received: list[Received] = field(default_factory=list)

    def names(self) -> list[str]:
        return [f"{one.event} {one.payload.get('action', '')}".strip() for one in list(self.received)]


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    box = Receiver()

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802  # http.server's name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            right = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
            event, id = self.headers["X-GitHub-Event"], self.headers["X-GitHub-Delivery"]
            signed = hmac.compare_digest(right, self.headers["X-Hub-Signature-256"])
            box.received.append(Received(event, id, json.loads(body), signed))
            self.send_response(box.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *words: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    box.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield box
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
