"""A user of GitHub with a token, classic or fine-grained. Made by the package's `host`."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import Any

from github import Auth

from bot.core.pull import Repository
from bot.hosts.github import rights
from bot.hosts.github.account import Account
from bot.hosts.github.calls import Calls, Key
from bot.hosts.github.settings import GitHubSettings


class User(Account):
    def __init__(self, settings: GitHubSettings) -> None:
        self._token = settings.token.get_secret_value()
        self._calls = Calls(settings, Key(Auth.Token(self._token), "the token (GITHUB__TOKEN)"))

    @property
    def ahead(self) -> timedelta:
        return self._calls.ahead

    @property
    def login(self) -> str:
        return str(self._user["login"])

    def calls(self, path: str) -> Calls:
        return self._calls

    def user(self, repository: str) -> int:
        return int(self._user["id"])

    def repositories(self) -> Iterator[dict[str, Any]]:
        return self._calls.pages("/user/repos", affiliation="owner,collaborator,organization_member")

    def token(self, repository: str) -> str:
        return self._token

    def missing(self, repository: Repository) -> tuple[str, ...]:
        return rights.of_token(self._calls, repository)

    @cached_property
    def _user(self) -> dict[str, Any]:
        user: dict[str, Any] = self._calls("GET", "/user")
        return user
