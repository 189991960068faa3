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
HOPS = 3
SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
WORTH_REPEATING = (500, 502, 503, 504)
ELSEWHERE = frozenset({301, 302, 303, 307, 308})

Query = Mapping[str, str]


class Missing(Refused):
    """Gitea does not know it, or does not show it to us."""


class _Token(AuthBase):
    """As requests' own authentication, so that a `.netrc` never replaces it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"token {self._token}"
        return request


class Calls:
    """One client for the process; safe to share between threads. `ahead`: by how much Gitea's clock is before ours."""

    ahead = timedelta()

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
        self._session.auth = _Token(settings.token.get_secret_value().strip())
        self._session.headers["Accept"] = "application/json"
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))
        self._ca = str(settings.ca_file) if settings.ca_file else None

    def __call__(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        """The answer's JSON, None where it is empty. POST is never sent twice: the next try of the job looks first."""
        return _json(self._answer(method, path, body, query), self._url)

    def pages(self, path: str, key: str | None = None, **query: str) -> Iterator[Any]:
        """Every item of a list; of the list under a key where Gitea wraps it in an object.

        Pages are counted against the total, for some lists have no links, some come whole at once, and a page may be
        shorter than asked for: by the operator's limit, or by items that are not for us.
        """
        number, seen = 0, 0
        last: list[Any] = []
        while True:
            number += 1
            answer = self._answer("GET", path, None, {**query, "limit": str(PER_PAGE), "page": str(number)})
            found = _json(answer, self._url)
            items: list[Any] = (found[key] if key else found) or []
            total = answer.headers.get("X-Total-Count", "")
            if not total.isdigit() and items == last:  # a server that tells no total, and perhaps minds no page
                return
            yield from items
            seen, last = seen + len(items), items
            if total.isdigit() and (seen >= int(total) or (not items and number * PER_PAGE >= int(total))):
                return

    def _answer(self, method: str, path: str, body: dict[str, Any] | None, query: Query) -> requests.Response:
        answer = self._sent(method, self._url + path, body, query)
        for _ in range(HOPS):
            if answer.status_code not in ELSEWHERE:
                break
            answer = self._sent(method, self._elsewhere(method, answer), None, {})
        if answer.status_code >= 300:
            raise _translated(answer, method, path)
        return answer

    def _elsewhere(self, method: str, answer: requests.Response) -> str:
        """Where a renamed repository is read now. Nothing is written there: a redirected POST arrives as a GET."""
        there = urljoin(str(answer.url), answer.headers.get("Location", ""))
        if urlsplit(there)[:2] != urlsplit(self._url)[:2] or not there.startswith(f"{self._url}/"):
            raise Refused(f"Gitea is elsewhere (GITEA__URL): it sends us to {there.partition('?')[0]}")
        if method != "GET":
            raise Transient(f"Gitea says that this has another name now: {urlsplit(str(answer.url)).path}")
        return there

    def _sent(self, method: str, url: str, body: dict[str, Any] | None, query: Query) -> requests.Response:
        try:
            answer = self._session.request(
                method,
                url,
                params=dict(query),
                json=body,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                verify=self._ca,
            )
        except requests.RequestException as down:
            raise Transient(f"Gitea at {self._url} cannot be reached: {type(down).__name__}") from down
        self.ahead = clock.ahead(answer.headers.get("Date"), datetime.now(UTC))
        return answer


def _json(answer: requests.Response, url: str) -> Any:
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError as cut:
        raise Transient(f"something that is not Gitea answers at {url}, or was cut short") from cut


def _translated(answer: requests.Response, method: str, path: str) -> Exception:
    status, said = answer.status_code, _message(answer)
    named = answer.headers.get("Retry-After", "")
    after = float(named) if named.isdigit() else None
    if status == 429 or (status == 403 and after is not None):
        return Transient(f"Gitea asks to wait: {said}", after=after)
    if status >= 500:
        return Transient(f"Gitea answered {status}: {said}", after=after)
    if status == 401:
        return Unwelcome(f"Gitea does not take the token (GITEA__TOKEN): {said}")
    if status == 404:
        return Missing(f"Gitea does not know {path.lstrip('/')}, or the token may not see it")
    if status == 403:
        return Refused(f"the token may not {method} {path.lstrip('/')}: {said}")
    return Refused(said)


def _message(answer: requests.Response) -> str:
    """What Gitea said, in one line; of a merge that failed, what git said."""
    try:
        told = answer.json()
    except ValueError:
        told = None
    said = (told.get("message") or told.get("StdOut")) if isinstance(told, dict) else None
    return " ".join(str(said or answer.reason or answer.status_code).split())
