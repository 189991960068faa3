"""A visit of a person's browser: from a page of ours on this machine to GitHub, and back with a code.

Called by `manifest`. It listens on the loopback address alone, answers only under a secret path, and ends after.
"""

import html
import http.server
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from bot.core.errors import Refused

LOOPBACK = "127.0.0.1"
LOOK_SECONDS = 0.2
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>gitops-bot</title><body>{}</body></html>"""
FORM = """<p>Taking you to GitHub…</p>
<form method="post" action="{form}?state={state}"><input type="hidden" name="manifest" value="{manifest}">
<button>Go on to GitHub</button></form><script>document.forms[0].submit()</script>"""
DONE = "<p>Done: the App is made. The terminal says what comes next; this page may be closed.</p>"


@dataclass(frozen=True, slots=True)
class Visit:
    """`form` is where GitHub takes the manifest, which is made when the address to come back to is known."""

    form: str
    manifest: Callable[[str], str]
    patience: timedelta


def code_from(visit: Visit, invite: Callable[[str], None]) -> str:
    """Invite the person to our page and wait for GitHub's code. Raises Refused when nobody comes in time."""
    secret, came = secrets.token_urlsafe(24), list[str]()
    server = http.server.ThreadingHTTPServer((LOOPBACK, 0), _door(visit, secret, came))
    address = f"http://{LOOPBACK}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": LOOK_SECONDS}, daemon=True)
    thread.start()
    try:
        invite(f"{address}/{secret}")
        until = time.monotonic() + visit.patience.total_seconds()
        while not came:
            if time.monotonic() > until:
                raise Refused("nobody came back from GitHub in time; nothing was done")
            time.sleep(LOOK_SECONDS)
        return came[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _door(visit: Visit, secret: str, came: list[str]) -> type[http.server.BaseHTTPRequestHandler]:
    class Door(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802  # http.server's name
            host, asked = self.headers.get("Host", ""), urlsplit(self.path)
            words = parse_qs(asked.query)
            if host != f"{LOOPBACK}:{self.server.server_port}":  # type: ignore[attr-defined]  # an HTTPServer's
                self._answer(403, "")
            elif asked.path == f"/{secret}":
                self._answer(200, _page(visit, f"http://{host}/back", secret))
            elif asked.path == "/back" and words.get("state") == [secret] and words.get("code"):
                self._answer(200, DONE)
                came.append(words["code"][0])
            else:
                self._answer(404, "<p>Nothing is here: use the whole address that the terminal shows.</p>")

        def _answer(self, status: int, content: str) -> None:
            body = PAGE.format(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *words: object) -> None:
            """Say nothing: addresses hold the secret."""

    return Door


def _page(visit: Visit, back: str, secret: str) -> str:
    form, manifest = html.escape(visit.form), html.escape(visit.manifest(back))
    return FORM.format(form=form, state=secret, manifest=manifest)
