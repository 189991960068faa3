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
POLL_SECONDS = 0.2
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
    timeout: timedelta


def await_code(visit: Visit, invite: Callable[[str], None]) -> str:
    """Invite the person to our page and wait for GitHub's code. Raises Refused when nobody comes in time."""
    secret, codes = secrets.token_urlsafe(24), list[str]()
    server = http.server.ThreadingHTTPServer((LOOPBACK, 0), _callback_class(visit, secret, codes))
    address = f"http://{LOOPBACK}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": POLL_SECONDS}, daemon=True)
    thread.start()
    try:
        invite(f"{address}/{secret}")
        deadline = time.monotonic() + visit.timeout.total_seconds()
        while not codes:
            if time.monotonic() > deadline:
                raise Refused("nobody came back from GitHub in time; nothing was done")
            time.sleep(POLL_SECONDS)
        return codes[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _callback_class(visit: Visit, secret: str, codes: list[str]) -> type[http.server.BaseHTTPRequestHandler]:
    class Callback(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802  # http.server's name
            host, url = self.headers.get("Host", ""), urlsplit(self.path)
            query = parse_qs(url.query)
            if host != f"{LOOPBACK}:{self.server.server_port}":  # type: ignore[attr-defined]  # an HTTPServer's
                self._respond(403, "")
            elif url.path == f"/{secret}":
                self._respond(200, _page(visit, f"http://{host}/back", secret))
            elif url.path == "/back" and query.get("state") == [secret] and query.get("code"):
                self._respond(200, DONE)
                codes.append(query["code"][0])
            else:
                self._respond(404, "<p>Nothing is here: use the whole address that the terminal shows.</p>")

        def _respond(self, status: int, content: str) -> None:
            body = PAGE.format(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: addresses hold the secret."""

    return Callback


def _page(visit: Visit, redirect_url: str, secret: str) -> str:
    form, manifest = html.escape(visit.form), html.escape(visit.manifest(redirect_url))
    return FORM.format(form=form, state=secret, manifest=manifest)
