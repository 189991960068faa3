"""The Host port for Gitea. Everything that is true only of Gitea ends in this package."""

import base64
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

from bot.core.allowed import Allowed
from bot.core.errors import Refused, Transient
from bot.core.pull import Check, CheckState, Comment, Contributors, Pull, PullState, Repository, Review, Role, Status
from bot.hosts.gitea import rights, shapes, webhook
from bot.hosts.gitea.calls import Calls, Missing
from bot.hosts.gitea.settings import GiteaSettings
from bot.hosts.gitea.topics import Topics
from bot.ports import Delivery, Remote, Said

DESCRIPTION = 140
STYLES = (
    ("merge", "allow_merge_commits"),
    ("squash", "allow_squash_merge"),
    ("rebase", "allow_rebase"),
    ("rebase-merge", "allow_rebase_explicit"),
    ("fast-forward-only", "allow_fast_forward_only_merge"),
)
STILL_LOOKING = "Please try again later"
READ_PAUSES = (0.0, 0.3, 0.6, 1.2, 2.4)
MERGE_PAUSES = (*READ_PAUSES, 4.8, 4.8)
CO_AUTHOR = re.compile(
    r"^Co-authored-by:[^<\n]*<(?:\d+\+)?([A-Za-z0-9._-]+?)(?:\+\d+)?@(?:users\.)?noreply\.",
    re.IGNORECASE | re.MULTILINE,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Gitea:
    name = "gitea"
    comment_limit = Topics.limit

    def __init__(self, settings: GiteaSettings, repos: Sequence[str]) -> None:
        self._settings = settings
        self._call = Calls(settings)
        self._allowed = Allowed(tuple(repos))

    def parse(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        return webhook.parse(headers, body, self._settings.webhook_secret.get_secret_value(), self._allowed)

    def whoami(self) -> str:
        return shapes.login(self._user)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._call.ahead

    @cached_property
    def _user(self) -> dict[str, Any]:
        user: dict[str, Any] = self._call("GET", "/user")
        return user

    def repositories(self) -> Sequence[Repository]:
        if names := self._allowed.names:
            return [found for name in names if self._allowed(name) and (found := self._named(name))]
        mine = self._call.pages("/user/repos")
        return [
            _shaped(shapes.repository, raw)
            for raw in mine
            if self._allowed(raw["full_name"]) and not raw.get("archived")
        ]

    def _named(self, name: str) -> Repository | None:
        """One that the forge does not show must not keep the others from being seen."""
        try:
            raw = self._call("GET", f"/repos/{name}")
        except Missing as why:
            logger.warning("%s is left out: %s", name, why)
            return None
        return None if raw.get("archived") else _shaped(shapes.repository, raw)

    def repository(self, name: str) -> Repository:
        if not self._allowed(name):
            raise Refused(f"{name} is not among the repositories that REPOS allows")
        return _shaped(shapes.repository, self._call("GET", f"/repos/{name}"))

    def pull(self, repository: Repository, number: int) -> Pull:
        """Looks again while Gitea looks for conflicts; it has one word for both, so what stays so is one."""
        for pause in READ_PAUSES:
            time.sleep(pause)
            pull = self._pull(repository, number)
            if pull.mergeable or pull.draft or pull.state is not PullState.OPEN:
                return pull
        return replace(pull, mergeable=False)

    def _pull(self, repository: Repository, number: int) -> Pull:
        return _shaped(shapes.pull, self._call("GET", f"{_path(repository)}/pulls/{number}"))

    def open_pulls(self, repository: Repository) -> Sequence[Pull]:
        return [_shaped(shapes.pull, raw) for raw in self._call.pages(f"{_path(repository)}/pulls", state="open")]

    def comment(self, repository: Repository, id: int) -> Comment:
        return _shaped(shapes.comment, self._call("GET", f"{_path(repository)}/issues/comments/{id}"))

    def comments(self, repository: Repository, since: datetime) -> Sequence[Comment]:
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        found = self._call.pages(f"{_path(repository)}/issues/comments", since=moment)
        comments = [_shaped(shapes.comment, raw) for raw in found if raw.get("pull_request_url")]
        return [comment for comment in comments if comment.author != self.whoami()]

    def reviews(self, repository: Repository, number: int) -> Sequence[Review]:
        found = self._call.pages(f"{_path(repository)}/pulls/{number}/reviews")
        reviews = [review for raw in found if (review := _shaped(shapes.review, raw))]
        return sorted(reviews, key=lambda review: review.at)

    def contributors(self, repository: Repository, number: int) -> Contributors:
        logins: set[str] = set()
        unknown: list[str] = []
        for commit in self._call.pages(f"{_path(repository)}/pulls/{number}/commits", files="false"):
            people = [commit.get(part) for part in ("author", "committer")]
            logins |= {shapes.login(person) for person in people if person}
            logins |= set(CO_AUTHOR.findall(str((commit.get("commit") or {}).get("message"))))
            if not all(people):
                unknown.append(str(commit["sha"])[:7])
        return Contributors(frozenset(logins), tuple(unknown))

    def checks(self, pull: Pull) -> Sequence[Check]:
        statuses = self._call.pages(f"{_path(pull.repository)}/commits/{pull.head.sha}/status", "statuses")
        found = {str(raw["context"]): shapes.state(raw.get("status")) for raw in statuses}
        required = self._required(pull)
        wanted = {name for name in found if any(_fits(name, glob) for glob in required)}
        absent = {glob for glob in required if not any(_fits(name, glob) for name in found)}
        told = [Check(name, state, name in wanted) for name, state in found.items()]
        told += [Check(glob, CheckState.PENDING, required=True) for glob in absent]
        return sorted(told, key=lambda check: check.name)

    def _required(self, pull: Pull) -> set[str]:
        """Globs of contexts that the base branch demands."""
        branch = self._call("GET", f"{_path(pull.repository)}/branches/{quote(pull.base.name)}")
        wanted = branch.get("status_check_contexts") if branch.get("enable_status_check") else None
        return {str(glob) for glob in wanted or ()}

    def role(self, repository: Repository, user: str) -> Role:
        return _shaped(rights.role, self._call, _path(repository), user)

    def say(self, repository: Repository, number: int, topic: str, body: str, known: str | None = None) -> Said:
        return self._topics(repository).say(number, topic, body, known)

    def find(self, repository: Repository, number: int, topic: str, known: str | None = None) -> str | None:
        return self._topics(repository).find(number, topic, known)

    def post(self, repository: Repository, number: int, topic: str, body: str) -> Said:
        return self._topics(repository).post(number, topic, body)

    def edit(self, repository: Repository, comment: str, topic: str, body: str) -> Said:
        return self._topics(repository).edit(comment, topic, body)

    def _topics(self, repository: Repository) -> Topics:
        return Topics(self._call, _path(repository), self.whoami())

    def react(self, repository: Repository, comment: int, reaction: str) -> None:
        self._call("POST", f"{_path(repository)}/issues/comments/{comment}/reactions", {"content": reaction})

    def status(self, repository: Repository, sha: str, status: Status) -> None:
        words = status.description
        cut = words if len(words) <= DESCRIPTION else words[: DESCRIPTION - 1] + "…"
        body = {"context": status.name, "state": status.state.value, "description": cut}
        if status.url and status.url.startswith(("http://", "https://")):
            body["target_url"] = status.url
        self._call("POST", f"{_path(repository)}/statuses/{sha}", body)

    def merge(self, pull: Pull, message: str) -> str:
        raw = self._call("GET", _path(pull.repository))
        style = next((name for name, key in STYLES if raw.get(key)), "merge")
        body = {"Do": style, "head_commit_id": pull.head.sha, "MergeMessageField": message}
        try:
            self._merge(pull, body)
        except (Refused, Transient):
            if landed := self._landed(pull):
                return landed
            raise
        if landed := self._landed(pull):
            return landed
        raise Transient("Gitea has merged it, and does not say yet what landed")

    def _merge(self, pull: Pull, body: dict[str, Any]) -> None:
        """Asks again while Gitea still looks for conflicts, as it does after each push and each failed merge."""
        for pause in MERGE_PAUSES:
            time.sleep(pause)
            try:
                self._call("POST", f"{_path(pull.repository)}/pulls/{pull.number}/merge", body)
                return
            except Refused as why:
                if STILL_LOOKING not in str(why):
                    raise
                last = why
        raise Refused(f"it conflicts with {pull.base.name}, or Gitea is still looking ({last})")

    def _landed(self, pull: Pull) -> str | None:
        now = self._pull(pull.repository, pull.number)
        return now.merge_commit if now.state is PullState.MERGED and now.head.sha == pull.head.sha else None

    def open_pull(self, repository: Repository, head: str, base: str, title: str, body: str) -> Pull:
        for pull in self.open_pulls(repository):
            if not pull.fork and (pull.head.name, pull.base.name) == (head, base):
                return pull
        fields = {"head": head, "base": base, "title": title, "body": body}
        return _shaped(shapes.pull, self._call("POST", f"{_path(repository)}/pulls", fields))

    def remote(self, repository: Repository) -> Remote:
        url = f"{self._settings.web_url}/{repository.name}.git"
        secret = base64.b64encode(f"{self.whoami()}:{self._settings.token.get_secret_value().strip()}".encode())
        env = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{url}.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {secret.decode()}",
        }
        if self._settings.ca_file:
            env["GIT_SSL_CAINFO"] = str(self._settings.ca_file)
        return Remote(url, env, author=(self.whoami(), str(self._user["email"])))

    def missing_rights(self, repository: Repository) -> tuple[str, ...]:
        """What the account and its token lack in a repository, in words; for `gitops-bot check`."""
        return rights.missing(self._call, _path(repository))


def _path(repository: Repository) -> str:
    return f"/repos/{repository.name}"


def _fits(name: str, glob: str) -> bool:
    """As Gitea reads globs: `*` takes slashes too, and braces hold words to choose from."""
    if braces := re.search(r"\{([^{}]*)\}", glob):
        before, after = glob[: braces.start()], glob[braces.end() :]
        return any(_fits(name, before + word + after) for word in braces[1].split(","))
    return fnmatchcase(name, glob)


def _shaped(shape: Callable[..., T], *raw: Any) -> T:
    """Gitea's JSON as ours. What lacks a field is an answer cut short, not a bug of ours."""
    try:
        return shape(*raw)
    except (KeyError, TypeError, ValueError, AttributeError) as missing:
        raise Transient(f"Gitea's answer lacks or garbles a field: {missing}") from missing
