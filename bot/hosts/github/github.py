"""The Host port for GitHub. Everything that is true only of GitHub ends in this package."""

import base64
import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from bot.core.allowed import Allowed
from bot.core.errors import Refused, Transient
from bot.core.pull import Check, Comment, Contributors, Pull, PullState, Repository, Review, Role, Status
from bot.hosts.github import checks, demanded, shapes, webhook
from bot.hosts.github.account import Account
from bot.hosts.github.app import NotInstalled
from bot.hosts.github.calls import status_of
from bot.hosts.github.folding import Folds
from bot.hosts.github.settings import GitHubSettings
from bot.ports import Delivery, Remote, Said

MOST_COMMITS_LISTED = 250
DESCRIPTION = 140
LARGEST_COMMENT, LARGEST_MARKER = 65536, 512
METHODS = (("merge", "allow_merge_commit"), ("squash", "allow_squash_merge"), ("rebase", "allow_rebase_merge"))
MERGE_BUTTON = "web-flow"
CO_AUTHOR = re.compile(
    r"^Co-authored-by:[^<\n]*<(?:\d+\+)?([A-Za-z0-9-]+)@users\.noreply\.", re.IGNORECASE | re.MULTILINE
)

logger = logging.getLogger(__name__)

T = TypeVar("T")


class GitHub:
    name = "github"
    comment_limit = LARGEST_COMMENT - LARGEST_MARKER

    def __init__(self, settings: GitHubSettings, repos: Sequence[str], account: Account) -> None:
        self._settings, self._call = settings, account
        self._allowed, self._folds = Allowed(tuple(repos)), Folds(account)

    def parse(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        return webhook.parse(
            headers, body, self._settings.webhook_secret.get_secret_value(), self._allowed, self._call.app
        )

    def whoami(self) -> str:
        return self._call.login

    def now(self) -> datetime:
        return datetime.now(UTC) + self._call.ahead

    def repositories(self) -> Sequence[Repository]:
        if names := self._allowed.names:
            return [found for name in names if self._allowed(name) and (found := self._named(name))]
        return [
            _shaped(shapes.repository, raw)
            for raw in self._call.repositories()
            if self._allowed(raw["full_name"]) and not raw.get("archived")
        ]

    def _named(self, name: str) -> Repository | None:
        """One that the forge does not show must not keep the others from being seen."""
        try:
            raw = self._call("GET", f"/repos/{name}")
        except Refused as why:
            if not (_is_missing(why) or isinstance(why, NotInstalled)):
                raise
            logger.warning("%s is left out: %s", name, why)
            return None
        return None if raw.get("archived") else _shaped(shapes.repository, raw)

    def repository(self, name: str) -> Repository:
        if not self._allowed(name):
            raise Refused(f"{name} is not among the repositories that REPOS allows")
        return _shaped(shapes.repository, self._call("GET", f"/repos/{name}"))

    def pull(self, repository: Repository, number: int) -> Pull:
        return _shaped(shapes.pull, self._call("GET", f"{_path(repository)}/pulls/{number}"))

    def open_pulls(self, repository: Repository) -> Sequence[Pull]:
        return [_shaped(shapes.pull, raw) for raw in self._call.pages(f"{_path(repository)}/pulls", state="open")]

    def comment(self, repository: Repository, id: int) -> Comment:
        return _shaped(shapes.comment, self._call("GET", f"{_path(repository)}/issues/comments/{id}"))

    def comments(self, repository: Repository, since: datetime) -> Sequence[Comment]:
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        query = {"since": moment, "sort": "updated", "direction": "asc"}
        found = self._call.pages(f"{_path(repository)}/issues/comments", **query)
        comments = [_shaped(shapes.comment, raw) for raw in found if _is_on_a_pull(raw)]
        return [comment for comment in comments if comment.author != self._call.login]

    def reviews(self, repository: Repository, number: int) -> Sequence[Review]:
        found = self._call.pages(f"{_path(repository)}/pulls/{number}/reviews")
        return [review for raw in found if (review := _shaped(shapes.review, raw))]

    def contributors(self, repository: Repository, number: int) -> Contributors:
        commits = list(self._call.pages(f"{_path(repository)}/pulls/{number}/commits"))
        if len(commits) >= MOST_COMMITS_LISTED:
            raise Refused(
                f"GitHub lists no more than {MOST_COMMITS_LISTED} commits, so nobody can tell who wrote the rest"
            )
        logins: set[str] = set()
        unknown: list[str] = []
        for commit in commits:
            author, committer = (str((commit.get(part) or {}).get("login") or "") for part in ("author", "committer"))
            logins |= {author, committer} - {"", MERGE_BUTTON}
            logins |= set(CO_AUTHOR.findall(str((commit.get("commit") or {}).get("message"))))
            if author in ("", MERGE_BUTTON) or not committer:  # the button commits for people; it is never the author
                unknown.append(str(commit["sha"])[:7])
        return Contributors(frozenset(logins), tuple(unknown))

    def checks(self, pull: Pull) -> Sequence[Check]:
        return demanded.checks(self._call, pull)

    def role(self, repository: Repository, user: str) -> Role:
        """Nobody in particular has no role; any other failure is Transient, never a guess."""
        try:
            return _shaped(
                shapes.role, self._call("GET", f"{_path(repository)}/collaborators/{quote(user, safe='')}/permission")
            )
        except Refused as why:
            if _is_missing(why):
                return Role.NONE
            raise Transient(f"the role of {user} cannot be read: {why}") from why

    def say(self, repository: Repository, number: int, topic: str, body: str, known: str | None = None) -> Said:
        found, talk = self._ours(repository, number, topic, known)
        if found is None:
            made = self.post(repository, number, topic, body)
            self._folds.fold_before(_path(repository), topic, talk)
            return made
        if found["body"].replace("\r\n", "\n") == _marked(topic, body):
            return _said(found)
        return self.edit(repository, str(found["id"]), topic, body)

    def find(self, repository: Repository, number: int, topic: str, known: str | None = None) -> str | None:
        found, _ = self._ours(repository, number, topic, known)
        return str(found["id"]) if found else None

    def post(self, repository: Repository, number: int, topic: str, body: str) -> Said:
        words = {"body": _marked(topic, body)}
        return _said(self._call("POST", f"{_path(repository)}/issues/{number}/comments", words))

    def _ours(
        self, repository: Repository, number: int, topic: str, known: str | None
    ) -> tuple[dict[str, Any] | None, Sequence[dict[str, Any]]]:
        """Our comment of that topic, else the whole talk. A marker in somebody else's comment is their text."""
        if known:
            try:
                raw: dict[str, Any] = self._call("GET", f"{_path(repository)}/issues/comments/{known}")
            except Refused:
                raw = {}
            if _is_ours(raw, topic, self._call.login):
                return raw, ()
        talk: list[dict[str, Any]] = []
        for raw in self._call.pages(f"{_path(repository)}/issues/{number}/comments"):
            if _is_ours(raw, topic, self._call.login):
                return raw, ()
            talk.append(raw)
        return None, talk

    def edit(self, repository: Repository, comment: str, topic: str, body: str) -> Said:
        path, words = _path(repository), {"body": _marked(topic, body)}
        edited = self._call("PATCH", f"{path}/issues/comments/{comment}", words)
        self._folds.unfold(path, edited)
        return _said(edited)

    def react(self, repository: Repository, comment: int, reaction: str) -> None:
        self._call("POST", f"{_path(repository)}/issues/comments/{comment}/reactions", {"content": reaction})

    def status(self, repository: Repository, sha: str, status: Status) -> None:
        words = status.description
        cut = words if len(words) <= DESCRIPTION else words[: DESCRIPTION - 1] + "…"
        url = status.url if status.url and status.url.startswith(("http://", "https://")) else None
        if self._call.app:
            checks.say(self._call, repository, sha, replace(status, url=url), cut)
            return
        body = {"context": status.name, "state": status.state.value, "description": cut}
        self._call("POST", f"{_path(repository)}/statuses/{sha}", body | ({"target_url": url} if url else {}))

    def merge(self, pull: Pull, message: str) -> str:
        raw = self._call("GET", _path(pull.repository))
        method = next((name for name, key in METHODS if raw.get(key, True)), "merge")
        body = {"sha": pull.head.sha, "merge_method": method, "commit_message": message}
        try:
            return str(self._call("PUT", f"{_path(pull.repository)}/pulls/{pull.number}/merge", body)["sha"])
        except Refused:
            now = self.pull(pull.repository, pull.number)
            if now.state is PullState.MERGED and now.head.sha == pull.head.sha and now.merge_commit:
                return now.merge_commit
            raise

    def open_pull(self, repository: Repository, head: str, base: str, title: str, body: str) -> Pull:
        owner = repository.name.partition("/")[0]
        query = {"state": "open", "head": f"{owner}:{head}", "base": base}
        for raw in self._call.pages(f"{_path(repository)}/pulls", **query):
            return _shaped(shapes.pull, raw)
        fields = {"head": head, "base": base, "title": title, "body": body}
        return _shaped(shapes.pull, self._call("POST", f"{_path(repository)}/pulls", fields))

    def remote(self, repository: Repository) -> Remote:
        url = f"{self._settings.web_url}/{repository.name}.git"
        secret = base64.b64encode(f"x-access-token:{self._call.token(repository.name)}".encode()).decode()
        env = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{url}.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {secret}",
        }
        if self._settings.ca_file:
            env["GIT_SSL_CAINFO"] = str(self._settings.ca_file)
        place = urlsplit(self._settings.web_url).hostname
        email = f"{self._call.user(repository.name)}+{self._call.login}@users.noreply.{place}"
        return Remote(url, env, author=(self._call.login, email))

    def missing_rights(self, repository: Repository) -> tuple[str, ...]:
        return self._call.missing(repository)


