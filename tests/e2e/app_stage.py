"""A stage on which the bot is an App."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.hosts.github.rights import EVENTS, PERMISSIONS
from sandbox.stage import _free_port
from tests.e2e.conftest import QUICK
from tests.hosts.published.records import new_record
from tests.staging import Stage


class AppStage(Stage):
    """The same, but the bot is an App that is installed where the repository is, and is told by its own webhook."""

    def __enter__(self) -> "AppStage":
        super().__enter__()
        [hook] = self.alice.api("GET", f"/repos/{self.repo}/hooks")
        self.alice.api("DELETE", f"/repos/{self.repo}/hooks/{hook['id']}")
        return self

    def _create_repository(self) -> None:
        super()._create_repository()
        self.bot_url = f"http://127.0.0.1:{_free_port()}"
        hooked = {"url": f"{self.bot_url}/webhooks/github"}
        manifest = {"name": "acme gitops", "default_permissions": PERMISSIONS, "default_events": EVENTS}
        self.app = self.forge.app("acme", manifest | {"hook_attributes": hooked})
        self.forge.install(self.app["id"], "acme", repos=[self.repo])
        self.bot = replace(self.bot, login=f"{self.app['slug']}[bot]")

    def environment(self) -> dict[str, str]:
        environment = super().environment()
        del environment["GITOPS_BOT_GITHUB__TOKEN"]
        own = {
            "APP_ID": str(self.app["id"]),
            "PRIVATE_KEY": self.app["pem"],
            "WEBHOOK_SECRET": self.app["webhook_secret"],
        }
        return environment | {f"GITOPS_BOT_GITHUB__{key}": value for key, value in own.items()}

    def check(self, number: int, name: str, state: str) -> dict[str, Any]:
        """Wait for a check run of the pull's head: a conclusion, or a status."""

        def look() -> dict[str, Any] | None:
            sha = self.alice.pull(self.repo, number)["head"]["sha"]
            run = self.alice.check_runs(self.repo, sha).get(name)
            return run if run and state in (run["conclusion"], run["status"]) else None

        return self.wait_for(f"check run {name} to be {state}", look)


@pytest.fixture
def app_stage(tmp_path: Path) -> Iterator[AppStage]:
    stage = AppStage(tmp_path / "stage", QUICK)
    stage.record = new_record()
    with stage:
        yield stage
