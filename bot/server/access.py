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
from bot.server.doors import Doors, doors

SESSION = "gitops_bot_session"
SIGNED_IN_BEFORE = "gitops_bot_signed_in"
SESSION_FOR = timedelta(hours=12)
TRIES_BY_ONE, TRIES_BY_ALL, TRIES_SECONDS = 10, 300, 60.0


class Tries:
    """Wrong tokens of the last minute. Past so many, no token is looked at: not from there, or not from anywhere."""

    def __init__(self) -> None:
        self._wrong: deque[tuple[float, str]] = deque(maxlen=TRIES_BY_ALL)
        self._lock = threading.Lock()

    def spent(self, address: str) -> bool:
        since = time.monotonic() - TRIES_SECONDS
        with self._lock:
            recent = [tried_from for moment, tried_from in self._wrong if moment > since]
        return recent.count(address) >= TRIES_BY_ONE or len(recent) >= TRIES_BY_ALL

    def note(self, address: str) -> None:
        with self._lock:
            self._wrong.append((time.monotonic(), address))


def may_read() -> bool:
    """The present request comes with the token or with a session."""
    return has_bearer(request) or _has_session(doors(), request)


def has_bearer(request: Request) -> bool:
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer":
        return False
    return is_token(authorization.token or "", request)


def has_link(run: str) -> bool:
    """The present request comes with the signature that opens this run."""
    return links.opens(doors().vault, run, request.args, datetime.now(UTC))


def is_token(given: str, request: Request) -> bool:
    """Compare in constant time. Answers 429 by itself where too many were wrong."""
    token, address = doors().token, request.remote_addr or ""
    tries: Tries = current_app.extensions["tries"]
    if token is None:
        return False
    if tries.spent(address):
        raise TooManyRequests("Too many wrong tokens came from there. Wait a minute.", retry_after=int(TRIES_SECONDS))
    if hmac.compare_digest(_digest(given), _digest(token)):
        return True
    tries.note(address)
    return False


def begin_session(response: Response) -> None:
    """Two cookies: the session, which only our own pages bring back, and a mark without power that tells of it."""
    opened = doors()
    expires = str(int((datetime.now(UTC) + SESSION_FOR).timestamp()))
    value = f"{expires}.{opened.vault.sign(_words(expires, opened.token or ''))}"
    for name, content, same_site in ((SESSION, value, "Strict"), (SIGNED_IN_BEFORE, "1", "Lax")):
        response.set_cookie(
            name,
            content,
            max_age=SESSION_FOR,
            path=request.script_root or "/",
            secure=opened.secure,
            httponly=True,
            samesite=same_site,
        )


def _has_session(opened: Doors, request: Request) -> bool:
    expires, _, signature = request.cookies.get(SESSION, "").partition(".")
    if opened.token is None or not opened.vault.verified(_words(expires, opened.token), signature):
        return False
    return datetime.fromtimestamp(int(expires), UTC) > datetime.now(UTC)


def _words(expires: str, token: str) -> str:
    return f"session until {expires} of {_digest(token).hex()}"


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()
