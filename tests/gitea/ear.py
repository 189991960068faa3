"""Where Gitea's webhooks arrive in a test: keeps them as they came."""

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.sandbox.running import until


@dataclass
class Ear:
    url: str = ""
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def next(self, wanted: Callable[[dict[str, str]], bool] = bool) -> tuple[dict[str, str], bytes]:
        """The first webhook with such headers, which is then forgotten with all that came before it."""

        def found() -> tuple[int, tuple[dict[str, str], bytes]] | None:
            return next(((at, one) for at, one in enumerate(self.heard) if wanted(one[0])), None)

        at, one = until(found)
        del self.heard[: at + 1]
        return one


@contextmanager
def listening() -> Iterator[Ear]:
    ear = Ear()

    class Hears(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # http.server's name
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            ear.heard.append((dict(self.headers.items()), body))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *words: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hears)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    ear.url = f"http://127.0.0.1:{server.server_port}/webhooks/gitea"
    try:
        yield ear
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
