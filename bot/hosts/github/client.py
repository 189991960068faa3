"""Requests to GitHub through PyGithub: paged, paced, and with every failure turned into one of our three errors."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import requests
from github import Auth, Github, GithubException, RateLimitExceededException
from github.Requester import Requester
from urllib3.exceptions import MaxRetryError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

from bot.core import clock
from bot.core.errors import Refused, Transient, Unwelcome
from bot.hosts.github.settings import GitHubAddress

PER_PAGE = 100
USER_AGENT = "gitops-bot"  # GitHub asks programs to say their name
TIMEOUT_SECONDS = 15
TRIES = 3
PAUSE_FACTOR = 0.2
SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
WORTH_REPEATING = (500, 502, 503, 504)
UNAUTHORIZED = 401
ACCEPTED_PERMISSIONS = "x-accepted-github-permissions"
# Changing a check run adds its annotations to those that there are, so that one is never sent twice.
APPENDING_PATH = "/check-runs/"
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class _Retry(Retry):
    """Not PyGithub's own: that one sleeps through rate limits, and we give the turn to another job.

    GitHub answers for a renamed repository with 301 or 307. PyGithub takes 307 for success, and follows 301 without the
    query, so without filter and page: only a GET that has none is left to it. The sweep learns the new name.
    """

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        return status_code in REDIRECTS or super().is_retry(method, status_code, has_retry_after)

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Self:
        if response is not None and response.status in REDIRECTS:
            if method == "GET" and response.status == 301 and "?" not in (url or ""):
                raise MaxRetryError(kwargs["_pool"], url or "")
            response.drain_conn()
            raise Transient(f"GitHub says that this has another name now: {(url or '').partition('?')[0]}")
        appends = method == "PATCH" and APPENDING_PATH in (url or "")
        return super(_Retry, self.new(total=0) if appends else self).increment(method, url, response, *args, **kwargs)


@dataclass(frozen=True, slots=True)
class Credential:
    """How a client signs in. `label` names it to the operator.

    `renew` makes a new token in place of one that GitHub takes no more; false where there is only the one.
    `may_repeat`: may every request be sent twice, POST too?
    """

    auth: Auth.Auth
    label: str
    renew: Callable[[], bool] = lambda: False
    may_repeat: bool = False


class ApiClient:
    """One client for a credential; threads may share it. `clock_skew`: how far GitHub's clock is before ours."""

    clock_skew = timedelta()

    def __init__(self, address: GitHubAddress, credential: Credential) -> None:
        self._url, self._credential = address.api_url.rstrip("/"), credential
        retry = _Retry(
            total=TRIES,
            allowed_methods=None if credential.may_repeat else SAFE_TO_REPEAT,
            status_forcelist=WORTH_REPEATING,
            backoff_factor=PAUSE_FACTOR,
            respect_retry_after_header=False,
            raise_on_status=False,
        )
        self._github = Github(
            auth=credential.auth,
            base_url=self._url,
            lazy=True,
            per_page=PER_PAGE,
            user_agent=USER_AGENT,
            timeout=TIMEOUT_SECONDS,
            retry=retry,
            seconds_between_requests=0,
            seconds_between_writes=0,
            verify=str(address.ca_file) if address.ca_file else True,
        )

    def __call__(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        """The answer's JSON. POST is never sent twice: its answer lost is Transient, and the next try looks first."""
        return self._request(method, path, body, query)[1]

    def pages(self, path: str, key: str | None = None, **query: str) -> Iterator[Any]:
        """Every item of a list, page by page; of the list under a key where GitHub wraps it in an object."""
        number = 1
        while True:
            page_query = {**query, "per_page": str(PER_PAGE), "page": str(number)}
            headers, document = self._request("GET", path, None, page_query)
            yield from document[key] if key else document
            if 'rel="next"' not in headers.get("link", ""):
                return
            number += 1

    def fetch_with_headers(self, method: str, path: str) -> tuple[Mapping[str, str], Any]:
        """The answer's headers (names in small letters) and its JSON."""
        headers, document = self._request(method, path, None, {})
        return headers, document

    def graphql(self, text: str, **variables: Any) -> Any:
        """The answer's `data`; never sent twice."""
        _, document = self._send_with_renewal("POST", "graphql", lambda it: it.graphql_query(text, variables))
        return document["data"]

    def _request(self, method: str, path: str, body: dict[str, Any] | None, query: dict[str, str]) -> tuple[Any, Any]:
        return self._send_with_renewal(
            method,
            path,
            lambda requester: requester.requestJsonAndCheck(method, path, parameters=query or None, input=body),
        )

    def _send_with_renewal(
        self, method: str, path: str, send: Callable[[Requester], tuple[Any, Any]]
    ) -> tuple[Any, Any]:
        """Ask; once more with a new token when GitHub says that the one is over, for then nothing has happened."""
        try:
            return self._send(method, path, send)
        except Unwelcome:
            if not self._credential.renew():
                raise
        return self._send(method, path, send)

    def _send(self, method: str, path: str, send: Callable[[Requester], tuple[Any, Any]]) -> tuple[Any, Any]:
        try:
            headers, document = send(self._github.requester)
        except RateLimitExceededException as error:
            raise Transient("GitHub's rate limit is reached", after=_retry_after(error)) from error
        except GithubException as error:
            raise _to_error(error, method, path, self._credential.label) from error
        except requests.RequestException as error:
            raise Transient(f"GitHub at {self._url} cannot be reached: {type(error).__name__}") from error
        except RuntimeError as error:  # so PyGithub says it when it is sent to another host or to https
            raise Refused(f"GitHub is elsewhere (GITHUB__API_URL): {error}") from error
        except ValueError as error:
            raise Transient("GitHub's answer was cut short") from error
        if isinstance(document, dict) and document.keys() == {"data", "url"}:  # PyGithub's wrapping of what is no JSON
            raise Transient(f"something that is not GitHub answers at {self._url}")
        self.clock_skew = clock.clock_skew(headers.get("date"), datetime.now(UTC))
        return headers, document


def status_of(error: BaseException) -> int | None:
    """What GitHub's answer said, where that is why."""
    return error.__cause__.status if isinstance(error.__cause__, GithubException) else None


def _to_error(error: GithubException, method: str, path: str, label: str) -> Exception:
    message = _message(error)
    after = _retry_after(error)
    if error.status == 429 or (error.status == 403 and (after is not None or "rate limit" in message.lower())):
        return Transient(f"GitHub asks to wait: {message}", after=after)
    if error.status >= 500:
        return Transient(f"GitHub answered {error.status}: {message}", after=after)
    if error.status == UNAUTHORIZED:
        return Unwelcome(f"GitHub does not take {label}: {message}")
    if error.status == 404:
        return Refused(f"GitHub does not know {path.lstrip('/')}, or we may not see it")
    if error.status == 403:
        return Refused(f"we may not {method} {path.lstrip('/')}: {message}{_accepted_permissions(error)}")
    return Refused(message)


def _message(error: GithubException) -> str:
    """What GitHub said; of `Validation Failed`, also what failed."""
    document = error.data if isinstance(error.data, dict) else {}
    details = [detail for detail in document.get("errors") or [] if isinstance(detail, dict)]
    reasons = [str(detail.get("message") or f"{detail.get('field')} is {detail.get('code')}") for detail in details]
    message = str(document.get("message") or error.message or error.status)
    return f"{message}: {', '.join(reasons)}" if reasons else message


def _accepted_permissions(error: GithubException) -> str:
    """The rights that would have done, where GitHub names them (`issues=write; pull_requests=write`)."""
    rights = (error.headers or {}).get(ACCEPTED_PERMISSIONS, "")
    return f" (it takes {rights.replace('; ', ' or ')})" if rights else ""


def _retry_after(error: GithubException) -> float | None:
    """Seconds to wait, where GitHub names them: outright, or by the hour at which a spent limit is filled again."""
    headers = error.headers or {}
    if (seconds := headers.get("retry-after", "")).isdigit():
        return float(seconds)
    if headers.get("x-ratelimit-remaining") == "0" and (reset_time := headers.get("x-ratelimit-reset", "")).isdigit():
        return max(1.0, float(reset_time) - time.time())
    return None
