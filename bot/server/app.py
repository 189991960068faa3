"""The application: every door on one Flask, closed by default. `wiring` makes it, `serve` runs it."""

from datetime import UTC, datetime

from flask import Flask, Response, g, render_template, request
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from bot.core.gate_case import group_demands
from bot.server import change_tree, formatting, outcomes
from bot.server.access import AttemptLimiter
from bot.server.dependencies import Dependencies
from bot.server.health import health
from bot.server.history import history
from bot.server.live import live
from bot.server.logs import logs, read_tail
from bot.server.metrics import Metrics, installed_version
from bot.server.pages import link_parameters, pages
from bot.server.signin import guard, signin
from bot.server.webhooks import webhooks

__all__ = ["Dependencies", "create_app"]

LARGEST_FORM = 64 * 1024
FILTERS = (
    formatting.ago,
    formatting.brief,
    group_demands,
    change_tree.by_risk,
    formatting.chips,
    formatting.chunks,
    formatting.confinement,
    formatting.glyph,
    formatting.duration,
    formatting.marker_class,
    formatting.selection_flags,
    formatting.sign,
    formatting.utc,
    formatting.web_url,
    formatting.trigger_label,
    formatting.wait_phrase,
    formatting.with_code,
    outcomes.outcome,
    outcomes.planned_words,
)
JINJA = {"undefined": StrictUndefined, "finalize": formatting.make_visible, "trim_blocks": True, "lstrip_blocks": True}
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


def create_app(dependencies: Dependencies) -> Flask:
    """The application with every blueprint; it may be served by several threads."""
    flask = Flask("bot.server")
    flask.extensions.update(dependencies=dependencies, metrics=Metrics(dependencies), limiter=AttemptLimiter())
    flask.config.update(MAX_CONTENT_LENGTH=LARGEST_FORM, APPLICATION_ROOT=dependencies.prefix)
    flask.jinja_options = JINJA
    for text_filter in FILTERS:
        flask.add_template_filter(text_filter)
    flask.context_processor(_template_globals)
    for blueprint in (webhooks, pages, history, logs, live, signin, health):
        flask.register_blueprint(blueprint)
    flask.before_request(guard)
    flask.after_request(_add_headers)
    flask.register_error_handler(HTTPException, _render_error)
    return flask


def _template_globals() -> dict[str, object]:
    """What every template sees."""
    return {
        "now": datetime.now(UTC),
        "link_parameters": link_parameters,
        "read_tail": read_tail,
        "version": installed_version(),
        "sees_all": g.get("sees_all", False),
    }


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Cache-Control"] = "public, max-age=86400" if request.endpoint == "static" else "no-store"
    return response


def _render_error(error: HTTPException) -> AnyResponse:
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
