"""Requests to Gitea: paged, tried again where that is safe, and with every failure turned into one of our errors."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util import Retry

from bot.core import clock
from bot.core.errors import Refused, Transient, Unwelcome
from bot.hosts.gitea.settings import GiteaSettings

PER_PAGE = 50  # Gitea gives no more unless its operator allows it
TIMEOUT_SECONDS = 15
TRIES = 3
PAUSE_FACTOR = 0.2
MOST_REDIRECTS = 3
SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
WORTH_REPEATING = (500, 502, 503, 504)
REDIRECTS = frozenset({301, 302, 303, 307, 308})

Query = Mapping[str, str]


class NotFound(Refused):
    """Gitea does not know it, or does not show it to us."""


class _TokenAuth(AuthBase):
    """As requests' own authentication, so that a `.netrc` never replaces it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"token {self._token}"
        return request


class ApiClient:
    """One client for the process, safe to share between threads. `clock_skew`: how far Gitea's clock is before ours."""

    clock_skew = timedelta()

    def __init__(self, settings: GiteaSettings) -> None:
        self._url = settings.api_url
        retry = Retry(
            total=TRIES,
            allowed_methods=SAFE_TO_REPEAT,
            status_forcelist=WORTH_REPEATING,
            backoff_factor=PAUSE_FACTOR,
            respect_retry_after_header=False,
            raise_on_status=False,
        )
        self._session = requests.Session()
        self._session.auth = _TokenAuth(settings.token.get_secret_value().strip())
        self._session.headers["Accept"] = "application/json"
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))
        self._ca = str(settings.ca_file) if settings.ca_file else None

    def __call__(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        """The answer's JSON, None where it is empty. POST is never sent twice: the next try of the job looks first."""
        return _json(self._request(method, path, body, query), self._url)

    def pages(self, path: str, key: str | None = None, **query: str) -> Iterator[Any]:
        """Every item of a list; of the list under a key where Gitea wraps it in an object.

        Pages are counted against the total, for some lists have no links, some come whole at once, and a page may be
        shorter than asked for: by the operator's limit, or by items that are not for us.
        """
        number, seen_count = 0, 0
        previous_items: list[Any] = []
        while True:
            number += 1
            response = self._request("GET", path, None, {**query, "limit": str(PER_PAGE), "page": str(number)})
            document = _json(response, self._url)
            items: list[Any] = (document[key] if key else document) or []
            total = response.headers.get("X-Total-Count", "")
            if not total.isdigit() and items == previous_items:  # without a total, and perhaps it minds no page
                return
            yield from items
            seen_count, previous_items = seen_count + len(items), items
            if total.isdigit() and (seen_count >= int(total) or (not items and number * PER_PAGE >= int(total))):
                return

    def _request(self, method: str, path: str, body: dict[str, Any] | None, query: Query) -> requests.Response:
        response = self._send(method, self._url + path, body, query)
        for _ in range(MOST_REDIRECTS):
            if response.status_code not in REDIRECTS:
                break
            response = self._send(method, self._redirect_url(method, response), None, {})
        if response.status_code >= 300:
            raise _to_error(response, method, path)
        return response

    def _redirect_url(self, method: str, response: requests.Response) -> str:
        """Where a renamed repository is read now. Nothing is written there: a redirected POST arrives as a GET."""
        location = urljoin(str(response.url), response.headers.get("Location", ""))
        if urlsplit(location)[:2] != urlsplit(self._url)[:2] or not location.startswith(f"{self._url}/"):
            raise Refused(f"Gitea is elsewhere (GITEA__URL): it sends us to {location.partition('?')[0]}")
        if method != "GET":
            raise Transient(f"Gitea says that this has another name now: {urlsplit(str(response.url)).path}")
        return location

    def _send(self, method: str, url: str, body: dict[str, Any] | None, query: Query) -> requests.Response:
        try:
            response = self._session.request(
                method,
                url,
                params=dict(query),
                json=body,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                verify=self._ca,
            )
        except requests.RequestException as error:
            raise Transient(f"Gitea at {self._url} cannot be reached: {type(error).__name__}") from error
        self.clock_skew = clock.clock_skew(response.headers.get("Date"), datetime.now(UTC))
        return response


def _json(response: requests.Response, url: str) -> Any:
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError as error:
        raise Transient(f"something that is not Gitea answers at {url}, or was cut short") from error


def _to_error(response: requests.Response, method: str, path: str) -> Exception:
    status, message = response.status_code, _message(response)
    retry_after = response.headers.get("Retry-After", "")
    after = float(retry_after) if retry_after.isdigit() else None
    if status == 429 or (status == 403 and after is not None):
        return Transient(f"Gitea asks to wait: {message}", after=after)
    if status >= 500:
        return Transient(f"Gitea answered {status}: {message}", after=after)
    if status == 401:
        return Unwelcome(f"Gitea does not take the token (GITEA__TOKEN): {message}")
    if status == 404:
        return NotFound(f"Gitea does not know {path.lstrip('/')}, or the token may not see it")
    if status == 403:
        return Refused(f"the token may not {method} {path.lstrip('/')}: {message}")
    return Refused(message)


def _message(response: requests.Response) -> str:
    """What Gitea said, in one line; of a merge that failed, what git said."""
    try:
        document = response.json()
    except ValueError:
        document = None
    message = (document.get("message") or document.get("StdOut")) if isinstance(document, dict) else None
    return " ".join(str(message or response.reason or response.status_code).split())
