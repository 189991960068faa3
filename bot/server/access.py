"""Who may read: holders of the token (as a bearer, or signed in) and, for one run, of a signed link. Closed otherwise.

A session is a signed moment, bound to the token: another token ends every session. Nothing here writes to the store.
"""

import hashlib
import hmac
import threading
import time
from collections import deque
from datetime import UTC, datetime, timedelta

from flask import Request, Response, current_app, request
from werkzeug.exceptions import TooManyRequests

from bot.server import links
from bot.server.dependencies import Dependencies, dependencies

SESSION_COOKIE = "gitops_bot_session"
SIGNED_IN_COOKIE = "gitops_bot_signed_in"
SESSION_LIFETIME = timedelta(hours=12)
MAX_ATTEMPTS_PER_ADDRESS, MAX_ATTEMPTS, ATTEMPT_WINDOW_SECONDS = 10, 300, 60.0


class AttemptLimiter:
    """Wrong tokens of the last minute. Past so many, a wrong one is answered 429: from there, or from anywhere."""

    def __init__(self) -> None:
        self._failures: deque[tuple[float, str]] = deque(maxlen=MAX_ATTEMPTS)
        self._lock = threading.Lock()

    def is_exhausted(self, address: str) -> bool:
        """Whether too many were wrong, from that address or from all."""
        since = time.monotonic() - ATTEMPT_WINDOW_SECONDS
        with self._lock:
            recent = [failed_address for moment, failed_address in self._failures if moment > since]
        return recent.count(address) >= MAX_ATTEMPTS_PER_ADDRESS or len(recent) >= MAX_ATTEMPTS

    def record_failure(self, address: str) -> None:
        """Remember a wrong token from that address."""
        with self._lock:
            self._failures.append((time.monotonic(), address))


def may_read() -> bool:
    """The present request comes with the token or with a session."""
    return has_bearer(request) or _has_session(dependencies(), request)


def has_bearer(request: Request) -> bool:
    """The request comes with the token as a bearer."""
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer":
        return False
    return is_token(authorization.token or "", request)


def has_link(run: str) -> bool:
    """The present request comes with the signature that opens this run."""
    return links.is_valid_link(dependencies().vault, run, request.args, datetime.now(UTC))


def is_token(candidate: str, request: Request) -> bool:
    """Compare in constant time; the right one opens at any time, whoever guesses meanwhile.

    Raises TooManyRequests for a wrong one where too many were wrong.
    """
    token, address = dependencies().token, request.remote_addr or ""
    limiter: AttemptLimiter = current_app.extensions["limiter"]
    if token is None:
        return False
    if hmac.compare_digest(_digest(candidate), _digest(token)):
        return True
    if limiter.is_exhausted(address):
        raise TooManyRequests(
            "Too many wrong tokens came from there. Wait a minute.", retry_after=int(ATTEMPT_WINDOW_SECONDS)
        )
    limiter.record_failure(address)
    return False


def begin_session(response: Response) -> None:
    """Two cookies: the session, which only our own pages bring back, and a mark without power that tells of it."""
    app = dependencies()
    expires = str(int((datetime.now(UTC) + SESSION_LIFETIME).timestamp()))
    value = f"{expires}.{app.vault.sign(_session_text(expires, app.token or ''))}"
    for name, cookie, same_site in ((SESSION_COOKIE, value, "Strict"), (SIGNED_IN_COOKIE, "1", "Lax")):
        response.set_cookie(
            name,
            cookie,
            max_age=SESSION_LIFETIME,
            path=request.script_root or "/",
            secure=app.secure,
            httponly=True,
            samesite=same_site,
        )


def _has_session(app: Dependencies, request: Request) -> bool:
    expires, _, signature = request.cookies.get(SESSION_COOKIE, "").partition(".")
    if app.token is None or not app.vault.verify(_session_text(expires, app.token), signature):
        return False
    return datetime.fromtimestamp(int(expires), UTC) > datetime.now(UTC)


def _session_text(expires: str, token: str) -> str:
    return f"session until {expires} of {_digest(token).hex()}"


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()