def _path(repository: Repository) -> str:
    return f"/repos/{repository.name}"


def _is_on_a_pull(raw: dict[str, Any]) -> bool:
    """By the end of the address, for a repository may be called `pull`."""
    return urlsplit(str(raw["html_url"])).path.split("/")[-2] == "pull"


def _shaped(shape: Callable[..., T], *raw: Any) -> T:
    """GitHub's JSON as ours. What lacks a field is an answer cut short, not a bug of ours."""
    try:
        return shape(*raw)
    except (KeyError, TypeError, ValueError) as missing:
        raise Transient(f"GitHub's answer lacks or garbles a field: {missing}") from missing


def _is_missing(why: Refused) -> bool:
    return status_of(why) == 404


def _marked(topic: str, body: str) -> str:
    return f"{_marker(topic)}\n{body}"


def _marker(topic: str) -> str:
    """Hidden in the first line; no topic can end it early."""
    return f"<!-- gitops-bot {json.dumps({'topic': topic, 'v': 1}).replace('-->', '--%3e').replace('>', '%3e')} -->"


def _is_ours(raw: dict[str, Any], topic: str, login: str) -> bool:
    author = (raw.get("user") or {}).get("login")
    return author == login and str(raw.get("body", "")).startswith(_marker(topic))


def _said(raw: dict[str, Any]) -> Said:
    return Said(str(raw["id"]), shapes.moment(raw["updated_at"]))
