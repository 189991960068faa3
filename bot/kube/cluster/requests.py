"""One HTTP request to an API server and its repetition: what `client` stands on. Who asks is `credentials`' to say."""

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bot.core.errors import Refused, Transient
from bot.kube.cluster.credentials import Credentials
from bot.kube.cluster.responses import Answer, body_of, warnings_of

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
VERSION = "/version"  # of all that is asked for, the only thing without a kind
LOOK_SECONDS = 1.0
PIECE = 1 << 16
UNKNOWN = 401
WRONG_OR_EXPIRED = "they are wrong or have expired, and the operator must renew them"
NOTHING_HAPPENED, MAY_HAVE_HAPPENED = (429,), (500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Request:
    """`again`: repeating it is the same as doing it once."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    content: str = "application/json"
    accept: str = "application/json"
    again: bool = True


class Bounds:
    """How long may be asked all in all, in seconds, and `stopped()`: whether nobody wants to know any more."""

    def __init__(self, seconds: float, stopped: Callable[[], bool]) -> None:
        self.seconds, self._stopped = seconds, stopped
        self.until = time.monotonic() + seconds
        self._look = 0.0

    @property
    def stopped(self) -> bool:
        """Looked at now and then only, for many ask at once and it may cost a question to the database."""
        now = time.monotonic()
        if now < self._look:
            return False
        self._look = now + LOOK_SECONDS
        return self._stopped()


ENDLESS = Bounds(math.inf, lambda: False)


class Door:
    def __init__(self, name: str, credentials: Credentials, timeout: float, bounds: Bounds = ENDLESS) -> None:
        self._name, self._credentials, self._timeout, self._bounds = name, credentials, timeout, bounds

    @classmethod
    def opened(cls, name: str, kubeconfig: Path, context: str | None, timeout: float, threads: int) -> "Door":
        """Raises Refused where the kubeconfig cannot be used."""
        return cls(name, Credentials(name, kubeconfig, context, threads), timeout)

    def within(self, bounds: Bounds) -> "Door":
        """The same door, which also raises Transient when those bounds are reached."""
        return Door(self._name, self._credentials, self._timeout, bounds)

    def answer(self, request: Request) -> Answer:
        """The server's answer, asked again while it has none of use and that is safe. Raises Transient in the end."""
        until, pause = time.monotonic() + self._timeout, FIRST_PAUSE
        while True:
            self._go_on()
            try:
                return self._once(request, until)
            except _Unusable as why:
                wait = max(pause, why.after or 0.0)
                if not (request.again or why.nothing_happened) or time.monotonic() + wait > until:
                    raise Transient(f"cluster {self._name} does not answer: {why}") from why
            time.sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE)

    def text(self, request: Request) -> str:
        """A plain text, asked for once; empty when there is none."""
        try:
            raw = self._sent(request, time.monotonic() + self._timeout)
        except _Unusable:
            return ""
        return raw.body.decode(errors="replace") if raw.status == 200 else ""

    def _go_on(self) -> None:
        if self._bounds.stopped:
            raise Transient(f"cluster {self._name} was not asked any more: it was stopped")
        if time.monotonic() > self._bounds.until:
            raise Transient(f"cluster {self._name} is too slow: not all was answered within {self._bounds.seconds:g} s")

    def _once(self, request: Request, until: float) -> Answer:
        raw = self._sent(request, until)
        try:
            answer = Answer(raw.status, body_of(raw.body), warnings_of(raw.headers))
        except ValueError as garbage:
            if raw.status == 404:  # said in plain text of a path that is not served
                return Answer(404, {})
            raise _Unusable(f"status {raw.status} without a readable body") from garbage
        if answer.ok and not ("kind" in answer.body or request.path == VERSION):
            raise _Unusable(f"status {raw.status} without an object")
        if raw.status == UNKNOWN:
            raise Refused(f"the credentials for cluster {self._name} were refused: {WRONG_OR_EXPIRED}")
        if raw.status in NOTHING_HAPPENED:
            raise _Unusable(f"status {raw.status}", nothing_happened=True, after=_seconds(raw.headers))
        if raw.status in MAY_HAVE_HAPPENED and not answer.authors_mistake and not _webhook(answer):
            raise _Unusable(f"status {raw.status}", after=_seconds(raw.headers))
        return answer

    def _sent(self, request: Request, until: float) -> "_Raw":
        """The raw answer; a server that does not know us any more is asked once more when that can be mended."""
        api = self._credentials.api
        raw = self._exchanged(api, request, until)
        if raw.status == UNKNOWN and self._credentials.renewed(api):
            return self._exchanged(self._credentials.api, request, until)
        return raw

    def _exchanged(self, api: Any, request: Request, until: float) -> "_Raw":
        from urllib3.exceptions import HTTPError, NewConnectionError
        from urllib3.exceptions import TimeoutError as TimedOut

        headers = {"Accept": request.accept, "User-Agent": "gitops-bot"}
        query = [(key, value) for key, value in request.query.items()]
        api.update_params_for_auth(headers, query, ["BearerToken"], request.path, request.method, None)
        if request.body is not None:
            headers["Content-Type"] = request.content
        body = json.dumps(request.body).encode() if request.body is not None else None
        url = f"{api.configuration.host}{request.path}{'?' if query else ''}{urlencode(query)}"
        how = {"timeout": self._timeout, "retries": False, "redirect": False, "preload_content": False}
        try:
            raw = api.rest_client.pool_manager.request(request.method, url, body=body, headers=headers, **how)
            return _Raw(raw.status, raw.headers, self._read(raw, until))
        except NewConnectionError as refused:
            raise _Unusable("no connection", nothing_happened=True) from refused
        except TimedOut as silent:
            raise _Unusable(f"no answer within {self._timeout:g} s") from silent
        except HTTPError as broken:
            raise _Unusable(f"the connection broke ({type(broken).__name__})") from broken

    def _read(self, raw: Any, until: float) -> bytes:
        """The whole body: a time-out of the connection counts anew with every byte that comes."""
        pieces: list[bytes] = []
        while piece := raw.read1(PIECE):
            pieces.append(piece)
            if time.monotonic() > until:
                raw.close()
                raise _Unusable(f"no whole answer within {self._timeout:g} s")
        return b"".join(pieces)


@dataclass(frozen=True, slots=True)
class _Raw:
    status: int
    headers: Mapping[str, str]
    body: bytes


class _Unusable(Exception):
    def __init__(self, why: str, *, nothing_happened: bool = False, after: float | None = None) -> None:
        super().__init__(why)
        self.nothing_happened, self.after = nothing_happened, after


def _webhook(answer: Answer) -> bool:
    """A 500 that an admission webhook made is the plan's business, not an outage of the server."""
    return answer.status == 500 and "admission webhook" in answer.message or "failed calling webhook" in answer.message


def _seconds(headers: Mapping[str, str]) -> float | None:
    text = headers.get("Retry-After", "")
    return float(text) if text.isdigit() else None
