"""The application: every door on one Flask, closed by default. `wiring` makes it, `serve` runs it."""

from datetime import UTC, datetime

from flask import Flask, Response, g, render_template, request
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from bot.core.gate_case import told_once
from bot.server import tree, words
from bot.server.access import Tries
from bot.server.doors import Doors
from bot.server.health import health
from bot.server.history import history
from bot.server.live import live
from bot.server.logs import logs
from bot.server.metrics import Metrics, our_version
from bot.server.pages import carried, pages
from bot.server.signin import guard, signin
from bot.server.webhooks import webhooks

__all__ = ["Doors", "app"]

LARGEST_FORM = 64 * 1024
FILTERS = (
    words.ago,
    words.brief,
    told_once,
    tree.by_risk,
    words.chips,
    words.chunks,
    words.glyph,
    words.lasted,
    words.marked,
    words.selected,
    words.sign,
    words.utc,
    words.web,
    words.why,
)
JINJA = {"undefined": StrictUndefined, "finalize": words.seen, "trim_blocks": True, "lstrip_blocks": True}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def app(doors: Doors) -> Flask:
    flask = Flask("bot.server")
    flask.extensions.update(doors=doors, metrics=Metrics(doors.store), tries=Tries())
    flask.config.update(MAX_CONTENT_LENGTH=LARGEST_FORM, APPLICATION_ROOT=doors.prefix)
    flask.jinja_options = JINJA
    for word in FILTERS:
        flask.add_template_filter(word)
    flask.context_processor(_always)
    for doors_of_a_kind in (webhooks, pages, history, logs, live, signin, health):
        flask.register_blueprint(doors_of_a_kind)
    flask.before_request(guard)
    flask.after_request(_headers)
    flask.register_error_handler(HTTPException, _error)
    return flask


def _always() -> dict[str, object]:
    """What every template sees."""
    return {"now": datetime.now(UTC), "carried": carried, "version": our_version(), "sees_all": g.get("all", False)}


def _headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Cache-Control"] = "public, max-age=86400" if request.endpoint == "static" else "no-store"
    return response


def _error(error: HTTPException) -> AnyResponse:
    """A page for people, a sentence for programs; either keeps the headers that belong to the status."""
    response = error.get_response()
    if isinstance(error.code, int) and error.code < 400:
        return response
    if request.path.startswith(("/webhooks/", "/metrics")):
        response.set_data(f"{error.description}\n")
        response.content_type = "text/plain; charset=utf-8"
    else:
        response.set_data(render_template("error.html", title=error.name, error=error))
    return response
