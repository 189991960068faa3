"""A forge that speaks git over HTTP on this machine: writes down what it was asked, holds its answers, redirects."""

import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from tests.git.upstream import ENV


class Request(NamedTuple):
    """What git asked; `authorization` is empty where it sent none."""

    method: str
    path: str
    authorization: str


class HttpForge:
    """Serves the repository at `path` under any URL. Used in a `with`.

    `answering` is cleared to hold answers; with `elsewhere`, a URL without a path, all answers are redirects there.
    """

    def __init__(self, path: Path, elsewhere: str = "") -> None:
        self.requests: list[Request] = []
        self.path, self.elsewhere = path, elsewhere
        self.answering, self.asked = threading.Event(), threading.Event()
        self.answering.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Door", (_Door,), {"forge": self}))
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self.url = f"{self.address}/acme/infra.git"

    def __enter__(self) -> "HttpForge":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.answering.set()
        self._server.shutdown()
        self._server.server_close()


class _Door(BaseHTTPRequestHandler):
    forge: HttpForge

    def do_GET(self) -> None:
        forge = self.forge
        forge.requests.append(Request(self.command, self.path, self.headers.get("Authorization", "")))
        forge.asked.set()
        forge.answering.wait()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if forge.elsewhere:
            self.send_response(302)
            self.send_header("Location", f"{forge.elsewhere}{self.path}")
            self.end_headers()
            return
        head, _, content = self._ask_git(body).partition(b"\r\n\r\n")
        self.send_response(200)
        for line in head.decode().split("\r\n"):
            self.send_header(*line.split(": ", 1))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        self.do_GET()

    def _ask_git(self, body: bytes) -> bytes:
        path, _, query = self.path.partition("?")
        env = ENV | {
            "GIT_PROJECT_ROOT": str(self.forge.path),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path.removeprefix("/acme/infra.git"),
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "bot",
        }
        program = ["git", "-c", "safe.directory=*", "http-backend"]
        return subprocess.run(program, env=env, input=body, capture_output=True, cwd=os.sep, check=True).stdout

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""
