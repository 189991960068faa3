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
from bot.hosts.github.calls import Calls, Key, status_of
from bot.hosts.github.settings import GitHubSettings

LEAST_LEFT = timedelta(minutes=10)
OF = re.compile(r"/repos/(?P<name>(?P<owner>[^/]+)/[^/]+)")
NO_SUCH = 404


class NotInstalled(Refused):
    """The App may not see the repository, because nobody gave it that one."""


@dataclass(frozen=True, slots=True)
class Token:
    value: str
    ends: datetime


class Installation(Auth.Auth):
    """The App in one account, as PyGithub signs in with it: by a token that has at least ten minutes left."""

    def __init__(self, app: Calls, id: int, gone: Callable[[int], None]) -> None:
        self._app, self._id, self._gone = app, id, gone
        self._lock = threading.Lock()
        self._kept: Token | None = None

    @property
    def token_type(self) -> str:
        return "token"

    @property
    def token(self) -> str:
        with self._lock:
            if self._kept is None or self._kept.ends - datetime.now(UTC) - self._app.ahead < LEAST_LEFT:
                self._kept = self._made()
            return self._kept.value

    def renew(self) -> bool:
        """Forget the token, which GitHub takes no more; the next request asks for another."""
        with self._lock:
            self._kept = None
        return True

    def _made(self) -> Token:
        try:
            raw = self._app("POST", f"/app/installations/{self._id}/access_tokens")
        except Refused as why:
            if status_of(why) != NO_SUCH:
                raise
            self._gone(self._id)
            raise Transient("the App was installed anew, or is no more; looking again") from why
        try:
            return Token(str(raw["token"]), datetime.fromisoformat(raw["expires_at"].replace("Z", "+00:00")))
        except (KeyError, ValueError, TypeError, AttributeError) as missing:
            raise Transient(f"GitHub's answer lacks or garbles a field: {missing}") from missing


class App(Account):
    def __init__(self, settings: GitHubSettings) -> None:
        self.app = settings.app_id
        auth = Auth.AppAuth(settings.app_id or 0, settings.private_key.get_secret_value())
        words = "the App (GITHUB__APP_ID, GITHUB__PRIVATE_KEY)"
        self._settings = settings
        self._own = Calls(settings, Key(auth, words, repeats=True))
        self._clients: dict[int, tuple[Installation, Calls]] = {}
        self._owners: dict[str, int] = {}
        self._number: int | None = None

    @property
    def ahead(self) -> timedelta:
        """By the App's own requests: one comes before any other, and one with each new token."""
        return self._own.ahead

    @property
    def login(self) -> str:
        return f"{self._self['slug']}[bot]"

    def calls(self, path: str) -> Calls:
        """Raises NotInstalled."""
        its = OF.match(path)
        return self._of(its["owner"], its["name"])[1] if its else self._own

    def user(self, repository: str) -> int:
        if self._number is None:
            self._number = int(self.calls(f"/repos/{repository}")("GET", f"/users/{quote(self.login)}")["id"])
        return self._number

    def repositories(self) -> Iterator[dict[str, Any]]:
        for raw in self._own.pages("/app/installations"):
            if not raw.get("suspended_at"):
                yield from self._client(int(raw["id"]))[1].pages("/installation/repositories", "repositories")

    def token(self, repository: str) -> str:
        return self._of(repository.partition("/")[0], repository)[0].token

    def missing(self, repository: Repository) -> tuple[str, ...]:
        try:
            return rights.of_installation(self._installation(repository.name))
        except NotInstalled as why:
            return (str(why),)

    @cached_property
    def _self(self) -> dict[str, Any]:
        app: dict[str, Any] = self._own("GET", "/app")
        return app

    def _of(self, owner: str, name: str) -> tuple[Installation, Calls]:
        id = self._owners.get(owner.lower())
        if id is None:
            id = self._owners[owner.lower()] = int(self._installation(name)["id"])
        return self._client(id)

    def _client(self, id: int) -> tuple[Installation, Calls]:
        if known := self._clients.get(id):
            return known
        installation = Installation(self._own, id, self._forget)
        key = Key(installation, "the App's token", installation.renew)
        return self._clients.setdefault(id, (installation, Calls(self._settings, key)))

    def _forget(self, id: int) -> None:
        self._clients.pop(id, None)
        self._owners = {owner: its for owner, its in list(self._owners.items()) if its != id}

    def _installation(self, name: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self._own("GET", f"/repos/{name}/installation")
        except Refused as why:
            if status_of(why) != NO_SUCH:
                raise
            place = self._self.get("html_url", self._settings.web_url)
            raise NotInstalled(f"the App is not installed at {name}: give it that repository at {place}") from why
        if found.get("suspended_at"):
            raise NotInstalled(f"the App is suspended at {name}: let it work again at {found.get('html_url')}")
        return found
