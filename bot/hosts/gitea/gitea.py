"""The Host port for Gitea. Everything that is true only of Gitea ends in this package."""

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import quote

from bot.core.co_authors import co_author_addresses
from bot.core.errors import Refused, Transient
from bot.core.keys import CommentRef
from bot.core.own_comment import CommentPlace, OwnComment
from bot.core.pull import Check, CheckState, Comment, Contributors, Pull, PullState, Repository, Review, Role, Status
from bot.core.repository_filter import RepositoryFilter
from bot.hosts.gitea import rights, shapes, webhook
from bot.hosts.gitea.client import ApiClient, NotFound
from bot.hosts.gitea.settings import GiteaSettings
from bot.hosts.gitea.topics import TopicComments, comment_path
from bot.ports import Delivery, Remote, basic_authorization

STYLES = (
    ("merge", "allow_merge_commits"),
    ("squash", "allow_squash_merge"),
    ("rebase", "allow_rebase"),
    ("rebase-merge", "allow_rebase_explicit"),
    ("fast-forward-only", "allow_fast_forward_only_merge"),
)
CONFLICTS_UNKNOWN = "Please try again later"
READ_PAUSES = (0.0, 0.3, 0.6, 1.2, 2.4)
MERGE_PAUSES = (*READ_PAUSES, 4.8, 4.8)
NOREPLY = re.compile(r"(?:\d+\+)?([A-Za-z0-9._-]+?)(?:\+\d+)?@(?:users\.)?noreply\.", re.IGNORECASE)

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Gitea:
    """The Host of a Gitea or a Forgejo, as one user with a token."""

    name = "gitea"
    comment_limit = TopicComments.limit

    def __init__(self, settings: GiteaSettings, repos: Sequence[str]) -> None:
        self._settings = settings
        self._api = ApiClient(settings)
        self._is_allowed = RepositoryFilter(tuple(repos))

    def parse(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        return webhook.parse(headers, body, self._settings.webhook_secret.get_secret_value(), self._is_allowed)

    def whoami(self) -> str:
        return shapes.login(self._user)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._api.clock_skew

    @cached_property
    def _user(self) -> dict[str, Any]:
        user: dict[str, Any] = self._api("GET", "/user")
        return user

    def repositories(self) -> Sequence[Repository]:
        if names := self._is_allowed.names:
            return [
                repository for name in names if self._is_allowed(name) and (repository := self._find_repository(name))
            ]
        own_repositories = self._api.pages("/user/repos")
        return [
            _parse(shapes.repository, raw)
            for raw in own_repositories
            if self._is_allowed(raw["full_name"]) and not raw.get("archived")
        ]

    def _find_repository(self, name: str) -> Repository | None:
        """One that the forge does not show must not keep the others from being seen."""
        try:
            raw = self._api("GET", f"/repos/{name}")
        except NotFound as error:
            logger.warning("%s is left out: %s", name, error)
            return None
        return None if raw.get("archived") else _parse(shapes.repository, raw)

    def repository(self, name: str) -> Repository:
        if not self._is_allowed(name):
            raise Refused(f"{name} is not among the repositories that REPOS allows")
        return _parse(shapes.repository, self._api("GET", f"/repos/{name}"))

    def pull(self, repository: Repository, number: int) -> Pull:
        """Looks again while Gitea looks for conflicts; it has one word for both, so what stays so is one."""
        for pause in READ_PAUSES:
            time.sleep(pause)
            pull = self._fetch_pull(repository, number)
            if pull.mergeable or pull.draft or pull.state is not PullState.OPEN:
                return pull
        return replace(pull, mergeable=False)

    def _fetch_pull(self, repository: Repository, number: int) -> Pull:
        return _parse(shapes.pull, self._api("GET", f"{_path(repository)}/pulls/{number}"))

    def open_pulls(self, repository: Repository) -> Sequence[Pull]:
        return [_parse(shapes.pull, raw) for raw in self._api.pages(f"{_path(repository)}/pulls", state="open")]

    def comment(self, repository: Repository, ref: CommentRef) -> Comment:
        return _parse(shapes.comment, self._api("GET", comment_path(_path(repository), ref.id)), repository)

    def comments(self, repository: Repository, since: datetime) -> Sequence[Comment]:
        since_text = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        raw_comments = self._api.pages(f"{_path(repository)}/issues/comments", since=since_text)
        return [_parse(shapes.comment, raw, repository) for raw in raw_comments if raw.get("pull_request_url")]

    def reviews(self, repository: Repository, number: int) -> Sequence[Review]:
        raw_reviews = self._api.pages(f"{_path(repository)}/pulls/{number}/reviews")
        reviews = [review for raw in raw_reviews if (review := _parse(shapes.review, raw))]
        return sorted(reviews, key=lambda review: review.at)

    def contributors(self, repository: Repository, number: int) -> Contributors:
        logins: set[str] = set()
        unknown: list[str] = []
        for commit in self._api.pages(f"{_path(repository)}/pulls/{number}/commits", files="false"):
            people = [commit.get(key) for key in ("author", "committer")]
            logins |= {shapes.login(person) for person in people if person}
            message = str((commit.get("commit") or {}).get("message"))
            co_authors = [address and self._co_author(address) for address in co_author_addresses(message)]
            logins |= {login for login in co_authors if login}
            if not all((*people, *co_authors)):
                unknown.append(str(commit["sha"])[:7])
        return Contributors(frozenset(logins), tuple(unknown))

    def _co_author(self, address: str) -> str | None:
        """Whose the address of a `Co-authored-by` is: by a noreply one, or by Gitea's search of those it shows."""
        if noreply := NOREPLY.match(address):
            return noreply[1]
        try:
            candidates = self._api("GET", "/users/search", q=address)["data"] or []
        except Refused:  # a token that may not read users
            return None
        users = [user for user in candidates if str(user.get("email") or "").casefold() == address]
        return shapes.login(users[0]) if len(users) == 1 else None

    def checks(self, pull: Pull) -> Sequence[Check]:
        statuses = self._api.pages(f"{_path(pull.repository)}/commits/{pull.head.sha}/status", "statuses")
        states = {str(raw["context"]): shapes.state(raw.get("status")) for raw in statuses}
        required = self._required(pull)
        required_names = {name for name in states if any(_matches_glob(name, glob) for glob in required)}
        unreported = {glob for glob in required if not any(_matches_glob(name, glob) for name in states)}
        checks = [Check(name, state, name in required_names) for name, state in states.items()]
        checks += [Check(glob, CheckState.PENDING, required=True) for glob in unreported]
        return sorted(checks, key=lambda check: check.name)

    def _required(self, pull: Pull) -> set[str]:
        """Globs of contexts that the base branch demands."""
        branch = self._api("GET", f"{_path(pull.repository)}/branches/{quote(pull.base.name)}")
        contexts = branch.get("status_check_contexts") if branch.get("enable_status_check") else None
        return {str(glob) for glob in contexts or ()}

    def role(self, repository: Repository, user: str) -> Role:
        return _parse(rights.role, self._api, _path(repository), user)

    def find_comment(
        self, repository: Repository, number: int, topic: str, known_id: str | None = None
    ) -> CommentPlace:
        return _parse(self._topics(repository).find, number, topic, known_id)

    def write_comment(self, repository: Repository, place: CommentPlace, body: str) -> OwnComment:
        return _parse(self._topics(repository).write, place, body)

    def _topics(self, repository: Repository) -> TopicComments:
        return TopicComments(self._api, _path(repository), self.whoami())

    def react(self, repository: Repository, ref: CommentRef, reaction: str) -> None:
        """To a review Gitea's API adds none."""
        if ref.review:
            return
        self._api("POST", f"{comment_path(_path(repository), ref.id)}/reactions", {"content": reaction})

    def status(self, repository: Repository, sha: str, status: Status) -> None:
        body = {"context": status.name, "state": status.state.value, "description": status.short_description}
        if status.web_url:
            body["target_url"] = status.web_url
        self._api("POST", f"{_path(repository)}/statuses/{sha}", body)

    def merge(self, pull: Pull, message: str) -> str:
        raw = self._api("GET", _path(pull.repository))
        style = next((name for name, key in STYLES if raw.get(key)), "merge")
        body = {"Do": style, "head_commit_id": pull.head.sha, "MergeMessageField": message}
        try:
            self._merge(pull, body)
        except (Refused, Transient):
            if merge_commit := self._merge_commit(pull):
                return merge_commit
            raise
        if merge_commit := self._merge_commit(pull):
            return merge_commit
        raise Transient("Gitea has merged it, and does not say yet what landed")

    def _merge(self, pull: Pull, body: dict[str, Any]) -> None:
        """Asks again while Gitea still looks for conflicts, as it does after each push and each failed merge."""
        for pause in MERGE_PAUSES:
            time.sleep(pause)
            try:
                self._api("POST", f"{_path(pull.repository)}/pulls/{pull.number}/merge", body)
                return
            except Refused as error:
                if CONFLICTS_UNKNOWN not in str(error):
                    raise
                conflict = error
        raise Refused(f"it conflicts with {pull.base.name}, or Gitea is still looking ({conflict})")

    def _merge_commit(self, pull: Pull) -> str | None:
        latest = self._fetch_pull(pull.repository, pull.number)
        return latest.merge_commit if latest.state is PullState.MERGED and latest.head.sha == pull.head.sha else None

    def open_pull(self, repository: Repository, head: str, base: str, title: str, body: str) -> Pull:
        for pull in self.open_pulls(repository):
            if not pull.fork and (pull.head.name, pull.base.name) == (head, base):
                return pull
        fields = {"head": head, "base": base, "title": title, "body": body}
        return _parse(shapes.pull, self._api("POST", f"{_path(repository)}/pulls", fields))

    def remote(self, repository: Repository) -> Remote:
        url = f"{self._settings.web_url}/{repository.name}.git"
        authorization = basic_authorization(self.whoami(), self._settings.token.get_secret_value().strip())
        return Remote(url, authorization, self._settings.ca_file, author=(self.whoami(), str(self._user["email"])))

    def missing_rights(self, repository: Repository) -> tuple[str, ...]:
        """What the account and its token lack in a repository, in words; for `gitops-bot check`."""
        return rights.missing_rights(self._api, _path(repository))


def _path(repository: Repository) -> str:
    return f"/repos/{repository.name}"


def _matches_glob(name: str, glob: str) -> bool:
    """As Gitea reads globs: `*` takes slashes too, and braces hold words to choose from."""
    if braces := re.search(r"\{([^{}]*)\}", glob):
        before, after = glob[: braces.start()], glob[braces.end() :]
        return any(_matches_glob(name, before + word + after) for word in braces[1].split(","))
    return fnmatchcase(name, glob)


def _parse(parser: Callable[..., T], *raw: Any) -> T:
    """Gitea's JSON as ours. What lacks a field is an answer cut short, not a bug of ours."""
    try:
        return parser(*raw)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Transient(f"Gitea's answer lacks or garbles a field: {error}") from error
