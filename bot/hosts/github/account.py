"""Who we are on GitHub: what is true of a user with a token and of an App alike. The host asks its one account."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bot.core.pull import Repository
from bot.hosts.github.client import ApiClient


class Account(ABC):
    """Requests are made as the account; the path of a request says for which repository. `app_id` is an App's."""

    app_id: int | None = None

    def __call__(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        return self.client(path)(method, path, body, **query)

    def pages(self, path: str, key: str | None = None, **query: str) -> Iterator[Any]:
        """Every item of a list, or of the list under a key."""
        return self.client(path).pages(path, key, **query)

    @property
    @abstractmethod
    def clock_skew(self) -> timedelta:
        """By how much GitHub's clock is before ours, as its last answer told."""

    @property
    @abstractmethod
    def login(self) -> str:
        """Our name beside our comments."""

    @abstractmethod
    def client(self, path: str) -> ApiClient:
        """The client for requests under `/repos/OWNER/NAME`."""

    @abstractmethod
    def user(self, repository: str) -> int:
        """The id of the user that we are in commits."""

    @abstractmethod
    def repositories(self) -> Iterator[dict[str, Any]]:
        """Every repository that GitHub shows us, as it tells them."""

    @abstractmethod
    def token(self, repository: str) -> str:
        """For git; it lasts for long work."""

    @abstractmethod
    def missing_rights(self, repository: Repository) -> tuple[str, ...]:
        """The rights that we lack there, in words."""
