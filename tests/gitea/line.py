"""A server that answers as told, in Gitea's place: for what a real one does not do when asked."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Line:
    """The last answer is for ever. `asked` and `sent` are what came."""

    url: str = ""
    answers: list[tuple[int, dict[str, str], object]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def answering() -> Iterator[Line]:
    told = Line()

    class Answers(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            told.asked.append(f"{self.command} {self.path}")
            told.headers.append(dict(self.headers.items()))
            told.sent.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
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
    told.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
