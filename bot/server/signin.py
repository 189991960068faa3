"""The page that takes the token, and the guard before all others: what is not named here as open is closed."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.server.access import SIGNED_IN_COOKIE, begin_session, has_link, is_token, may_read
from bot.server.dependencies import dependencies

PUBLIC_ENDPOINTS = frozenset(
    {"static", "webhooks.receive", "signin.enter", "health.alive", "health.ready", "health.metrics"}
)
RUN_ENDPOINTS = frozenset({"pages.run", "logs.page", "logs.text", "live.log", "live.rows"})
RETRY_PARAMETER = "again"

signin = Blueprint("signin", __name__)


def guard() -> Response | None:
    """Before each request: None lets it in, otherwise this is the answer. `g.sees_all`: it may see every page."""
    g.sees_all = False
    if request.endpoint is None or request.endpoint in PUBLIC_ENDPOINTS:
        return None
    g.sees_all = may_read()
    if g.sees_all:
        return None
    if request.endpoint in RUN_ENDPOINTS and has_link((request.view_args or {})["run"]):
        return None
    return _refuse()


@signin.post("/login")
def enter() -> AnyResponse:
    """Begin a session for whoever sends the token, and go on to where they wanted."""
    if not _is_same_origin():
        abort(403, "The sign-in form works only on our own page.")
    if dependencies().token is None:
        return _refuse()
    if not is_token(request.form.get("token", ""), request):
        return _signin_form(_local_path(request.form.get("next", "")), wrong=True)
    response = make_response(redirect(_local_path(request.form.get("next", "")), 303))
    begin_session(response)
    return response


def _refuse() -> Response:
    if dependencies().token is None:
        return make_response(render_template("closed.html", title="Closed"), 403)
    return _signin_form(request.script_root + request.full_path.rstrip("?"))


def _signin_form(next: str, wrong: bool = False) -> Response:
    """The sign-in form.

    Coming from a forge, a browser keeps the session cookie to itself; asked again by our own page, it sends it. So
    who signed in before is sent here once more before being asked for the token.
    """
    again = None
    if request.method == "GET" and SIGNED_IN_COOKIE in request.cookies and RETRY_PARAMETER not in request.args:
        again = f"{next}{'&' if '?' in next else '?'}{RETRY_PARAMETER}=1"
    page = render_template(
        "signin.html", title="Sign in", next=next, wrong=wrong, again=again, expired="signature" in request.args
    )
    response = make_response(page, 401)
    response.headers["WWW-Authenticate"] = "Bearer"
    response.headers["Referrer-Policy"] = "same-origin"  # otherwise browsers send the form with `Origin: null`
    return response


def _is_same_origin() -> bool:
    """Browsers say where a form stands; what is no browser says nothing, and has no session to be tricked into."""
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    ours = {request.host, urlsplit(dependencies().url).netloc} - {""}
    return urlsplit(origin).netloc in ours


def _local_path(path: str) -> str:
    """A path of ours to go on to, or the first page."""
    plain = path.isascii() and path.isprintable() and "\\" not in path
    return path if plain and path.startswith("/") and not path.startswith("//") else url_for("pages.first")
