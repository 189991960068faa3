"""GitHub, as the sandbox speaks it to an App: installed in one account, with check runs for statuses."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.hosts.github import host as github
from bot.hosts.github.rights import EVENTS, PERMISSIONS
from bot.ports import Host
from tests import staging
from tests.contract.forges.github import UNSAFE, GitHubGround
from tests.sandbox.running import furnish
from tests.sandbox.running import running as sandbox_running

MANIFEST = {"name": "acme gitops", "default_permissions": PERMISSIONS, "default_events": EVENTS}


@contextlib.contextmanager
def running(directory: Path) -> Iterator["OnSandbox"]:
    with sandbox_running(directory) as forge:
        yield OnSandbox(forge, forge.app("acme", MANIFEST))


@dataclass
class OnSandbox:
    forge: staging.ForgeClient
    app: Mapping[str, Any]

    def ground(self, directory: Path) -> "AppGround":
        self.forge.faults()
        place = furnish(self.forge, directory)
        self.forge.install(self.app["id"], "acme", repos=None)
        self.forge.forget_requests()
        return AppGround(place, place.repo, app=self.app)


@dataclass
class AppGround(GitHubGround):
    app: Mapping[str, Any] = field(kw_only=True)

    def host(self, *repos: str) -> Host:
        section = {
            "api_url": f"{self.place.forge.url}/api/v3",
            "app_id": self.app["id"],
            "private_key": self.app["pem"],
            "webhook_secret": "s",
        }
        return github(section, repos or (self.repo,))

    def give(self, login: str, role: str) -> None:
        if login == self.host().whoami():
            self.place.forge.install(self.app["id"], "acme", permissions=dict(PERMISSIONS) | {"contents": role})
        else:
            super().give(login, role)

    def statuses(self, sha: str) -> Mapping[str, str]:
        runs = self.place.alice.check_runs(self.repo, sha)
        return {name: run["output"]["title"] for name, run in runs.items()}

    def writes(self) -> Sequence[str]:
        """A token is nothing that anybody sees."""
        sent = [request for request in self.place.forge.requests() if request["method"] in UNSAFE]
        self.place.forge.forget_requests()
        return [one["method"] for one in sent if not one["path"].endswith("/access_tokens")]
