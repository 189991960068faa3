"""One HTTP request to an API server and its repetition: what `client` stands on. Who asks is `credentials`' to say."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bot.core.errors import Refused, Transient
from bot.kube.cluster.credentials import Credentials
from bot.kube.cluster.responses import ApiResponse, parse_body, parse_warnings
from bot.kube.objects.json_encoding import encode_json

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0
VERSION_PATH = "/version"  # of all that is asked for, the only thing without a kind
STOP_CHECK_SECONDS = 1.0
CHUNK_BYTES = 1 << 16
UNAUTHORIZED = 401
WRONG_OR_EXPIRED = "they are wrong or have expired, and the operator must renew them"
NOTHING_HAPPENED, MAY_HAVE_HAPPENED = (429,), (500, 502, 503, 504)


METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""What is accepted where objects are listed without their bodies."""


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One question or change. `repeatable`: doing it twice is the same as doing it once."""

    method: str
    path: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    content_type: str = "application/json"
    accept: str = "application/json"
    repeatable: bool = True


class Deadline:
    """How long may be asked all in all, in seconds, and `stopped()`: whether nobody wants to know any more."""

    def __init__(self, seconds: float, stopped: Callable[[], bool]) -> None:
        self.seconds, self._stopped = seconds, stopped
        self.ends_at = time.monotonic() + seconds
        self._next_check = 0.0

    @property
    def stopped(self) -> bool:
        """Whether to stop: looked at now and then, for many ask at once and it may cost a question to the database."""
        now = time.monotonic()
        if now < self._next_check:
            return False
        self._next_check = now + STOP_CHECK_SECONDS
        return self._stopped()


NO_DEADLINE = Deadline(math.inf, lambda: False)


class Transport:
    """The way to one API server: authenticates, repeats what is safe to repeat, keeps time-outs and the deadline."""

    def __init__(self, name: str, credentials: Credentials, timeout: float, deadline: Deadline = NO_DEADLINE) -> None:
        self._name, self._credentials, self._timeout, self._deadline = name, credentials, timeout, deadline

    @classmethod
    def open(cls, name: str, kubeconfig: Path, context: str | None, timeout: float, threads: int) -> "Transport":
        """Make one, asking nothing. `timeout` in seconds. Raises Refused where the kubeconfig cannot be used."""
        return cls(name, Credentials(name, kubeconfig, context, threads), timeout)

    def with_deadline(self, deadline: Deadline) -> "Transport":
        """Bound the same transport: it also raises Transient when the deadline is over."""
        return Transport(self._name, self._credentials, self._timeout, deadline)

    def send(self, request: ApiRequest) -> ApiResponse:
        """Ask, and again while there is no usable answer and that is safe.

        Raises Transient in the end, and Refused where the credentials are not taken.
        """
        until, pause = time.monotonic() + self._timeout, FIRST_PAUSE_SECONDS
        while True:
            self._check_deadline()
            try:
                return self._send_once(request, until)
            except _Unusable as error:
                seconds = max(pause, error.retry_after or 0.0)
                if not (request.repeatable or error.nothing_happened) or time.monotonic() + seconds > until:
                    raise Transient(f"cluster {self._name} does not answer: {error}") from error
            time.sleep(seconds)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def fetch_text(self, request: ApiRequest) -> str:
        """Fetch a plain text, asked for once; empty when there is none."""
        try:
            raw = self._exchange_renewing(request, time.monotonic() + self._timeout)
        except _Unusable:
            return ""
        return raw.body.decode(errors="replace") if raw.status == 200 else ""

    def _check_deadline(self) -> None:
        if self._deadline.stopped:
            raise Transient(f"cluster {self._name} was not asked any more: it was stopped")
        if time.monotonic() > self._deadline.ends_at:
            seconds = self._deadline.seconds
            raise Transient(f"cluster {self._name} is too slow: not all was answered within {seconds:g} s")

    def _send_once(self, request: ApiRequest, until: float) -> ApiResponse:
        raw = self._exchange_renewing(request, until)
        try:
            response = ApiResponse(raw.status, parse_body(raw.body), parse_warnings(raw.headers))
        except ValueError as error:
            if raw.status == 404:  # said in plain text of a path that is not served
                return ApiResponse(404, {})
            raise _Unusable(f"status {raw.status} without a readable body") from error
        if response.ok and not ("kind" in response.body or request.path == VERSION_PATH):
            raise _Unusable(f"status {raw.status} without an object")
        if raw.status == UNAUTHORIZED:
            raise Refused(f"the credentials for cluster {self._name} were refused: {WRONG_OR_EXPIRED}")
        if raw.status in NOTHING_HAPPENED:
            raise _Unusable(f"status {raw.status}", nothing_happened=True, retry_after=_retry_after(raw.headers))
        if raw.status in MAY_HAVE_HAPPENED and not response.is_about_object:
            raise _Unusable(f"status {raw.status}", retry_after=_retry_after(raw.headers))
        return response

    def _exchange_renewing(self, request: ApiRequest, until: float) -> "_RawResponse":
        """The raw answer; a server that does not know us any more is asked once more when that can be mended."""
        api = self._credentials.api
        raw = self._exchange(api, request, until)
        if raw.status == UNAUTHORIZED and self._credentials.renew(api):
            return self._exchange(self._credentials.api, request, until)
        return raw

    def _exchange(self, api: Any, request: ApiRequest, until: float) -> "_RawResponse":
        from urllib3.exceptions import HTTPError, NewConnectionError
        from urllib3.exceptions import TimeoutError as TimedOut

        headers = {"Accept": request.accept, "User-Agent": "gitops-bot"}
        query = [(key, value) for key, value in request.query.items()]
        api.update_params_for_auth(headers, query, ["BearerToken"], request.path, request.method, None)
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        body = encode_json(request.body) if request.body is not None else None
        url = f"{api.configuration.host}{request.path}{'?' if query else ''}{urlencode(query)}"
        options = {"timeout": self._timeout, "retries": False, "redirect": False, "preload_content": False}
        try:
            raw = api.rest_client.pool_manager.request(request.method, url, body=body, headers=headers, **options)
            return _RawResponse(raw.status, raw.headers, self._read_body(raw, until))
        except NewConnectionError as error:
            raise _Unusable("no connection", nothing_happened=True) from error
        except TimedOut as error:
            raise _Unusable(f"no answer within {self._timeout:g} s") from error
        except HTTPError as error:
            raise _Unusable(f"the connection broke ({type(error).__name__})") from error

    def _read_body(self, raw: Any, until: float) -> bytes:
        """The whole body: a time-out of the connection counts anew with every byte that comes."""
        chunks: list[bytes] = []
        while chunk := raw.read1(CHUNK_BYTES):
            chunks.append(chunk)
            if time.monotonic() > until:
                raw.close()
                raise _Unusable(f"no whole answer within {self._timeout:g} s")
        return b"".join(chunks)


@dataclass(frozen=True, slots=True)
class _RawResponse:
    status: int
    headers: Mapping[str, str]
    body: bytes


class _Unusable(Exception):
    def __init__(self, reason: str, *, nothing_happened: bool = False, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.nothing_happened, self.retry_after = nothing_happened, retry_after


def _retry_after(headers: Mapping[str, str]) -> float | None:
    text = headers.get("Retry-After", "")
    return float(text) if text.isdigit() else None
