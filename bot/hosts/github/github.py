"""The Host port for GitHub. Everything that is true only of GitHub ends in this package."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from bot.core import own_comment
from bot.core.errors import Refused, Transient
from bot.core.keys import CommentRef
from bot.core.own_comment import CommentPlace, OwnComment
from bot.core.pull import Check, Comment, Contributors, Pull, PullState, Repository, Review, Role, Status
from bot.core.repository_filter import RepositoryFilter
from bot.hosts.github import check_runs, required_checks, shapes, webhook
from bot.hosts.github.account import Account
from bot.hosts.github.app import NotInstalled
from bot.hosts.github.client import status_of
from bot.hosts.github.contributors import read_contributors
from bot.hosts.github.folding import CommentFolder
from bot.hosts.github.settings import GitHubSettings
from bot.ports import Delivery, Remote, basic_authorization

MOST_COMMITS_LISTED = 250
NOT_ALLOWED = 405
HAS_QUEUE = "query($id: ID!) { node(id: $id) { ... on PullRequest { isMergeQueueEnabled isInMergeQueue } } }"
ENQUEUE = """mutation($input: EnqueuePullRequestInput!) {
  enqueuePullRequest(input: $input) { clientMutationId }
}"""
LARGEST_COMMENT, LARGEST_MARKER = 65536, 512
METHODS = (("merge", "allow_merge_commit"), ("squash", "allow_squash_merge"), ("rebase", "allow_rebase_merge"))

logger = logging.getLogger(__name__)

T = TypeVar("T")


class GitHub:
    """The Host of github.com or of a GitHub Enterprise, as one account."""

    name = "github"
    comment_limit = LARGEST_COMMENT - LARGEST_MARKER

    def __init__(self, settings: GitHubSettings, repos: Sequence[str], account: Account) -> None:
        self._settings, self._account = settings, account
        self._is_allowed, self._folder = RepositoryFilter(tuple(repos)), CommentFolder(account)

    def parse(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        return webhook.parse(
            headers, body, self._settings.webhook_secret.get_secret_value(), self._is_allowed, self._account.app_id
        )

    def whoami(self) -> str:
        return self._account.login

    def now(self) -> datetime:
        return datetime.now(UTC) + self._account.clock_skew

    def repositories(self) -> Sequence[Repository]:
        if names := self._is_allowed.names:
            return [
                repository for name in names if self._is_allowed(name) and (repository := self._find_repository(name))
            ]
        return [
            _parse(shapes.repository, raw)
            for raw in self._account.repositories()
            if self._is_allowed(raw["full_name"]) and not raw.get("archived")
        ]

    def _find_repository(self, name: str) -> Repository | None:
        """One that the forge does not show must not keep the others from being seen."""
        try:
            raw = self._account("GET", f"/repos/{name}")
        except Refused as error:
            if not (_is_not_found(error) or isinstance(error, NotInstalled)):
                raise
            logger.warning("%s is left out: %s", name, error)
            return None
        return None if raw.get("archived") else _parse(shapes.repository, raw)

    def repository(self, name: str) -> Repository:
        if not self._is_allowed(name):
            raise Refused(f"{name} is not among the repositories that REPOS allows")
        return _parse(shapes.repository, self._account("GET", f"/repos/{name}"))

    def pull(self, repository: Repository, number: int) -> Pull:
        return _parse(shapes.pull, self._account("GET", f"{_path(repository)}/pulls/{number}"))

    def open_pulls(self, repository: Repository) -> Sequence[Pull]:
        return [_parse(shapes.pull, raw) for raw in self._account.pages(f"{_path(repository)}/pulls", state="open")]

    def comment(self, repository: Repository, ref: CommentRef) -> Comment:
        return _parse(shapes.comment, self._account("GET", _comment_path(repository, ref.id)), repository)

    def comments(self, repository: Repository, since: datetime) -> Sequence[Comment]:
        since_text = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        query = {"since": since_text, "sort": "updated", "direction": "asc"}
        raw_comments = self._account.pages(f"{_path(repository)}/issues/comments", **query)
        return [_parse(shapes.comment, raw, repository) for raw in raw_comments if _is_on_a_pull(raw)]

    def reviews(self, repository: Repository, number: int) -> Sequence[Review]:
        raw_reviews = self._account.pages(f"{_path(repository)}/pulls/{number}/reviews")
        return [review for raw in raw_reviews if (review := _parse(shapes.review, raw))]

    def contributors(self, repository: Repository, number: int) -> Contributors:
        commits = list(self._account.pages(f"{_path(repository)}/pulls/{number}/commits"))
        if len(commits) >= MOST_COMMITS_LISTED:
            raise Refused(
                f"GitHub lists no more than {MOST_COMMITS_LISTED} commits, so nobody can tell who wrote the rest"
            )
        return _parse(read_contributors, self._account.client(_path(repository)), commits)

    def checks(self, pull: Pull) -> Sequence[Check]:
        return required_checks.checks(self._account, pull)

    def role(self, repository: Repository, user: str) -> Role:
        """Nobody in particular has no role; any other failure is Transient, never a guess."""
        try:
            return _parse(
                shapes.role,
                self._account("GET", f"{_path(repository)}/collaborators/{quote(user, safe='')}/permission"),
            )
        except Refused as error:
            if _is_not_found(error):
                return Role.NONE
            raise Transient(f"the role of {user} cannot be read: {error}") from error

    def find_comment(
        self, repository: Repository, number: int, topic: str, known_id: str | None = None
    ) -> CommentPlace:
        if known_id and (
            comment := self._own_comment(self._find_raw_comment(_comment_path(repository, known_id)), topic)
        ):
            return CommentPlace(number, topic, comment)
        thread: list[dict[str, Any]] = []
        for raw in self._account.pages(f"{_path(repository)}/issues/{number}/comments"):
            if comment := self._own_comment(raw, topic):
                return CommentPlace(number, topic, comment)
            thread.append(raw)
        return CommentPlace(number, topic, outdated=self._folder.outdated(topic, thread))

    def _find_raw_comment(self, path: str) -> dict[str, Any]:
        try:
            raw: dict[str, Any] = self._account("GET", path)
        except Refused:
            return {}
        return raw

    def _own_comment(self, raw: dict[str, Any], topic: str) -> OwnComment | None:
        """A marker in somebody else's comment is their text."""
        author = (raw.get("user") or {}).get("login")
        return _parse(shapes.own_comment, raw, topic) if author == self._account.login else None

    def write_comment(self, repository: Repository, place: CommentPlace, body: str) -> OwnComment:
        fields = {"body": own_comment.mark(place.topic, body)}
        if place.comment:
            raw = self._account("PATCH", _comment_path(repository, place.comment.id), fields)
            self._folder.unfold(_path(repository), raw)
        else:
            raw = self._account("POST", f"{_path(repository)}/issues/{place.number}/comments", fields)
            self._folder.fold(_path(repository), place.outdated)
        return OwnComment(str(raw["id"]), body, shapes.timestamp(raw["updated_at"]))

    def react(self, repository: Repository, ref: CommentRef, reaction: str) -> None:
        """To a review GitHub's REST API adds none."""
        if ref.review:
            return
        self._account("POST", f"{_comment_path(repository, ref.id)}/reactions", {"content": reaction})

    def status(self, repository: Repository, sha: str, status: Status) -> None:
        title, url = status.short_description, status.web_url
        if self._account.app_id:
            check_runs.publish(self._account, repository, sha, replace(status, url=url), title)
            return
        body = {"context": status.name, "state": status.state.value, "description": title}
        self._account("POST", f"{_path(repository)}/statuses/{sha}", body | ({"target_url": url} if url else {}))

    def merge(self, pull: Pull, message: str) -> str:
        raw = self._account("GET", _path(pull.repository))
        method = next((name for name, key in METHODS if raw.get(key, True)), "merge")
        body = {"sha": pull.head.sha, "merge_method": method, "commit_message": message}
        try:
            return str(self._account("PUT", f"{_path(pull.repository)}/pulls/{pull.number}/merge", body)["sha"])
        except Refused as refusal:
            raw_pull = self._account("GET", f"{_path(pull.repository)}/pulls/{pull.number}")
            latest = _parse(shapes.pull, raw_pull)
            if latest.state is PullState.MERGED and latest.head.sha == pull.head.sha and latest.merge_commit:
                return latest.merge_commit
            if status_of(refusal) != NOT_ALLOWED or not self._enqueue(pull, str(raw_pull.get("node_id"))):
                raise
            return ""

    def _enqueue(self, pull: Pull, node: str) -> bool:
        """Put it into the base branch's merge queue; false where there is none, or it does not take it."""
        client = self._account.client(_path(pull.repository))
        try:
            if not client.graphql(HAS_QUEUE, id=node)["node"]["isMergeQueueEnabled"]:
                return False
            client.graphql(ENQUEUE, input={"pullRequestId": node, "expectedHeadOid": pull.head.sha})
        except (Refused, KeyError, TypeError) as error:
            logger.warning("%s#%s was not queued: %s", pull.repository.name, pull.number, error)
            return False
        return True

    def open_pull(self, repository: Repository, head: str, base: str, title: str, body: str) -> Pull:
        owner = repository.name.partition("/")[0]
        query = {"state": "open", "head": f"{owner}:{head}", "base": base}
        for raw in self._account.pages(f"{_path(repository)}/pulls", **query):
            return _parse(shapes.pull, raw)
        fields = {"head": head, "base": base, "title": title, "body": body}
        return _parse(shapes.pull, self._account("POST", f"{_path(repository)}/pulls", fields))

    def remote(self, repository: Repository) -> Remote:
        url = f"{self._settings.web_url}/{repository.name}.git"
        authorization = basic_authorization("x-access-token", self._account.token(repository.name))
        hostname = urlsplit(self._settings.web_url).hostname
        email = f"{self._account.user(repository.name)}+{self._account.login}@users.noreply.{hostname}"
        return Remote(url, authorization, self._settings.ca_file, author=(self._account.login, email))

    def missing_rights(self, repository: Repository) -> tuple[str, ...]:
        return self._account.missing_rights(repository)


def _path(repository: Repository) -> str:
    return f"/repos/{repository.name}"


def _comment_path(repository: Repository, id: str) -> str:
    """Ids are text to the bot; GitHub's are numbers."""
    return f"{_path(repository)}/issues/comments/{int(id)}"


def _is_on_a_pull(raw: dict[str, Any]) -> bool:
    """By the end of the address, for a repository may be called `pull`."""
    return urlsplit(str(raw["html_url"])).path.split("/")[-2] == "pull"


def _parse(parser: Callable[..., T], *raw: Any) -> T:
    """GitHub's JSON as ours. What lacks a field is an answer cut short, not a bug of ours."""
    try:
        return parser(*raw)
    except (KeyError, TypeError, ValueError) as error:
        raise Transient(f"GitHub's answer lacks or garbles a field: {error}") from error


def _is_not_found(error: Refused) -> bool:
    return status_of(error) == 404
