"""Requests to GitHub through PyGithub: paged, paced, and with every failure turned into one of our three errors."""

import time
from collections.abc import Iterator
from typing import Any

import requests
from github import Auth, BadCredentialsException, Github, GithubException, RateLimitExceededException
from urllib3.util import Retry

from bot.core.errors import Refused, Transient
from bot.hosts.github.settings import GitHubSettings

PER_PAGE = 100
TIMEOUT_SECONDS = 15
TRIES = 3
PAUSE_FACTOR = 0.2
SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
WORTH_REPEATING = (500, 502, 503, 504)


class Calls:
    """One client for the process; safe to share between threads."""

    def __init__(self, settings: GitHubSettings) -> None:
        token = settings.token.get_secret_value()
        # Not PyGithub's own: that one sleeps through rate limits, and we give the turn to another job.
        retry = Retry(
            total=TRIES,
            allowed_methods=SAFE_TO_REPEAT,
            status_forcelist=WORTH_REPEATING,
            backoff_factor=PAUSE_FACTOR,
            respect_retry_after_header=False,
            raise_on_status=False,
        )
        self._github = Github(
            auth=Auth.Token(token),
            base_url=settings.api_url.rstrip("/"),
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
        except BadCredentialsException as wrong:
            raise Refused("GitHub does not take the token (GITHUB__TOKEN)") from wrong
        except GithubException as error:
            raise _translated(error, method, path) from error
        except requests.RequestException as down:
            raise Transient(f"GitHub cannot be reached: {type(down).__name__}") from down
        except ValueError as cut:
            raise Transient("GitHub's answer was cut short") from cut
        if isinstance(found, dict) and found.keys() == {"data", "url"}:  # PyGithub's wrapping of what is no JSON
            raise Transient("something that is not GitHub answered in its place")
        return headers, found


def _translated(error: GithubException, method: str, path: str) -> Exception:
    said = _message(error)
    after = _after(error)
    if error.status == 429 or (error.status == 403 and (after is not None or "rate limit" in said.lower())):
        return Transient(f"GitHub asks to wait: {said}", after=after)
    if error.status >= 500:
        return Transient(f"GitHub answered {error.status}: {said}", after=after)
    if error.status == 404:
        return Refused(f"GitHub does not know {path.lstrip('/')}, or the token may not see it")
    if error.status == 403:
        return Refused(f"the token may not {method} {path.lstrip('/')}: {said}")
    return Refused(said)


def _message(error: GithubException) -> str:
    message = error.data.get("message") if isinstance(error.data, dict) else None
    return str(message or error.message or error.status)


def _after(error: GithubException) -> float | None:
    """Seconds to wait, where GitHub names them: outright, or by the hour at which a spent limit is filled again."""
    headers = error.headers or {}
    if (named := headers.get("retry-after", "")).isdigit():
        return float(named)
    if headers.get("x-ratelimit-remaining") == "0" and (hour := headers.get("x-ratelimit-reset", "")).isdigit():
        return max(1.0, float(hour) - time.time())
    return None
