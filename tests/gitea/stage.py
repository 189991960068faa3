"""The stage of the end-to-end tests with the run's Gitea in the sandbox's place; its webhook is made by `setup`."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from sandbox.forge import client
from tests import staging
from tests.gitea.people import BOT
from tests.gitea.running import Place
from tests.staging import Stage

SOURCE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Person(staging.Person):
    """Acts on Gitea as the demo's people act on the sandbox."""

    def api(self, method: str, path: str, **json: Any) -> Any:
        answer = self.session.request(
            method,
            f"{self.url}/api/v1{path}",
            json=json or None,
            headers={"Authorization": f"token {self.token}"},
            timeout=client.TIMEOUT_SECONDS,
        )
        if answer.status_code >= 400:
            raise requests.HTTPError(f"{answer.status_code} {answer.text}", response=answer)
        return answer.json() if answer.content else None

    def approve(self, repo: str, number: int) -> int:
        return self.review(repo, number, "APPROVED")

    def merge(self, repo: str, number: int, method: str = "merge", sha: str | None = None) -> str:
        pinned = {"head_commit_id": sha} if sha else {}
        self.api("POST", f"/repos/{repo}/pulls/{number}/merge", Do=method, **pinned)
        return str(self.pull(repo, number)["merge_commit_sha"])


class GiteaStage(Stage):
    """Use it in a `with`. The bot is a process of its own; Gitea is the run's. It calls us, if it has a webhook."""

    def __init__(self, place: Place, directory: Path, settings: Mapping[str, str], webhook: bool = True) -> None:
        super().__init__(directory, settings, path=os.environ["PATH"])
        self.repo, self._place, self._webhook = place.repo, place, webhook

    def __enter__(self) -> "GiteaStage":
        self.directory.mkdir(parents=True, exist_ok=True)
        self.alice, self.bob, self.bot = (self._person(login) for login in ("alice", "bob", BOT))
        try:
            self.start_bot()
            if self._webhook:
                self.set_up()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bot and self._bot.poll() is None:
            self.kill_bot(15)

    def set_up(self) -> None:
        """As an operator does: `gitops-bot setup gitea OWNER/NAME` with the bot's own settings."""
        done = subprocess.run(
            [sys.executable, "-m", "bot", "setup", "gitea", self.repo],
            cwd=self.directory,
            env=self.environment() | {"GITOPS_BOT_SERVER__URL": self.bot_url, "PYTHONPATH": str(SOURCE)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def environment(self) -> dict[str, str]:
        own = {
            "DATA_DIR": str(self.data),
            "REPOS": self.repo,
            "GITEA__URL": self._place.site.url,
            "GITEA__TOKEN": self.bot.token,
            "GITEA__WEBHOOK_SECRET": self._secret,
            "CAGE__WRITE": str(self.outside),
        } | self._settings
        return {"PATH": self._path, "LANG": "C.UTF-8"} | {f"GITOPS_BOT_{key}": value for key, value in own.items()}

    def _person(self, login: str) -> Person:
        session = requests.Session()
        session.trust_env = False
        one = self._place.person(login)
        return Person(one.url, login, one.email, one.token, session)
