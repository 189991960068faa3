"""What we lack in a repository, in words. Asked by accounts for `gitops-bot check`; changes nothing.

An installation tells its permissions. A classic token tells its scopes. A fine-grained one tells nothing: each right
is tried on what does not exist, and GitHub names in a header what would have been needed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.core.errors import Refused
from bot.core.pull import Repository
from bot.hosts.github.client import ApiClient, status_of

WRITE = "write access to the repository (contents, pull requests, statuses)"
LEVELS = ("none", "read", "write", "admin")

# The App's permissions, with what for. Statuses of others are read; our own are check runs.
PERMISSIONS: Mapping[str, str] = {
    "metadata": "read",  # repositories, and who has which role
    "contents": "write",  # git, merging, the branch of a rollback
    "pull_requests": "write",  # reading them and their reviews, opening a rollback
    "issues": "write",  # comments and reactions; GitHub sends no webhook of a comment without it
    "checks": "write",  # gitops-bot/plan and gitops-bot/apply; reading those of others
    "statuses": "read",  # those of others
    "merge_queues": "read",  # the webhook of merge queues
}
# `check_run` and `check_suite` come by themselves to an App that may write checks, and only its own.
EVENTS = ("issue_comment", "merge_group", "pull_request", "pull_request_review", "push")

NULL_SHA = "0" * 40
FORBIDDEN = 403
# What is tried with a fine-grained token: (right, method, path, body). Nothing of it can come about.
PROBES: tuple[tuple[str, str, str, dict[str, Any] | None], ...] = (
    ("contents: write", "PUT", "/pulls/0/merge", {"sha": NULL_SHA}),
    ("pull requests: write", "POST", "/pulls", {"title": "x", "head": f"gitops-bot/{NULL_SHA}", "base": NULL_SHA}),
    ("issues: write", "PATCH", "/issues/comments/0", {"body": "x"}),
    ("commit statuses: write", "POST", f"/statuses/{NULL_SHA}", {"state": "pending"}),
)


def missing_for_installation(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Compare an installation's permissions and events with what the App needs."""
    granted, events = raw.get("permissions") or {}, set(raw.get("events") or ())
    missing = [
        f"{name.replace('_', ' ')}: {least} (it has {granted.get(name, 'none')})"
        for name, least in PERMISSIONS.items()
        if LEVELS.index(str(granted.get(name, "none"))) < LEVELS.index(least)
    ]
    return (*missing, *(f"the event {event}" for event in EVENTS if event not in events))


def missing_for_token(api: ApiClient, repository: Repository) -> tuple[str, ...]:
    """Look at a token's scopes, or try each right where it tells none."""
    path = f"/repos/{repository.name}"
    headers, raw = api.fetch_with_headers("GET", path)
    if not (raw.get("permissions") or {}).get("push"):
        return (WRITE,)
    if "x-oauth-scopes" in headers:
        return tuple(_missing_scopes({scope.strip() for scope in headers["x-oauth-scopes"].split(",")}, repository))
    return tuple(right for right, method, suffix, body in PROBES if not _is_permitted(api, method, path + suffix, body))


def _missing_scopes(scopes: set[str], repository: Repository) -> Iterator[str]:
    if not scopes & ({"repo"} if repository.private else {"repo", "public_repo"}):
        yield "the scope repo"


def _is_permitted(api: ApiClient, method: str, path: str, body: dict[str, Any] | None) -> bool:
    """GitHub looks at the right first, and only then for what is not there."""
    try:
        api(method, path, body)
    except Refused as error:
        return status_of(error) != FORBIDDEN
    return True
