"""Requests to GitHub through PyGithub: paged, paced, and with every failure turned into one of our three errors."""

import time
from collections.abc import Iterator
from typing import Any, Self

import requests
from github import Auth, Github, GithubException, RateLimitExceededException
from urllib3.exceptions import MaxRetryError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

from bot.core.errors import Refused, Transient
from bot.hosts.github.settings import GitHubSettings

PER_PAGE = 100
TIMEOUT_SECONDS = 15
TRIES = 3
PAUSE_FACTOR = 0.2
SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
WORTH_REPEATING = (500, 502, 503, 504)
ELSEWHERE = frozenset({301, 302, 303, 307, 308})


class _Retry(Retry):
    """Not PyGithub's own: that one sleeps through rate limits, and we give the turn to another job.

    GitHub answers for a renamed repository with 301 or 307. PyGithub takes 307 for success, and follows 301 without the
    query, so without filter and page: only a GET that has none is left to it. The sweep learns the new name.
    """

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        return status_code in ELSEWHERE or super().is_retry(method, status_code, has_retry_after)

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        *more: Any,
        **others: Any,
    ) -> Self:
        if response is not None and response.status in ELSEWHERE:
            if method == "GET" and response.status == 301 and "?" not in (url or ""):
                raise MaxRetryError(others["_pool"], url or "")
            response.drain_conn()
            raise Transient(f"GitHub says that this has another name now: {(url or '').partition('?')[0]}")
        return super().increment(method, url, response, *more, **others)


class Calls:
    """One client for the process; safe to share between threads."""

    def __init__(self, settings: GitHubSettings) -> None:
        self._url = settings.api_url.rstrip("/")
        token = settings.token.get_secret_value()
        retry = _Retry(
            total=TRIES,
            allowed_methods=SAFE_TO_REPEAT,
            status_forcelist=WORTH_REPEATING,
            backoff_factor=PAUSE_FACTOR,
            respect_retry_after_header=False,
            raise_on_status=False,
        )
        self._github = Github(
            auth=Auth.Token(token),
            base_url=self._url,
            lazy=True,
            per_page=PER_PAGE,
            timeout=TIMEOUT_SECONDS,
            retry=retry,
            seconds_between_requests=0,
            seconds_between_writes=0,
            verify=str(settings.ca_file) if settings.ca_file else True,
        )

    def __call__(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        """The answer's JSON. POST is never sent twice: its answer lost is Transient, and the next try looks first."""
        return self._call(method, path, body, query)[1]

    def pages(self, path: str, key: str | None = None, **query: str) -> Iterator[Any]:
        """Every item of a list, page by page; of the list under a key where GitHub wraps it in an object."""
        number = 1
        while True:
            words = {**query, "per_page": str(PER_PAGE), "page": str(number)}
            headers, found = self._call("GET", path, None, words)
            yield from found[key] if key else found
            if 'rel="next"' not in headers.get("link", ""):
                return
            number += 1

    def _call(self, method: str, path: str, body: dict[str, Any] | None, query: dict[str, str]) -> tuple[Any, Any]:
        try:
            headers, found = self._github.requester.requestJsonAndCheck(
                method, path, parameters=query or None, input=body
            )
        except RateLimitExceededException as limit:
            raise Transient("GitHub's rate limit is reached", after=_after(limit)) from limit
        except GithubException as error:
            raise _translated(error, method, path) from error
        except requests.RequestException as down:
            raise Transient(f"GitHub at {self._url} cannot be reached: {type(down).__name__}") from down
        except RuntimeError as elsewhere:  # so PyGithub says it when it is sent to another host or to https
            raise Refused(f"GitHub is elsewhere (GITHUB__API_URL): {elsewhere}") from elsewhere
        except ValueError as cut:
            raise Transient("GitHub's answer was cut short") from cut
        if isinstance(found, dict) and found.keys() == {"data", "url"}:  # PyGithub's wrapping of what is no JSON
            raise Transient(f"something that is not GitHub answers at {self._url}")
        return headers, found


def _translated(error: GithubException, method: str, path: str) -> Exception:
    said = _message(error)
    after = _after(error)
    if error.status == 429 or (error.status == 403 and (after is not None or "rate limit" in said.lower())):
        return Transient(f"GitHub asks to wait: {said}", after=after)
    if error.status >= 500:
        return Transient(f"GitHub answered {error.status}: {said}", after=after)
    if error.status == 401:
        return Refused(f"GitHub does not take the token (GITHUB__TOKEN): {said}")
    if error.status == 404:
        return Refused(f"GitHub does not know {path.lstrip('/')}, or the token may not see it")
    if error.status == 403:
        return Refused(f"the token may not {method} {path.lstrip('/')}: {said}")
    return Refused(said)


def _message(error: GithubException) -> str:
    """What GitHub said; of `Validation Failed`, also what failed."""
    told = error.data if isinstance(error.data, dict) else {}
    wrong = [one for one in told.get("errors") or [] if isinstance(one, dict)]
    why = [str(one.get("message") or f"{one.get('field')} is {one.get('code')}") for one in wrong]
    said = str(told.get("message") or error.message or error.status)
    return f"{said}: {', '.join(why)}" if why else said


def _after(error: GithubException) -> float | None:
    """Seconds to wait, where GitHub names them: outright, or by the hour at which a spent limit is filled again."""
    headers = error.headers or {}
    if (named := headers.get("retry-after", "")).isdigit():
        return float(named)
    if headers.get("x-ratelimit-remaining") == "0" and (hour := headers.get("x-ratelimit-reset", "")).isdigit():
        return max(1.0, float(hour) - time.time())
    return None
