"""The sandbox with an App on it, for tests of what only GitHub has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.pull import Pull
from bot.hosts.github import host
from bot.hosts.github.github import GitHub
from bot.hosts.github.rights import EVENTS, PERMISSIONS
from tests.sandbox.running import Place

MANIFEST = {"name": "acme gitops", "default_permissions": PERMISSIONS, "default_events": EVENTS}


@dataclass
class AppPlace:
    """A furnished repository with an App installed in its account."""

    place: Place
    app: Mapping[str, Any]

    def host(self, *repos: str) -> GitHub:
        section = {
            "api_url": f"{self.place.forge.url}/api/v3",
            "app_id": self.app["id"],
            "private_key": self.app["pem"],
            "webhook_secret": "s",
        }
        return host(section, repos or (self.place.repo,))

    def pull(self, branch: str = "change") -> Pull:
        number = self.place.propose({"a.txt": f"{branch}\n"}, branch)
        host = self.host()
        return host.pull(host.repository(self.place.repo), number)

    def install(self, **fields: object) -> None:
        self.place.forge.install(self.app["id"], "acme", **fields)

    def asked(self, end: str = "") -> list[str]:
        """Requests since the last look, by the end of their paths."""
        found = [f"{one['method']} {one['path']}" for one in self.place.forge.requests()]
        self.place.forge.forget_requests()
        return [one for one in found if one.endswith(end)]


def token_host(place: Place, token: str = "") -> GitHub:
    section = {
        "api_url": f"{place.forge.url}/api/v3",
        "token": token or place.bot.token,
        "webhook_secret": "s",
    }
    return host(section, (place.repo,))
