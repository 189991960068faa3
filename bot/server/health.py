"""`/healthz` (the process lives), `/readyz` (it can work, or why not) and `/metrics` (for loopback and the token)."""

from ipaddress import ip_address

from flask import Blueprint, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST

from bot.server.access import has_bearer
from bot.server.dependencies import dependencies
from bot.server.metrics import current_metrics

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@health.get("/readyz")
def ready() -> Response:
    """Whether it can work; 503 with the reason where it cannot. The second line names the cage of foreign programs."""
    reason, cage = dependencies().unready_reason(), dependencies().cage
    return Response(f"{reason or 'ok'}\ncage: {cage}\n", status=503 if reason else 200, mimetype="text/plain")


@health.get("/metrics")
def metrics() -> Response:
    """All metrics; 401 for others than loopback and holders of the token."""
    if not (_is_direct_loopback() or has_bearer(request)):
        abort(401, "Metrics are for loopback, or for the token as a bearer.")
    return Response(current_metrics().render(), content_type=CONTENT_TYPE_LATEST)


def _is_direct_loopback() -> bool:
    """It comes from this machine, and not through a proxy that stands on it."""
    if any(name in request.headers for name in FORWARDED):
        return False
    return ip_address(request.remote_addr or "0.0.0.0").is_loopback
