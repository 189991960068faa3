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
from bot.hosts.github.settings import Place

PER_PAGE = 100
AGENT = "gitops-bot"  # GitHub asks programs to say their name
TIMEOUT_SECONDS = 15
TRIES = 3
PAUSE_FACTOR = 0.2
SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
WORTH_REPEATING = (500, 502, 503, 504)
UNKNOWN_TOKEN = 401
ACCEPTED = "x-accepted-github-permissions"
# Changing a check run adds its annotations to those that there are, so that one is never sent twice.
ADDS = "/check-runs/"
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
        adds = method == "PATCH" and ADDS in (url or "")
        return super(_Retry, self.new(total=0) if adds else self).increment(method, url, response, *more, **others)


@dataclass(frozen=True, slots=True)
class Key:
    """How a client signs in. `words` name it to the operator.

    `renew` makes a new token in place of one that GitHub takes no more; false where there is only the one. `repeats`:
    may every request be sent twice, POST too?
    """

    auth: Auth.Auth
    words: str
    renew: Callable[[], bool] = lambda: False
    repeats: bool = False


class Calls:
    """One client for a key; safe to share between threads. `ahead` is by how much GitHub's clock is before ours."""

    ahead = timedelta()

    def __init__(self, place: Place, key: Key) -> None:
        self._url, self._key = place.api_url.rstrip("/"), key
        retry = _Retry(
            total=TRIES,
            allowed_methods=None if key.repeats else SAFE_TO_REPEAT,
            status_forcelist=WORTH_REPEATING,
            backoff_factor=PAUSE_FACTOR,
            respect_retry_after_header=False,
            raise_on_status=False,
        )
        self._github = Github(
            auth=key.auth,
            base_url=self._url,
            lazy=True,
            per_page=PER_PAGE,
            user_agent=AGENT,
            timeout=TIMEOUT_SECONDS,
            retry=retry,
            seconds_between_requests=0,
            seconds_between_writes=0,
            verify=str(place.ca_file) if place.ca_file else True,
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

    def whole(self, method: str, path: str) -> tuple[Mapping[str, str], Any]:
        """The answer's headers (names in small letters) and its JSON."""
        headers, found = self._call(method, path, None, {})
        return headers, found

    def graphql(self, text: str, **variables: Any) -> Any:
        """The answer's `data`; never sent twice."""
        return self._answered("POST", "graphql", lambda it: it.graphql_query(text, variables))[1]["data"]

    def _call(self, method: str, path: str, body: dict[str, Any] | None, query: dict[str, str]) -> tuple[Any, Any]:
        return self._answered(
            method, path, lambda it: it.requestJsonAndCheck(method, path, parameters=query or None, input=body)
        )

    def _answered(self, method: str, path: str, ask: Callable[[Requester], tuple[Any, Any]]) -> tuple[Any, Any]:
        """Ask; once more with a new token when GitHub says that the one is over, for then nothing has happened."""
        try:
            return self._asked(method, path, ask)
        except Unwelcome:
            if not self._key.renew():
                raise
        return self._asked(method, path, ask)

    def _asked(self, method: str, path: str, ask: Callable[[Requester], tuple[Any, Any]]) -> tuple[Any, Any]:
        try:
            headers, found = ask(self._github.requester)
        except RateLimitExceededException as limit:
            raise Transient("GitHub's rate limit is reached", after=_after(limit)) from limit
        except GithubException as error:
            raise _translated(error, method, path, self._key.words) from error
        except requests.RequestException as down:
            raise Transient(f"GitHub at {self._url} cannot be reached: {type(down).__name__}") from down
        except RuntimeError as elsewhere:  # so PyGithub says it when it is sent to another host or to https
            raise Refused(f"GitHub is elsewhere (GITHUB__API_URL): {elsewhere}") from elsewhere
        except ValueError as cut:
            raise Transient("GitHub's answer was cut short") from cut
        if isinstance(found, dict) and found.keys() == {"data", "url"}:  # PyGithub's wrapping of what is no JSON
            raise Transient(f"something that is not GitHub answers at {self._url}")
        self.ahead = clock.ahead(headers.get("date"), datetime.now(UTC))
        return headers, found


def status_of(why: BaseException) -> int | None:
    """What GitHub's answer said, where that is why."""
    return why.__cause__.status if isinstance(why.__cause__, GithubException) else None


def _translated(error: GithubException, method: str, path: str, key: str) -> Exception:
    said = _message(error)
    after = _after(error)
    if error.status == 429 or (error.status == 403 and (after is not None or "rate limit" in said.lower())):
        return Transient(f"GitHub asks to wait: {said}", after=after)
    if error.status >= 500:
        return Transient(f"GitHub answered {error.status}: {said}", after=after)
    if error.status == UNKNOWN_TOKEN:
        return Unwelcome(f"GitHub does not take {key}: {said}")
    if error.status == 404:
        return Refused(f"GitHub does not know {path.lstrip('/')}, or we may not see it")
    if error.status == 403:
        return Refused(f"we may not {method} {path.lstrip('/')}: {said}{_wanted(error)}")
    return Refused(said)


def _message(error: GithubException) -> str:
    """What GitHub said; of `Validation Failed`, also what failed."""
    told = error.data if isinstance(error.data, dict) else {}
    wrong = [one for one in told.get("errors") or [] if isinstance(one, dict)]
    why = [str(one.get("message") or f"{one.get('field')} is {one.get('code')}") for one in wrong]
    said = str(told.get("message") or error.message or error.status)
    return f"{said}: {', '.join(why)}" if why else said


def _wanted(error: GithubException) -> str:
    """The rights that would have done, where GitHub names them (`issues=write; pull_requests=write`)."""
    rights = (error.headers or {}).get(ACCEPTED, "")
    return f" (it takes {rights.replace('; ', ' or ')})" if rights else ""


def _after(error: GithubException) -> float | None:
    """Seconds to wait, where GitHub names them: outright, or by the hour at which a spent limit is filled again."""
    headers = error.headers or {}
    if (named := headers.get("retry-after", "")).isdigit():
        return float(named)
    if headers.get("x-ratelimit-remaining") == "0" and (hour := headers.get("x-ratelimit-reset", "")).isdigit():
        return max(1.0, float(hour) - time.time())
    return None
