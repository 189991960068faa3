"""A user of GitHub with a token, classic or fine-grained. Made by the package's `host`."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import Any

from github import Auth

from bot.core.pull import Repository
from bot.hosts.github import rights
from bot.hosts.github.account import Account
from bot.hosts.github.client import ApiClient, Credential
from bot.hosts.github.settings import GitHubSettings


class User(Account):
    """The account of a person or a machine user with one token."""

    def __init__(self, settings: GitHubSettings) -> None:
        self._token = settings.token.get_secret_value()
        self._client = ApiClient(settings, Credential(Auth.Token(self._token), "the token (GITHUB__TOKEN)"))

    @property
    def clock_skew(self) -> timedelta:
        return self._client.clock_skew

    @property
    def login(self) -> str:
        return str(self._user["login"])

    def client(self, path: str) -> ApiClient:
        return self._client

    def user(self, repository: str) -> int:
        return int(self._user["id"])

    def repositories(self) -> Iterator[dict[str, Any]]:
        return self._client.pages("/user/repos", affiliation="owner,collaborator,organization_member")

    def token(self, repository: str) -> str:
        return self._token

    def missing_rights(self, repository: Repository) -> tuple[str, ...]:
        return rights.missing_for_token(self._client, repository)

    @cached_property
    def _user(self) -> dict[str, Any]:
        user: dict[str, Any] = self._client("GET", "/user")
        return user
