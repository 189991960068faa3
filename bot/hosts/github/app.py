"""A GitHub App: it signs in with its key, and works in each account where it is installed with a token of its own.

Made by the package's `host`. Tokens are kept in memory only and are renewed well before they end. Which installation
a repository belongs to is asked of GitHub, once for each owner.
"""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import quote

from github import Auth

from bot.core.errors import Refused, Transient
from bot.core.pull import Repository
from bot.hosts.github import rights
from bot.hosts.github.account import Account
from bot.hosts.github.client import ApiClient, Credential, status_of
from bot.hosts.github.settings import GitHubSettings

LEAST_LIFETIME = timedelta(minutes=10)
REPOSITORY_PATH = re.compile(r"/repos/(?P<name>(?P<owner>[^/]+)/[^/]+)")
NOT_FOUND = 404


class NotInstalled(Refused):
    """The App may not see the repository, because nobody gave it that one."""


@dataclass(frozen=True, slots=True)
class InstallationToken:
    """A token of one installation, and when GitHub takes it no more."""

    value: str
    expires: datetime


class InstallationAuth(Auth.Auth):
    """The App in one account, as PyGithub signs in with it: by a token that has at least ten minutes left."""

    def __init__(self, app_client: ApiClient, id: int, on_removed: Callable[[int], None]) -> None:
        self._app_client, self._id, self._on_removed = app_client, id, on_removed
        self._lock = threading.Lock()
        self._token: InstallationToken | None = None

    @property
    def token_type(self) -> str:
        """The word before the token in an `Authorization` header."""
        return "token"

    @property
    def token(self) -> str:
        """The token, renewed when it ends soon. Raises Transient when the App is installed there no more."""
        with self._lock:
            if (
                self._token is None
                or self._token.expires - datetime.now(UTC) - self._app_client.clock_skew < LEAST_LIFETIME
            ):
                self._token = self._request_token()
            return self._token.value

    def renew(self) -> bool:
        """Forget the token, which GitHub takes no more; the next request asks for another."""
        with self._lock:
            self._token = None
        return True

    def _request_token(self) -> InstallationToken:
        try:
            raw = self._app_client("POST", f"/app/installations/{self._id}/access_tokens")
        except Refused as error:
            if status_of(error) != NOT_FOUND:
                raise
            self._on_removed(self._id)
            raise Transient("the App was installed anew, or is no more; looking again") from error
        try:
            return InstallationToken(
                str(raw["token"]), datetime.fromisoformat(raw["expires_at"].replace("Z", "+00:00"))
            )
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise Transient(f"GitHub's answer lacks or garbles a field: {error}") from error


class App(Account):
    """The account of a GitHub App; its installations are looked up by owner and kept."""

    def __init__(self, settings: GitHubSettings) -> None:
        self.app_id = settings.app_id
        auth = Auth.AppAuth(settings.app_id or 0, settings.private_key.get_secret_value())
        label = "the App (GITHUB__APP_ID, GITHUB__PRIVATE_KEY)"
        self._settings = settings
        self._app_client = ApiClient(settings, Credential(auth, label, may_repeat=True))
        self._clients: dict[int, tuple[InstallationAuth, ApiClient]] = {}
        self._owners: dict[str, int] = {}
        self._user_id: int | None = None

    @property
    def clock_skew(self) -> timedelta:
        """By the App's own requests: one comes before any other, and one with each new token."""
        return self._app_client.clock_skew

    @property
    def login(self) -> str:
        return f"{self._app['slug']}[bot]"

    def client(self, path: str) -> ApiClient:
        """The client of the installation there, or the App's own. Raises NotInstalled."""
        match = REPOSITORY_PATH.match(path)
        return self._owner_installation(match["owner"], match["name"])[1] if match else self._app_client

    def user(self, repository: str) -> int:
        if self._user_id is None:
            self._user_id = int(self.client(f"/repos/{repository}")("GET", f"/users/{quote(self.login)}")["id"])
        return self._user_id

    def repositories(self) -> Iterator[dict[str, Any]]:
        for raw in self._app_client.pages("/app/installations"):
            if not raw.get("suspended_at"):
                yield from self._installation_client(int(raw["id"]))[1].pages(
                    "/installation/repositories", "repositories"
                )

    def token(self, repository: str) -> str:
        """The installation's token. Raises NotInstalled."""
        return self._owner_installation(repository.partition("/")[0], repository)[0].token

    def missing_rights(self, repository: Repository) -> tuple[str, ...]:
        try:
            return rights.missing_for_installation(self._fetch_installation(repository.name))
        except NotInstalled as error:
            return (str(error),)

    @cached_property
    def _app(self) -> dict[str, Any]:
        app: dict[str, Any] = self._app_client("GET", "/app")
        return app

    def _owner_installation(self, owner: str, name: str) -> tuple[InstallationAuth, ApiClient]:
        id = self._owners.get(owner.lower())
        if id is None:
            id = self._owners[owner.lower()] = int(self._fetch_installation(name)["id"])
        return self._installation_client(id)

    def _installation_client(self, id: int) -> tuple[InstallationAuth, ApiClient]:
        if installation_client := self._clients.get(id):
            return installation_client
        auth = InstallationAuth(self._app_client, id, self._forget)
        credential = Credential(auth, "the App's token", auth.renew)
        return self._clients.setdefault(id, (auth, ApiClient(self._settings, credential)))

    def _forget(self, id: int) -> None:
        self._clients.pop(id, None)
        self._owners = {
            owner: installation_id for owner, installation_id in list(self._owners.items()) if installation_id != id
        }

    def _fetch_installation(self, name: str) -> dict[str, Any]:
        try:
            installation: dict[str, Any] = self._app_client("GET", f"/repos/{name}/installation")
        except Refused as error:
            if status_of(error) != NOT_FOUND:
                raise
            url = self._app.get("html_url", self._settings.web_url)
            raise NotInstalled(f"the App is not installed at {name}: give it that repository at {url}") from error
        if installation.get("suspended_at"):
            raise NotInstalled(f"the App is suspended at {name}: let it work again at {installation.get('html_url')}")
        return installation
