"""Puts the sandbox's doors together and serves them on one address with waitress."""

import re
import signal
import sys
import time
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, jsonify, request
from waitress import create_server  # type: ignore[import-untyped]  # waitress has no types

from sandbox.forge.app_pages import app_pages
from sandbox.forge.control import control
from sandbox.forge.faults import Faults
from sandbox.forge.forge import ApiError, Forge
from sandbox.forge.git_http import git_http
from sandbox.forge.graphql import graphql
from sandbox.forge.pages import pages
from sandbox.forge.recording import Recording
from sandbox.forge.rest import rest
from sandbox.forge.shapes import Shapes
from sandbox.forge.state import ForgeState
from sandbox.forge.webhooks import Webhooks

THREADS = 32
LARGEST_BODY = 1024 * 1024 * 1024
NOT_LOCKED = re.compile(r"\.git/")


def serve_forge(listen: str, directory: Path, record: Path | None = None) -> None:
    """Serve until SIGTERM or SIGINT; the first line printed says where. `record` is a file for all that is asked."""
    app = Flask(__name__)
    server = create_server(app, listen=listen, threads=THREADS, max_request_body_size=LARGEST_BODY)
    host = listen.rpartition(":")[0] or "127.0.0.1"
    url = f"http://{host}:{server.effective_port}"
    _configure(app, url, directory, Recording(record))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    sys.stdout.write(f"sandbox listening on {url}\n")
    sys.stdout.flush()
    server.run()


def _configure(app: Flask, url: str, directory: Path, recording: Recording) -> None:
    forge_state = ForgeState(directory)
    (directory / "repositories").mkdir(parents=True, exist_ok=True)
    faults = Faults()
    app.extensions["forge"] = Forge(forge_state, Webhooks(forge_state), Shapes(url))
    app.extensions["faults"] = faults
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of Flask's own provider
    app.register_error_handler(ApiError, _render_error)
    app.before_request(lambda: _before_request(faults, forge_state.lock))
    app.after_request(lambda answer: _after_request(faults, recording, answer))
    app.teardown_request(lambda _: _release_lock())
    for blueprint in (rest, graphql, git_http, control, app_pages, pages):
        app.register_blueprint(blueprint)


def _render_error(wrong: ApiError) -> tuple[Response, int]:
    return jsonify({"message": str(wrong), "documentation_url": "https://docs.github.com/rest"}), wrong.status


def _before_request(faults: Faults, lock: Any) -> Response | None:
    """API requests meet their faults, git's their latency; then everything but git itself runs alone."""
    g.began = time.monotonic()
    if request.path.startswith("/api/"):
        fault = faults.next_fault(request.method, request.path)
        g.fault = fault
        if fault and fault.kind == "before":
            return _answer(fault)
    if NOT_LOCKED.search(request.path):
        time.sleep(faults.git_latency)
    else:
        lock.acquire()
        g.held = lock
    return None


def _after_request(faults: Faults, recording: Recording, answer: Response) -> Response:
    if request.path.startswith("/api/"):
        user = g.get("user")
        faults.requests.append(
            {
                "method": request.method,
                "path": request.path,
                "status": answer.status_code,
                "user": user.login if user else None,
                "at": time.time(),
            }
        )
        fault = g.get("fault")
        recording.write(request, answer, fault)
        if fault and fault.kind == "after":
            return _answer(fault)
    return answer


def _answer(fault: Any) -> Response:
    answer = jsonify(
        {"message": "You have exceeded a secondary rate limit" if fault.status in (403, 429) else "Unavailable"}
    )
    answer.status_code = fault.status
    if fault.retry_after is not None:
        answer.headers["Retry-After"] = str(fault.retry_after)
    return answer


def _release_lock() -> None:
    lock = g.pop("held", None)
    if lock is not None:
        lock.release()
